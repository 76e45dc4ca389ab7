// What the types of events say: their paths, their choices, their names for values.

import { find, SOURCES } from "./model.js";
import { titleOf } from "./phrases.js";
import { t } from "./words.js";

const USUAL = { action: [""], decision: ["yes", "no"], condition: ["yes", "no"] };
const named = (key) => ({ key, label: key ? t(`path_${key}`) : "" });

/** The ways out of *event*: those of its type that are open, and those that something hangs on. */
export function pathsOf(event, type, canvas) {
  const given = type ? type.paths : USUAL[event.kind].map(named);
  const open = given.filter((path) => {
    if (!path.only_with) return true;
    return Boolean(event.config[path.only_with] ?? type.fields.properties?.[path.only_with]?.default);
  });
  const paths = open.length === 1 && open[0].key === "" ? [{ key: "", label: "" }] : [...open];
  for (const one of canvas.events) {
    if (one.parent !== event.key || paths.some((path) => path.key === one.path)) continue;
    paths.push(given.find((path) => path.key === one.path) ?? named(one.path));
  }
  return paths;
}

/** What may be chosen by that hint: [{value, label}]. */
export function choicesOf(hint, { choices, canvas, types }) {
  if (hint !== "events") return choices[hint] ?? [];
  return canvas.events.map((one) => ({ value: one.key, label: titleOf(one, types.get(one.type)) }));
}

export function labelOf(field, value, builder) {
  if (field.choices_from) {
    const found = choicesOf(field.choices_from, builder).find((one) => one.value === value);
    return found ? found.label : String(value);
  }
  return field.labels?.[value] ?? String(value);
}

/** Names of the fields that hold keys of events. */
export function eventFields(type) {
  return Object.entries(type?.fields.properties ?? {}).filter(([, field]) => field.choices_from === "events").map(([name]) => name);
}

/** Where something new goes after *key*: [parent, path]. */
export function firstWay(key, { canvas, types }) {
  const event = key === SOURCES || key === undefined ? null : find(canvas, key);
  if (!event) return [null, ""];
  const paths = pathsOf(event, types.get(event.type), canvas);
  const free = paths.find((path) => !canvas.events.some((one) => one.parent === key && one.path === path.key));
  return paths.length ? [key, (free ?? paths[0]).key] : firstWay(event.parent ?? SOURCES, { canvas, types });
}
