// The whole builder: its state, and its parts around the canvas.

import { ReactFlowProvider } from "@xyflow/react";
import { useCallback, useEffect, useMemo, useReducer, useRef, useState, useSyncExternalStore } from "react";
import { call } from "./api.js";
import { Builder } from "./context.js";
import { useAsk } from "./dialogs.jsx";
import { doings } from "./doings.js";
import { Flow } from "./flow.jsx";
import { reduce, start } from "./history.js";
import { written } from "./model.js";
import { Side } from "./panel.jsx";
import { Palette, Picker } from "./picker.jsx";
import { Notices, Topbar } from "./topbar.jsx";
import { choicesOf, labelOf, pathsOf } from "./types.js";
import { isBusy } from "./walk.js";
import { count, page, t } from "./words.js";

const EVERY = 10_000;
const NONE = [];
const PHONE = matchMedia("(max-width: 767.98px)");

function useSmall() {
  return useSyncExternalStore((told) => {
    PHONE.addEventListener("change", told);
    return () => PHONE.removeEventListener("change", told);
  }, () => PHONE.matches);
}

/** Counts of a campaign that was published, asked for again and again. */
function useCounts(published) {
  const [counts, setCounts] = useState({});
  useEffect(() => {
    if (!published) return undefined;
    let timer = null;
    const look = async () => {
      if (!document.hidden) await call(page.urls.counts).then((answer) => setCounts(answer.counts)).catch(() => {});
      timer = setTimeout(look, EVERY);
    };
    look();
    return () => clearTimeout(timer);
  }, [published]);
  return counts;
}

/** Findings by event; an event without any gets the same empty list each time. */
function useFindings(findings) {
  return useMemo(() => {
    const by = new Map();
    for (const one of findings) by.set(one.event || "sources", [...(by.get(one.event || "sources") ?? []), one]);
    return (key) => by.get(key) ?? NONE;
  }, [findings]);
}

/** Keys and the clipboard, wherever the focus is on the page. */
function useKeys(actions, canWrite) {
  useEffect(() => {
    const pressed = (event) => {
      if (!canWrite || !(event.ctrlKey || event.metaKey) || isBusy(event.target)) return;
      const key = event.key.toLowerCase();
      if (key === "z" && !event.shiftKey) actions.undo();
      else if (key === "y" || (key === "z" && event.shiftKey)) actions.redo();
      else return;
      event.preventDefault();
    };
    const copying = (event) => {
      if (isBusy(event.target) || !getSelection().isCollapsed) return;
      const text = actions.copy();
      if (!text) return;
      event.clipboardData.setData("text/plain", text);
      event.preventDefault();
    };
    const pasting = (event) => {
      if (!canWrite || isBusy(event.target)) return;
      const text = event.clipboardData.getData("text/plain");
      actions.paste(text || undefined);
      event.preventDefault();
    };
    const listeners = [["keydown", pressed], ["copy", copying], ["paste", pasting]];
    for (const [name, listener] of listeners) document.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of listeners) document.removeEventListener(name, listener);
    };
  }, [actions, canWrite]);
}

export function App({ loaded, saver, rescued }) {
  const [history, dispatch] = useReducer(reduce, loaded.canvas, (canvas) => (rescued ? reduce(start(canvas), { type: "do", canvas: rescued.canvas }) : start(canvas)));
  const [selected, setSelected] = useState(NONE);
  const [picking, setPicking] = useState(null);
  const [palette, setPalette] = useState(loaded.palette);
  const [choices, setChoices] = useState(loaded.choices);
  const [findings, setFindings] = useState(loaded.findings);
  const [status, setStatus] = useState(loaded.status);
  const [publishing, setPublishing] = useState(false);
  const [notice, setNotice] = useState(rescued && !saver.theirs ? { kind: "info", words: t("rescued") } : null);
  const [said, say] = useState("");
  const [panelFocus, setPanelFocus] = useState(0);
  const [question, ask] = useAsk();
  const small = useSmall();
  const { canvas } = history;
  const { canWrite } = page;
  const types = useMemo(() => new Map(palette.map((one) => [one.key, one])), [palette]);
  const saving = useSyncExternalStore(saver.subscribe, saver.snapshot);
  const counts = useCounts(status.published);
  const now = useRef(null);
  now.current = { canvas, types, selected, canWrite, choices };
  const actions = useMemo(() => doings({ now, dispatch, setSelected, setPicking, setChoices, say, ask, focusPanel: () => setPanelFocus((n) => n + 1) }), [ask]);
  useKeys(actions, canWrite);

  useEffect(() => {
    saver.told = (answer) => {
      setFindings(answer.findings);
      setStatus((before) => ({ ...before, changed: answer.changed }));
    };
  }, [saver]);
  useEffect(() => {
    if (canWrite) saver.take(canvas);
    setSelected((before) => {
      const kept = before.filter((key) => key === "sources" || canvas.events.some((one) => one.key === key));
      return kept.length === before.length ? before : kept;
    });
  }, [canvas, saver, canWrite]);

  // what stands elsewhere may have changed: texts, segments, plugins
  const lookAgain = useCallback(async () => {
    if (!saver.clean) return; // saving it checks it
    const answer = await call(page.urls.canvas).catch(() => null);
    if (!answer || !saver.clean || answer.version !== saver.version) return;
    setPalette(answer.palette);
    setChoices(answer.choices);
    setFindings(answer.findings);
    setStatus(answer.status);
  }, [saver]);
  useEffect(() => {
    const back = () => { if (!document.hidden) lookAgain(); };
    document.addEventListener("visibilitychange", back);
    return () => document.removeEventListener("visibilitychange", back);
  }, [lookAgain]);

  const publish = useCallback(async () => {
    setNotice(null);
    const people = now.current.canvas.sources.map((id) => now.current.choices.segments.find((one) => one.value === id)?.members ?? 0).reduce((a, b) => a + b, 0);
    const asked = { title: t("publish_title"), text: status.published ? t("publish_again") : count("publish_first", people), choices: [{ value: "yes", label: t("publish"), style: "btn-primary" }] };
    if (!(await ask(asked))) return;
    setPublishing(true);
    try {
      await saver.run();
      const answer = await call(page.urls.publish, "POST", { version: saver.version });
      setStatus(answer.status);
      setFindings(answer.findings);
      setNotice({ kind: "success", words: t("published", { n: answer.status.number }) });
    } catch (error) {
      if (error.answer.findings) setFindings(error.answer.findings);
      if (error.kind !== "conflict" || !error.answer.canvas) setNotice({ kind: "danger", words: error.message });
    } finally {
      setPublishing(false);
    }
  }, [saver, ask, status.published]);

  const findingsOf = useFindings(findings);
  const shared = { canvas, types, choices };
  const value = {
    ...shared, selected, canWrite, actions, findings, findingsOf, counts, status, saving, saver, publish, publishing, lookAgain, notice, setNotice, ask,
    palette, catalog: loaded.catalog, checked: saving.state === "saved", focusPanel: panelFocus,
    canUndo: history.past.length > 0, canRedo: history.future.length > 0,
    countsOf: (key) => counts[key],
    pathsOf: (event) => pathsOf(event, types.get(event.type), canvas),
    pathLabel: (event, key) => pathsOf(event, types.get(event.type), canvas).find((one) => one.key === key)?.label ?? key,
    choicesOf: (hint) => choicesOf(hint, shared),
    labelOf: (field, one) => labelOf(field, one, shared),
    takeTheirs() {
      const theirs = saver.takeTheirs();
      if (written(theirs) !== written(canvas)) dispatch({ type: "do", canvas: theirs });
      setNotice({ kind: "info", words: t("took_theirs") });
    },
  };
  return (
    <Builder.Provider value={value}>
      <Topbar />
      <div className="notices"><Notices /></div>
      <div className="board">
        {canWrite && !small && <Palette />}
        <ReactFlowProvider><Flow small={small} /></ReactFlowProvider>
        <Side />
      </div>
      {picking && <Picker picking={picking} close={() => setPicking(null)} />}
      {question}
      <p className="visually-hidden" role="status">{said}</p>
    </Builder.Provider>
  );
}
