// What can be put on the canvas: the palette to drag from, and the list to choose from.

import { useState } from "react";
import { useBuilder } from "./context.js";
import { Modal } from "./dialogs.jsx";
import { DRAGGED } from "./flow.jsx";
import { Icon, iconOf } from "./icon.jsx";
import { childrenOf, find, KINDS } from "./model.js";
import { kindWords, titleOf } from "./phrases.js";
import { t } from "./words.js";

const fits = (type, words) => `${type.label} ${type.help} ${type.group}`.toLowerCase().includes(words.trim().toLowerCase());

const sends = (type) => type.key.endsWith(".send_text");

/** [[kind, types]] of those that fit *words*, group by group as they come; without plugins that are off. */
function grouped(palette, words) {
  const groups = [t("texts"), ...new Set(palette.map((one) => one.group))];
  const rank = (one) => (sends(one) ? -1 : groups.indexOf(one.group));
  const sorted = palette.filter((one) => one.available).sort((a, b) => rank(a) - rank(b));
  return KINDS.map((kind) => [kind, sorted.filter((one) => one.kind === kind && fits(one, words))]).filter(([, found]) => found.length);
}

function Entry({ type, choose, draggable = false }) {
  return (
    <li>
      <button className={`palette-entry event-${type.kind}`} type="button" draggable={draggable} title={type.help} onClick={() => choose(type.key)}
        onDragStart={(event) => {
          event.dataTransfer.setData(DRAGGED, type.key);
          event.dataTransfer.effectAllowed = "copy";
        }}>
        <span className="event-icon"><Icon name={iconOf(type, type)} /></span>
        <span className="event-words"><span className="event-name">{type.label}</span></span>
      </button>
    </li>
  );
}

function Search({ words, setWords, ...more }) {
  return <input className="form-control form-control-sm" type="search" value={words} placeholder={t("search_events")} aria-label={t("search_events")}
    onChange={(event) => setWords(event.target.value)} {...more} />;
}

function NoProvider({ palette }) {
  return palette.some((one) => sends(one) && one.available) ? null : <p className="palette-hint">{t("no_provider")}</p>;
}

export function Palette() {
  const { palette, actions } = useBuilder();
  const [words, setWords] = useState("");
  return (
    <nav className="palette" aria-label={t("palette")}>
      <Search words={words} setWords={setWords} />
      <p className="palette-hint">{t("palette_hint")}</p>
      <NoProvider palette={palette} />
      {grouped(palette, words).map(([kind, types]) => (
        <section key={kind} aria-label={t(`kinds_${kind}`)}>
          <h2 className="palette-kind">{t(`kinds_${kind}`)} <small>{t(`about_${kind}`)}</small></h2>
          <ul className="palette-list">{types.map((type) => <Entry key={type.key} type={type} draggable choose={actions.addToSelected} />)}</ul>
        </section>
      ))}
    </nav>
  );
}

/** Asked from an anchor: what comes here? */
export function Picker({ picking, close }) {
  const { palette, canvas, types, pathsOf, actions } = useBuilder();
  const [words, setWords] = useState("");
  const [path, setPath] = useState(picking.path);
  const [between, setBetween] = useState(!picking.at);
  const parent = picking.parent === null ? null : find(canvas, picking.parent);
  const paths = parent ? pathsOf(parent) : [];
  const name = parent ? titleOf(parent, types.get(parent.type)) : t("sources_title");
  const found = grouped(palette, words);
  const [first] = found.flatMap(([, list]) => list);
  const followed = childrenOf(canvas, picking.parent, path).length > 0;
  const choose = (key) => {
    close();
    const goesOn = types.get(key).paths.length > 0;
    actions.add(key, picking.parent, path, path === picking.path ? picking.at : undefined, followed && between && goesOn);
  };
  return (
    <Modal title={t("add_after", { name })} close={close}>
      {paths.length > 1 && (
        <fieldset className="kinds mb-3"><legend className="visually-hidden">{t("path")}</legend>
          {paths.map((one) => (
            <label className="form-check form-check-inline" key={one.key}>
              <input className="form-check-input" type="radio" name="path" checked={path === one.key} onChange={() => setPath(one.key)} />
              <span className="form-check-label">{one.label || t("next")}</span>
            </label>
          ))}
        </fieldset>
      )}
      {followed && (
        <label className="form-check mb-3">
          <input className="form-check-input" type="checkbox" checked={between} onChange={() => setBetween(!between)} />
          <span className="form-check-label">{t("between")}</span>
        </label>
      )}
      <Search words={words} setWords={setWords} data-first onKeyDown={(event) => {
        if (event.key === "Enter" && first && words) choose(first.key);
      }} />
      <div className="picker-list">
        <NoProvider palette={palette} />
        {found.map(([kind, list]) => (
          <section key={kind} aria-label={kindWords(kind)}>
            <h3 className="palette-kind">{t(`kinds_${kind}`)} <small>{t(`about_${kind}`)}</small></h3>
            <ul className="palette-list">{list.map((type) => <Entry key={type.key} type={type} choose={choose} />)}</ul>
          </section>
        ))}
        {!found.length && <p className="text-secondary mt-3 mb-0">{t("nothing_found")}</p>}
      </div>
    </Modal>
  );
}
