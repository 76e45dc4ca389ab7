// "Field value": a field, how it is compared, and with what; as in the filters of segments.

import { useId } from "react";
import { useBuilder } from "./context.js";
import { t } from "./words.js";

const SPAN = /^([+-])\s?(\d+)\s*(minute|hour|day|week|month|year)s?$/;
const UNITS = ["minute", "hour", "day", "week", "month", "year"];
const asNumber = (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text));

function Choice({ label, options, value, change }) {
  const known = options.some(([key]) => String(key) === String(value));
  return (
    <select className="form-select" aria-label={label} value={value ?? ""} onChange={(event) => change(event.target.value)}>
      {!known && <option value="">{t("choose")}</option>}
      {options.map(([key, text]) => <option key={key} value={key}>{text}</option>)}
    </select>
  );
}

const Typed = ({ label, value, change, ...more }) => <input className="form-control" aria-label={label} value={value ?? ""} onChange={(event) => change(event.target.value)} {...more} />;

function Span({ words, value, change }) {
  const [, sign, count, unit] = SPAN.exec(String(value)) ?? [null, "-", "7", "day"];
  const keep = (changes) => {
    const now = { sign, count, unit, ...changes };
    change(`${now.sign}${now.count} ${now.unit}s`);
  };
  const names = { day: words.day_unit };
  return (
    <div className="pair">
      <Choice label={words.value} options={[["-", words.last], ["+", words.next]]} value={sign} change={(one) => keep({ sign: one })} />
      <Typed label={words.value} type="number" min="1" max="99999" value={count} change={(one) => keep({ count: one || "1" })} />
      <Choice label={words.value} options={UNITS.map((one) => [one, names[one] ?? words[one]])} value={unit} change={(one) => keep({ unit: one })} />
    </div>
  );
}

function Value({ input, subject, words, value, change }) {
  const one = { label: words.value, value, change };
  const two = (make) => (
    <div className="pair">
      {[words.from, words.to].map((label, at) => make(label, Array.isArray(value) ? value[at] : "", (text) => {
        const pair = Array.isArray(value) ? [...value] : ["", ""];
        pair[at] = text;
        change(pair);
      }))}
    </div>
  );
  switch (input) {
    case "none": return null;
    case "yesno": return <Choice {...one} options={[["true", words.yes], ["false", words.no]]} value={String(value)} change={(text) => change(text === "true")} />;
    case "one": return subject.options.length ? <Choice {...one} options={subject.options} /> : <Typed {...one} />;
    case "number": return <Typed {...one} inputMode="decimal" change={(text) => change(asNumber(text))} />;
    case "numbers": return two((label, part, set) => <Typed key={label} label={label} value={part} inputMode="decimal" change={(text) => set(asNumber(text))} />);
    case "day": return <Zoned zone={words.zone}><Typed {...one} placeholder={words.day} /></Zoned>;
    case "days": return <Zoned zone={words.zone}>{two((label, part, set) => <Typed key={label} label={label} value={part} placeholder={words.day} change={set} />)}</Zoned>;
    case "span": return <Span words={words} value={value} change={change} />;
    case "list": return <Typed {...one} value={Array.isArray(value) ? value.join(", ") : value} placeholder={words.comma} change={(text) => change(text.split(",").map((part) => part.trimStart()))} />;
    default: return <Typed {...one} />;
  }
}

/** Days begin and end in the installation's zone, which stands beside what is typed. */
const Zoned = ({ zone, children }) => <>{children}<small className="form-hint zone">{zone}</small></>;

const START = { yesno: true, number: "", numbers: ["", ""], days: ["", ""], span: "-7 days", list: [], none: null };

export function Filter({ config, change }) {
  const { catalog } = useBuilder();
  const { subjects, words } = catalog;
  const id = useId();
  const subject = subjects.find((one) => one.name === config.field);
  const operator = subject?.operators.find((one) => one.name === config.operator);
  const set = (field, name) => {
    const asked = subjects.find((one) => one.name === field);
    const found = asked?.operators.find((one) => one.name === name) ?? asked?.operators[0];
    const same = field === config.field && found?.input === operator?.input;
    const made = { field, operator: found?.name ?? "" };
    const value = same ? config.value : START[found?.input] ?? "";
    change(value === null || value === undefined ? made : { ...made, value }, "operator");
  };
  return (
    <div className="mb-3 filter">
      <label className="form-label" htmlFor={id}>{words.field}</label>
      <select className="form-select mb-2" id={id} value={config.field ?? ""} onChange={(event) => set(event.target.value)}>
        {!subject && <option value="">{config.field ? t("gone", { value: config.field }) : t("choose")}</option>}
        {subjects.map((one) => <option key={one.name} value={one.name}>{one.label}</option>)}
      </select>
      {subject && <div className="mb-2"><Choice label={words.operator} options={subject.operators.map((one) => [one.name, one.label])} value={config.operator} change={(name) => set(config.field, name)} /></div>}
      {operator && <Value input={operator.input} subject={subject} words={words} value={config.value} change={(value) => change({ ...config, value }, "value")} />}
    </div>
  );
}
