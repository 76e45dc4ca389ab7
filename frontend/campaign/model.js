// The canvas and what can be done to it; nothing here changes what it is given.

export const SOURCES = "sources";
export const KINDS = ["action", "decision", "condition"];
const UNITS = ["minutes", "hours", "days", "weeks", "months"];
export const WIDTH = 240;
export const HEIGHT = 112;
const GAP = 40;

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value, most) => (typeof value === "string" ? value.slice(0, most) : "");
const place = (value) => (Number.isFinite(value) ? Math.round(Math.max(-1e6, Math.min(1e6, value))) : 0);

/** A canvas with every part of it there; throws TypeError on what is none. */
export function normal(raw) {
  if (!isObject(raw) || !Array.isArray(raw.events ?? [])) throw new TypeError("no canvas");
  return {
    sources: (raw.sources ?? []).filter(Number.isInteger),
    source_at: { x: place(raw.source_at?.x), y: place(raw.source_at?.y) },
    events: (raw.events ?? []).map(normalEvent),
  };
}

export function normalEvent(raw) {
  if (!isObject(raw) || !/^[A-Za-z0-9_-]{1,40}$/.test(raw.key) || !KINDS.includes(raw.kind)) throw new TypeError("no event");
  return {
    key: raw.key,
    kind: raw.kind,
    type: text(raw.type, 80),
    name: text(raw.name, 120),
    config: isObject(raw.config) ? raw.config : {},
    parent: typeof raw.parent === "string" ? raw.parent : null,
    path: text(raw.path, 12),
    timing: normalTiming(raw.timing ?? {}),
    x: place(raw.x),
    y: place(raw.y),
  };
}

export function normalTiming(raw) {
  const hour = (value) => (typeof value === "string" && value ? value.slice(0, 8) : null);
  return {
    mode: ["immediate", "interval", "date"].includes(raw.mode) ? raw.mode : "immediate",
    amount: Number.isInteger(raw.amount) ? raw.amount : 0,
    unit: UNITS.includes(raw.unit) ? raw.unit : "days",
    date: typeof raw.date === "string" && raw.date ? raw.date.slice(0, 40) : null,
    hour: hour(raw.hour),
    begin: hour(raw.begin),
    end: hour(raw.end),
    weekdays: (Array.isArray(raw.weekdays) ? raw.weekdays : []).filter((day) => Number.isInteger(day) && day >= 0 && day < 7),
  };
}

const sortKeys = (_key, value) => (isObject(value) ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))) : value);

/** As text: two canvases are the same when their texts are, however the server writes keys and accents. */
export const written = (canvas) => JSON.stringify(canvas, sortKeys).normalize("NFC");

export const find = (canvas, key) => canvas.events.find((one) => one.key === key);

/** A key that no event has or had: what is published is matched by key. */
export function newKey() {
  return `e${[...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

export function childrenOf(canvas, parent, path = undefined) {
  const found = canvas.events.filter((one) => one.parent === parent && (path === undefined || one.path === path));
  return found.sort((a, b) => a.x - b.x);
}

/** The event and all that follows it. */
export function branch(canvas, key) {
  const found = new Set([key]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const one of canvas.events) {
      if (found.has(one.parent) && !found.has(one.key)) grown = Boolean(found.add(one.key));
    }
  }
  return found;
}

/** Events as they are read: each followed by what comes after it, path by path. */
export function inOrder(canvas, pathsOf) {
  const done = new Set();
  const ordered = [];
  const visit = (one) => {
    if (done.has(one.key)) return;
    done.add(one.key);
    ordered.push(one);
    const paths = pathsOf(one);
    const after = childrenOf(canvas, one.key);
    after.sort((a, b) => paths.indexOf(a.path) - paths.indexOf(b.path) || a.x - b.x);
    after.forEach(visit);
  };
  childrenOf(canvas, null).forEach(visit);
  canvas.events.forEach(visit); // whatever hangs on nothing comes last
  return ordered;
}

/** Where a new event after *parent* along *path* has room. */
export function roomFor(canvas, parent, path, paths = [""]) {
  const above = parent === null ? canvas.source_at : find(canvas, parent);
  const middle = (paths.length - 1) / 2;
  const at = { x: place(above.x + (Math.max(0, paths.indexOf(path)) - middle) * (WIDTH + GAP)), y: place(above.y + HEIGHT + 72) };
  const taken = () => canvas.events.some((one) => Math.abs(one.x - at.x) < WIDTH + GAP / 2 && Math.abs(one.y - at.y) < HEIGHT + GAP / 2);
  while (taken()) at.x += WIDTH + GAP;
  return at;
}

export function add(canvas, event) {
  return { ...canvas, events: [...canvas.events, event] };
}

/** Put *event* before what follows its place: that follows the event's *path* then, further down. */
export function insert(canvas, event, path) {
  const after = childrenOf(canvas, event.parent, event.path);
  if (!after.length) return add(canvas, event);
  const moved = new Set(after.flatMap((one) => [...branch(canvas, one.key)]));
  const first = new Set(after.map((one) => one.key));
  const events = canvas.events.map((one) => {
    if (!moved.has(one.key)) return one;
    const lower = { ...one, y: one.y + HEIGHT + 72 };
    return first.has(one.key) ? { ...lower, parent: event.key, path } : lower;
  });
  return { ...canvas, events: [...events, { ...event, x: after[0].x, y: after[0].y }] };
}

export function change(canvas, key, changes) {
  return { ...canvas, events: canvas.events.map((one) => (one.key === key ? { ...one, ...changes } : one)) };
}

/** *places* is {key: {x, y}}; the sources are among them. */
export function placed(canvas, places) {
  const events = canvas.events.map((one) => (places[one.key] ? { ...one, x: place(places[one.key].x), y: place(places[one.key].y) } : one));
  const at = places[SOURCES];
  return { ...canvas, source_at: at ? { x: place(at.x), y: place(at.y) } : canvas.source_at, events };
}

/** Whether the event may be hung there: not behind itself. */
export const mayHang = (canvas, key, parent) => parent === null || !branch(canvas, key).has(parent);

/** Without *keys*; what followed them moves up, or goes too. */
export function remove(canvas, keys, { followers = false } = {}) {
  const gone = new Set(keys);
  if (followers) for (const key of keys) for (const one of branch(canvas, key)) gone.add(one);
  const heir = (one) => {
    let { parent, path } = one;
    while (parent !== null && gone.has(parent)) ({ parent, path } = find(canvas, parent));
    return { ...one, parent, path };
  };
  return { ...canvas, events: canvas.events.filter((one) => !gone.has(one.key)).map(heir) };
}

/** How many events come after *keys* and are not among them. */
export function followersOf(canvas, keys) {
  const all = new Set(keys.flatMap((key) => [...branch(canvas, key)]));
  return all.size - new Set(keys).size;
}
