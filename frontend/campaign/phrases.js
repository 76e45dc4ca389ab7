// Events in words: on their cards, for screen readers, in lists.

import { page, t } from "./words.js";

const DAY = new Intl.DateTimeFormat(page.language, { weekday: "short", timeZone: "UTC" });
const MOMENT = new Intl.DateTimeFormat(page.language, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });

/** Monday is 0. */
export const dayName = (day) => DAY.format(new Date(Date.UTC(2024, 0, 1 + day)));

export function spanWords(amount, unit) {
  return amount === 1 ? t(`one_${unit}`) : t(`n_${unit}`, { n: amount });
}

export function daysWords(days) {
  const sorted = [...days].sort();
  if (sorted.join() === "0,1,2,3,4") return t("working_days");
  if (sorted.join() === "5,6") return t("weekend");
  return sorted.map(dayName).join(", ");
}

/** "" when it happens at once. */
export function timingWords(timing) {
  const parts = [];
  if (timing.mode === "interval") parts.push(t("after_span", { span: spanWords(timing.amount, timing.unit) }));
  if (timing.mode === "date") parts.push(timing.date ? t("on_date", { date: MOMENT.format(new Date(`${timing.date}Z`)) }) : t("on_no_date"));
  if (timing.hour) parts.push(t("at_hour", { hour: timing.hour }));
  else if (timing.begin && timing.end) parts.push(t("between_hours", timing));
  if (timing.weekdays.length && timing.weekdays.length < 7) parts.push(daysWords(timing.weekdays));
  return parts.join(", ");
}

export const kindWords = (kind) => t(`kind_${kind}`);

export const titleOf = (event, type) => event.name || type?.label || event.type;

/** What a filter of a field says: "City is Paris". */
function filterWords(config, catalog) {
  const subject = catalog.subjects.find((one) => one.name === config.field);
  const operator = subject?.operators.find((one) => one.name === config.operator);
  const option = subject?.options.find(([key]) => key === config.value);
  const value = option ? option[1] : [].concat(config.value ?? []).join(", ");
  return [subject?.label ?? config.field, operator?.label ?? config.operator, value].filter(Boolean).join(" ");
}

/** One line of what the event is set to; what stands at its default is left out, but for waits. */
export function detailOf(event, type, { labelOf, catalog }) {
  const fields = type?.fields?.properties ?? {};
  if (Object.values(fields).some((field) => field.ui === "filter")) return filterWords(event.config, catalog);
  const told = new Set(Object.entries(fields).filter(([name]) => event.config[name]?.length).flatMap(([, field]) => Object.keys(field.only_with ?? {})));
  const found = [];
  for (const [name, field] of Object.entries(fields)) {
    const value = event.config[name] ?? (name.endsWith("_amount") ? field.default : undefined);
    if (value === undefined || value === "" || typeof value === "boolean" || name.endsWith("_unit") || told.has(name)) continue;
    if (name.endsWith("_amount")) {
      const unit = name.replace("_amount", "_unit");
      if (value) found.push(spanWords(value, event.config[unit] ?? fields[unit]?.default ?? "days"));
      continue;
    }
    if (value === field.default) continue;
    const words = [].concat(value).filter((one) => typeof one !== "object").map((one) => labelOf(field, one));
    if (words.length) found.push(words.join(", "));
  }
  return found.slice(0, 3).join(" · ");
}
