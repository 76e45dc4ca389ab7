// The panel beside the canvas: the form of what is chosen, and the checks.

import { Fragment, useEffect, useRef } from "react";
import { Checks, Finding } from "./checks.jsx";
import { useBuilder } from "./context.js";
import { Fields } from "./fields.jsx";
import { Icon, iconOf } from "./icon.jsx";
import { branch, find, mayHang, SOURCES } from "./model.js";
import { kindWords, titleOf } from "./phrases.js";
import { Timing } from "./timing.jsx";
import { count, number, page, t } from "./words.js";

function Head({ icon, kind, title, close, tone = "" }) {
  return (
    <header className={`panel-head ${tone}`}>
      <span className="event-icon"><Icon name={icon} /></span>
      <span className="event-words"><span className="event-kind">{kind}</span><h2 className="panel-name" tabIndex={-1} id="panel-name">{title}</h2></span>
      <button className="btn-close" type="button" aria-label={t("close")} onClick={close} />
    </header>
  );
}

/** Hanging it elsewhere without a mouse. */
function Place({ event }) {
  const { canvas, types, pathsOf, actions } = useBuilder();
  const options = [{ value: "|", label: t("sources_title") }];
  for (const one of canvas.events) {
    if (!mayHang(canvas, event.key, one.key)) continue;
    const name = titleOf(one, types.get(one.type));
    for (const path of pathsOf(one)) options.push({ value: `${one.key}|${path.key}`, label: path.label ? `${name}: ${path.label}` : name });
  }
  const now = event.parent === null ? "|" : `${event.parent}|${event.path}`;
  return (
    <div className="mb-3">
      <label className="form-label" htmlFor="place">{t("comes_after")}</label>
      <select className="form-select" id="place" value={now} onChange={(chosen) => {
        const [parent, path] = chosen.target.value.split("|");
        actions.hang(event.key, parent || null, path);
      }}>
        {!options.some((one) => one.value === now) && <option value={now}>{t("nothing")}</option>}
        {options.map((one) => <option key={one.value} value={one.value}>{one.label}</option>)}
      </select>
    </div>
  );
}

function EventPanel({ event }) {
  const { canvas, types, canWrite, actions, findingsOf } = useBuilder();
  const type = types.get(event.type);
  const followers = branch(canvas, event.key).size - 1;
  const change = (changes, tag) => actions.change(event.key, changes, tag);
  return (
    <>
      <Head icon={iconOf(event, type)} kind={`${kindWords(event.kind)} · ${type?.label ?? event.type}`} title={titleOf(event, type)} tone={`event-${event.kind}`} close={actions.close} />
      <div className="panel-body">
        {type?.help && <p className="text-secondary">{type.help}</p>}
        {!type?.available && <p className="text-danger">{type ? type.why_not : t("type_gone", { type: event.type })}</p>}
        {findingsOf(event.key).length > 0 && <ul className="panel-findings">{findingsOf(event.key).map((one) => (
          <Fragment key={one.words}>
            <li><Finding one={one} /></li>
            {one.kept && canWrite && <li><button className="btn btn-sm" type="button" onClick={() => change({ config: { ...event.config, ...one.kept } })}>{t("keep_it")}</button></li>}
          </Fragment>
        ))}</ul>}
        <fieldset disabled={!canWrite}>
          <div className="mb-3">
            <label className="form-label" htmlFor="event-name">{t("name")}</label>
            <input className="form-control" id="event-name" maxLength={120} value={event.name} placeholder={type?.label} onChange={(typed) => change({ name: typed.target.value }, "name")} />
          </div>
        </fieldset>
        <Fields key={event.key + event.type} schema={type?.fields} config={event.config} change={(config, name) => change({ config }, name)} />
        <Timing key={event.key} event={event} change={(changes) => change(changes, "timing")} />
        {canWrite && (
          <fieldset className="panel-section">
            <legend className="panel-legend">{t("place")}</legend>
            <Place event={event} />
            <div className="btn-list">
              <button className="btn btn-sm" type="button" onClick={() => actions.copy([event.key])}><Icon name="copy" /> {t("copy")}</button>
              {followers > 0 && <button className="btn btn-sm" type="button" onClick={() => actions.copy([...branch(canvas, event.key)])}><Icon name="copy" /> {t("copy_branch")}</button>}
              <button className="btn btn-sm btn-outline-danger" type="button" onClick={() => actions.remove([event.key])}><Icon name="trash" /> {t("delete")}</button>
            </div>
          </fieldset>
        )}
      </div>
    </>
  );
}

function SourcesPanel() {
  const { canvas, choices, canWrite, actions } = useBuilder();
  const toggle = (id) => actions.setSources(canvas.sources.includes(id) ? canvas.sources.filter((one) => one !== id) : [...canvas.sources, id]);
  const gone = canvas.sources.filter((id) => !choices.segments.some((one) => one.value === id));
  return (
    <>
      <Head icon="people" kind={t("sources")} title={t("who_comes_in")} close={actions.close} />
      <div className="panel-body">
        <p className="text-secondary">{t("sources_help")}</p>
        <fieldset disabled={!canWrite}>
          <legend className="visually-hidden">{t("segments")}</legend>
          {choices.segments.map((one) => (
            <label className="form-check" key={one.value}><input className="form-check-input" type="checkbox" checked={canvas.sources.includes(one.value)} onChange={() => toggle(one.value)} /><span className="form-check-label">{one.label} <span className="text-secondary">{number(one.members)}</span></span></label>
          ))}
          {gone.map((id) => <label className="form-check" key={id}><input className="form-check-input" type="checkbox" checked onChange={() => toggle(id)} /><span className="form-check-label text-danger">{t("gone", { value: id })}</span></label>)}
        </fieldset>
        {!choices.segments.length && <p>{t("no_segments")} <a href={page.urls.segments}>{t("make_segment")}</a></p>}
      </div>
    </>
  );
}

function SeveralPanel({ keys }) {
  const { canWrite, actions } = useBuilder();
  return (
    <>
      <Head icon="check2-square" kind={t("chosen")} title={count("events", keys.length)} close={actions.close} />
      {canWrite && <div className="panel-body btn-list">
        <button className="btn btn-sm" type="button" onClick={() => actions.copy(keys)}><Icon name="copy" /> {t("copy")}</button>
        <button className="btn btn-sm btn-outline-danger" type="button" onClick={() => actions.remove(keys)}><Icon name="trash" /> {t("delete")}</button>
      </div>}
    </>
  );
}

function Guide() {
  const { canvas, canWrite, actions, status } = useBuilder();
  const steps = [["guide_sources", canvas.sources.length > 0], ["guide_events", canvas.events.length > 0], ["guide_publish", status.published]];
  return (
    <div className="panel-body">
      <h2 className="panel-title">{t("guide")}</h2>
      <ol className="guide">{steps.map(([words, done]) => <li key={words} className={done ? "done" : ""}>{done && <Icon name="check2" />} {t(words)}</li>)}</ol>
      {canWrite && !canvas.sources.length && <button className="btn btn-sm btn-primary" type="button" onClick={() => actions.goTo(SOURCES)}>{t("choose_sources")}</button>}
    </div>
  );
}

export function Side() {
  const { canvas, selected, actions, focusPanel } = useBuilder();
  const box = useRef(null);
  const [key] = selected;
  const event = selected.length === 1 && find(canvas, key);
  const events = selected.filter((one) => one !== SOURCES);
  useEffect(() => {
    if (!focusPanel) return;
    const first = ["#event-name:enabled", ".form-check-input:enabled", "#panel-name"].map((one) => box.current.querySelector(one)).find(Boolean);
    first?.focus();
  }, [focusPanel]);
  const open = selected.length > 0;
  return (
    <aside className={`side${open ? " is-open" : ""}`} aria-label={t("details")}>
      <div className="side-form" ref={box} onKeyDown={(pressed) => pressed.key === "Escape" && open && actions.back()}>
        {event && <EventPanel event={event} />}
        {selected.length === 1 && key === SOURCES && <SourcesPanel />}
        {selected.length > 1 && events.length > 0 && <SeveralPanel keys={events} />}
        {!open && <Guide />}
      </div>
      <Checks />
    </aside>
  );
}
