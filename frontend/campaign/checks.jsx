// What is wrong with the canvas, beside it; each leads to its event.

import { useBuilder } from "./context.js";
import { Icon } from "./icon.jsx";
import { SOURCES } from "./model.js";
import { count, t } from "./words.js";

export function Finding({ one }) {
  const error = one.level === "error";
  return (
    <>
      <span className={`finding-mark tone-${error ? "bad" : "warn"}`}><Icon name={error ? "exclamation-octagon" : "exclamation-triangle"} /><span className="visually-hidden">{t(one.level)}</span></span>
      <span className="finding-words">{one.words} <span className="text-secondary">{one.mend}</span></span>
    </>
  );
}

export function Checks() {
  const { findings, checked, actions, canvas } = useBuilder();
  const errors = findings.filter((one) => one.level === "error").length;
  const known = (key) => canvas.events.some((one) => one.key === key);
  return (
    <section className="checks" aria-labelledby="checks-title">
      <h2 className="panel-title" id="checks-title">{t("checks")} {findings.length > 0 && <span className={`badge tone-${errors ? "bad" : "warn"}`}>{findings.length}</span>}</h2>
      <p className="visually-hidden" role="status">{checked ? (findings.length ? count("problems", findings.length) : t("all_well")) : ""}</p>
      {findings.length ? (
        <ul className="checks-list">
          {findings.map((one, at) => (
            <li key={`${one.event}${one.words}${at}`}>
              <button className="finding" type="button" onClick={() => actions.goTo(known(one.event) ? one.event : SOURCES)}><Finding one={one} /></button>
            </li>
          ))}
        </ul>
      ) : <p className="text-secondary mb-0">{checked ? <><Icon name="check-circle" extra="text-good" /> {t("all_well")}</> : t("checking")}</p>}
    </section>
  );
}
