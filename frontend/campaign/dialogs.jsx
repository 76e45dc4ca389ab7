// Dialogs: the browser's own, so that the focus stays in them and Escape closes.

import { useCallback, useEffect, useId, useRef, useState } from "react";
import { t } from "./words.js";

export function Modal({ title, close, children, wide = false, foot = null, mayClose = () => true }) {
  const box = useRef(null);
  const label = useId();
  useEffect(() => {
    const dialog = box.current;
    const before = document.activeElement;
    dialog.showModal();
    dialog.querySelector("[data-first]")?.focus();
    return () => {
      dialog.close();
      if (document.activeElement === document.body) before?.focus?.();
    };
  }, []);
  const ask = () => mayClose() && close();
  return (
    <dialog className={`confirm card modal-box${wide ? " is-wide" : ""}`} ref={box} aria-labelledby={label}
      onCancel={(event) => { event.preventDefault(); ask(); }} onKeyDown={(event) => event.stopPropagation()}>
      <div className="card-header">
        <h2 className="card-title" id={label}>{title}</h2>
        <button className="btn-close ms-auto" type="button" aria-label={t("close")} onClick={ask} />
      </div>
      <div className="card-body">{children}</div>
      {foot && <div className="card-footer btn-list justify-content-end">{foot}</div>}
    </dialog>
  );
}

/** [element, ask]: `ask({title, text, choices: [{value, label, style}]})` gives the chosen value, or null. */
export function useAsk() {
  const [question, setQuestion] = useState(null);
  const ask = useCallback((asked) => new Promise((resolve) => setQuestion({ ...asked, resolve })), []);
  const answer = (value) => {
    question.resolve(value);
    setQuestion(null);
  };
  const element = question && (
    <Modal title={question.title} close={() => answer(null)} foot={
      <>
        <button className="btn" type="button" onClick={() => answer(null)}>{t("cancel")}</button>
        {question.choices.map((one) => (
          <button className={`btn ${one.style ?? ""}`} type="button" key={one.value} onClick={() => answer(one.value)}>{one.label}</button>
        ))}
      </>
    }>
      <p className="mb-0">{question.text}</p>
    </Modal>
  );
  return [element, ask];
}
