// Copied events: as text, so that they can be pasted into another campaign and another tab.

import { find, newKey, normalEvent } from "./model.js";

const MARK = "heliograph-events";
const KEPT = "heliograph.copied";
const MOST = 300;
const LONGEST = 400_000;

/** The events *keys* as text; what hung on others hangs on nothing. */
export function copied(canvas, keys) {
  const chosen = new Set(keys);
  const events = canvas.events.filter((one) => chosen.has(one.key));
  const loose = events.map((one) => (chosen.has(one.parent) ? one : { ...one, parent: null, path: "" }));
  return JSON.stringify({ [MARK]: 1, events: loose });
}

/** Events out of a text; null when it holds none of ours. Everything is checked: anybody can copy a text. */
export function readCopied(text) {
  if (!text || text.length > LONGEST || !text.includes(MARK)) return null;
  try {
    const found = JSON.parse(text);
    if (found[MARK] !== 1 || !Array.isArray(found.events) || found.events.length > MOST) return null;
    const events = found.events.map(normalEvent);
    const keys = new Set(events.map((one) => one.key));
    if (!events.length || keys.size !== events.length) return null;
    if (events.some((one) => one.parent !== null && !keys.has(one.parent))) return null;
    return hasLoop(events) ? null : events;
  } catch {
    return null;
  }
}

function hasLoop(events) {
  const parents = new Map(events.map((one) => [one.key, one.parent]));
  return events.some((one) => {
    let steps = 0;
    for (let key = one.key; key !== null; key = parents.get(key)) if ((steps += 1) > events.length) return true;
    return false;
  });
}

export function keep(text) {
  try {
    localStorage.setItem(KEPT, text);
  } catch {
    // a full store: the system's clipboard has it
  }
}

export function kept() {
  try {
    return localStorage.getItem(KEPT) ?? "";
  } catch {
    return "";
  }
}

/** The canvas with *events* hung on *parent* along *path*, and their new keys. `fieldsOf(type)` says which fields name events. */
export function pasted(canvas, events, { parent, path, at, fieldsOf }) {
  const keys = new Map(events.map((one) => [one.key, newKey()]));
  const corner = { x: Math.min(...events.map((one) => one.x)), y: Math.min(...events.map((one) => one.y)) };
  const fresh = events.map((one) => ({
    ...one,
    key: keys.get(one.key),
    parent: one.parent === null ? parent : keys.get(one.parent),
    path: one.parent === null ? path : one.path,
    config: renamed(one.config, fieldsOf(one.type), (key) => keys.get(key) ?? (find(canvas, key) ? key : null)),
    x: one.x - corner.x + at.x,
    y: one.y - corner.y + at.y,
  }));
  return { canvas: { ...canvas, events: [...canvas.events, ...fresh] }, keys: [...keys.values()] };
}

/** Fields that name events name the pasted ones, or nothing where there is no such event. */
function renamed(config, fields, rename) {
  const changed = { ...config };
  for (const name of fields) {
    if (typeof changed[name] !== "string") continue;
    const key = rename(changed[name]);
    if (key) changed[name] = key;
    else delete changed[name];
  }
  return changed;
}
