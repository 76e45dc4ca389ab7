// The cards on the canvas: the sources on top, and each event with its anchors.

import { Handle, Position } from "@xyflow/react";
import { memo } from "react";
import { useBuilder } from "./context.js";
import { Icon, iconOf } from "./icon.jsx";
import { SOURCES } from "./model.js";
import { kindWords, timingWords, titleOf } from "./phrases.js";
import { count, number, t } from "./words.js";

const TONES = { yes: "good", no: "bad", failed: "warn" };

function Anchors({ id, title, paths, target }) {
  const { canWrite, actions } = useBuilder();
  return paths.map((path, index) => {
    const lit = target?.path === path.key;
    const label = path.label ? t("add_after_path", { name: title, path: path.label }) : t("add_after", { name: title });
    return (
      <Handle
        key={path.key} id={`p:${path.key}`} type="source" position={Position.Bottom} isConnectable={canWrite}
        className={`anchor tone-${TONES[path.key] ?? "calm"}${lit ? " lit" : ""}`}
        style={{ left: `${(100 * (index + 0.5)) / paths.length}%` }}
      >
        {canWrite ? (
          <button className="anchor-button" type="button" aria-label={label} data-anchor={`${id} ${path.key}`}
            onClick={(event) => { event.stopPropagation(); actions.pick(id === SOURCES ? null : id, path.key); }}>
            {path.label} <Icon name="plus-lg" />
          </button>
        ) : <span className="anchor-button">{path.label}</span>}
      </Handle>
    );
  });
}

function Counts({ counts }) {
  if (!counts) return null;
  return (
    <ul className="event-counts nodrag">
      {counts.map((one) => (
        <li key={one.name}>
          <a className={`badge tone-${one.tone}`} href={one.href} title={one.label}>
            {number(one.number)} <span className="event-count-label">{one.label}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

export const EventNode = memo(function EventNode({ id, data, selected }) {
  const { actions } = useBuilder();
  const { event, type, findings, detail, paths, after } = data;
  const title = titleOf(event, type);
  const timing = timingWords(event.timing);
  const errors = findings.filter((one) => one.level === "error").length;
  const spoken = [kindWords(event.kind), title, detail, after, timing].filter(Boolean);
  if (findings.length) spoken.push(count("problems", findings.length));
  if (type?.available === false) spoken.push(t("not_available"));
  return (
    <div className={`event event-${event.kind}${selected ? " is-selected" : ""}${type?.available ? "" : " is-off"}`}>
      <Handle type="target" position={Position.Top} className="event-top" />
      <button className="event-main" type="button" data-event={id} aria-label={spoken.join(". ")} aria-pressed={selected}
        onKeyDown={(pressed) => actions.pressed(pressed, id)}>
        <span className="event-icon"><Icon name={iconOf(event, type)} /></span>
        <span className="event-words">
          <span className="event-kind">{kindWords(event.kind)}</span>
          <span className="event-name">{title}</span>
          {detail && <span className="event-detail">{detail}</span>}
          {timing && <span className="event-when"><Icon name="clock" /> {timing}</span>}
        </span>
        {findings.length > 0 && (
          <span className={`event-mark tone-${errors ? "bad" : "warn"}`}><Icon name={errors ? "exclamation-octagon" : "exclamation-triangle"} /></span>
        )}
      </button>
      <Counts counts={data.counts} />
      <Anchors id={id} title={title} paths={paths} target={data.target} />
    </div>
  );
});

export const SourcesNode = memo(function SourcesNode({ data, selected }) {
  const { actions } = useBuilder();
  const { names, findings } = data;
  const label = [t("sources"), names.join(", ") || t("no_source")];
  if (findings.length) label.push(count("problems", findings.length));
  return (
    <div className={`event event-sources${selected ? " is-selected" : ""}`}>
      <button className="event-main" type="button" data-event={SOURCES} aria-label={label.join(". ")} aria-pressed={selected}
        onKeyDown={(pressed) => actions.pressed(pressed, SOURCES)}>
        <span className="event-icon"><Icon name="people" /></span>
        <span className="event-words">
          <span className="event-kind">{t("sources")}</span>
          {names.length ? names.slice(0, 4).map((name) => <span className="event-name" key={name}>{name}</span>) : <span className="event-name is-missing">{t("no_source")}</span>}
          {names.length > 4 && <span className="event-detail">{t("and_more", { n: names.length - 4 })}</span>}
        </span>
        {findings.length > 0 && <span className="event-mark tone-bad"><Icon name="exclamation-octagon" /></span>}
      </button>
      <Anchors id={SOURCES} title={t("sources_title")} paths={[{ key: "", label: "" }]} target={data.target} />
    </div>
  );
});
