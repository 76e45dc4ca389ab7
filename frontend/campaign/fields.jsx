// The form of an event, drawn from the JSON schema that its type brings.

import { useEffect, useId, useState } from "react";
import { useBuilder } from "./context.js";
import { Filter } from "./filter.jsx";
import { Message } from "./message.jsx";
import { t } from "./words.js";

/** The schema with its references followed and "or nothing" taken off. */
export function plain(field, defs = {}) {
  let found = field;
  if (found.$ref) found = { ...defs[found.$ref.split("/").pop()], ...found };
  const choices = found.anyOf ?? found.oneOf ?? (found.allOf?.length === 1 ? found.allOf : null);
  if (choices) {
    const some = choices.filter((one) => one.type !== "null");
    if (some.length === 1) found = { ...plain(some[0], defs), ...found, optional: choices.length > 1 };
  }
  return found;
}

/** What a new event of this type is set to. */
export function defaults(schema) {
  const found = {};
  for (const [name, field] of Object.entries(schema?.properties ?? {})) if (field.default !== undefined && field.default !== null) found[name] = field.default;
  return found;
}

const nameOf = (name, field) => field.title || name.replaceAll("_", " ");

export function NumberInput({ id, label, value, min, max, step = 1, change, ...more }) {
  const [typed, setTyped] = useState(String(value ?? ""));
  useEffect(() => setTyped((now) => (now !== "" && Number(now) === value ? now : String(value ?? ""))), [value]);
  const typing = (event) => {
    setTyped(event.target.value);
    const read = event.target.value === "" ? null : Number(event.target.value);
    const fits = read !== null && Number.isFinite(read) && (step !== 1 || Number.isInteger(read)) && (min === undefined || read >= min) && (max === undefined || read <= max);
    event.target.setCustomValidity(fits || (read === null && more.optional) ? "" : t("number_between", { min: min ?? "–", max: max ?? "–" }));
    if (fits) change(read);
    else if (read === null && more.optional) change(null);
  };
  return <input className="form-control" id={id} type="number" inputMode="numeric" aria-label={label} value={typed} min={min} max={max} step={step}
    aria-describedby={more["aria-describedby"]} onChange={typing} onBlur={(event) => { if (!event.target.checkValidity()) setTyped(String(value ?? "")); event.target.setCustomValidity(""); }} />;
}

function Options({ choices, value }) {
  const known = choices.some((one) => String(one.value) === String(value));
  return (
    <>
      {(!known || value === undefined || value === null) && <option value="">{value === undefined || value === null || value === "" ? t("choose") : t("gone", { value })}</option>}
      {choices.map((one) => <option key={one.value} value={one.value} disabled={one.disabled}>{one.label}</option>)}
    </>
  );
}

/** Ticks for a set of things. */
function Many({ choices, value, change, label }) {
  const chosen = Array.isArray(value) ? value : [];
  const [words, setWords] = useState("");
  const toggle = (one) => change(chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one]);
  const shown = choices.filter((one) => chosen.includes(one.value) || one.label.toLowerCase().includes(words.trim().toLowerCase()));
  return (
    <div className="ticks" role="group" aria-label={label}>
      {choices.length > 12 && <input className="form-control form-control-sm mb-2" type="search" value={words} placeholder={t("search_events")} aria-label={t("search_events")} onChange={(event) => setWords(event.target.value)} />}
      {shown.map((one) => (
        <label className="form-check" key={one.value}><input className="form-check-input" type="checkbox" checked={chosen.includes(one.value)} onChange={() => toggle(one.value)} /><span className="form-check-label">{one.label}</span></label>
      ))}
      {!choices.length && <span className="text-secondary">{t("nothing_to_choose")}</span>}
    </div>
  );
}

/** Several words, by comma or line by line, with what there is already as hints. */
function Words({ id, value, change, hints, described, lines = false }) {
  const shown = (words) => (words ?? []).join(lines ? "\n" : ", ");
  const read = (text) => text.split(lines ? "\n" : ",").map((one) => one.trim()).filter(Boolean);
  const [typed, setTyped] = useState(shown(value));
  useEffect(() => setTyped((now) => (JSON.stringify(read(now)) === JSON.stringify(value ?? []) ? now : shown(value))), [value]);
  const left = hints.filter((one) => !(value ?? []).includes(one.value));
  const more = { id, value: typed, "aria-describedby": described, onChange: (event) => { setTyped(event.target.value); change(read(event.target.value)); } };
  return (
    <>
      {lines ? <textarea className="form-control" rows={3} placeholder={t("by_line")} {...more} /> : <input className="form-control" placeholder={t("by_comma")} {...more} />}
      {left.length > 0 && <div className="hints">{left.slice(0, 8).map((one) => (
        <button className="badge tone-calm hint" type="button" key={one.value} onClick={() => change([...(value ?? []), one.value])}>+ {one.label}</button>
      ))}</div>}
    </>
  );
}

function Input({ id, name, field, value, change, described, defs, label }) {
  const { choicesOf } = useBuilder();
  const hint = field.choices_from;
  const choices = hint ? choicesOf(hint) : (field.enum ?? []).map((one) => ({ value: one, label: field.labels?.[one] ?? String(one).replaceAll("_", " ") }));
  const common = { id, "aria-describedby": described };
  if (hint === "messages" && field.type !== "array") return <Message id={id} value={value} change={change} described={described} choices={choices} />;
  if (field.type === "array") {
    const items = plain(field.items ?? {}, defs);
    if (items.type === "object" || items.properties) return <Rows schema={items} value={value ?? []} change={change} defs={defs} label={label} most={field.maxItems} least={field.minItems} />;
    const listed = hint ? choices : (items.enum ?? []).map((one) => ({ value: one, label: field.labels?.[one] ?? String(one) }));
    if (items.type === "string" && !items.enum && (hint === "tags" || !hint)) return <Words id={id} value={value} change={change} hints={hint ? choices : []} described={described} lines={!hint} />;
    return <Many choices={listed} value={value} change={change} label={label} />;
  }
  if (hint || field.enum) {
    const number = field.type === "integer" || field.type === "number";
    return <select className="form-select" {...common} value={value ?? ""} onChange={(event) => change(event.target.value === "" ? null : number ? Number(event.target.value) : event.target.value)}><Options choices={choices} value={value} /></select>;
  }
  if (field.type === "integer" || field.type === "number") {
    return <NumberInput {...common} value={value} min={field.minimum ?? (field.exclusiveMinimum !== undefined ? field.exclusiveMinimum + 1 : undefined)} max={field.maximum} step={field.type === "integer" ? 1 : "any"} optional={field.optional || undefined} change={change} />;
  }
  const long = field.multiline || field.format === "textarea" || (field.maxLength ?? 0) > 300;
  const more = { ...common, value: value ?? "", maxLength: field.maxLength, onChange: (event) => change(event.target.value) };
  return long ? <textarea className="form-control" rows={4} {...more} /> : <input className="form-control" type={field.format === "time" ? "time" : "text"} placeholder={field.placeholder} {...more} />;
}

/** Rows of several fields, such as the ways of a split. */
function Rows({ schema, value, change, defs, label, most = 20, least = 0 }) {
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => [name, plain(field, defs)]);
  const set = (index, name, one) => change(value.map((row, at) => (at === index ? { ...row, [name]: one } : row)));
  return (
    <div role="group" aria-label={label}>
      {value.map((row, index) => (
        <div className="pair mb-2" key={index}>
          {fields.map(([name, field]) => (
            <div key={name}><Input id={undefined} name={name} field={field} value={row[name]} change={(one) => set(index, name, one)} defs={defs} label={nameOf(name, field)} /></div>
          ))}
          <button className="btn btn-sm" type="button" disabled={value.length <= least} onClick={() => change(value.filter((_row, at) => at !== index))}>{t("remove")}</button>
        </div>
      ))}
      <button className="btn btn-sm" type="button" disabled={value.length >= most} onClick={() => change([...value, defaults(schema)])}>{t("add_row")}</button>
    </div>
  );
}

function Field({ name, field, config, set, defs, required }) {
  const id = useId();
  const label = nameOf(name, field);
  const value = config[name] ?? field.default;
  const change = (one) => set(name, one);
  const help = field.description && <small className="form-hint" id={`${id}h`}>{field.description}</small>;
  if (field.type === "boolean") {
    return (
      <div className="mb-3"><label className="form-check form-switch mb-0"><input className="form-check-input" type="checkbox" checked={Boolean(value)} onChange={(event) => change(event.target.checked)} aria-describedby={help ? `${id}h` : undefined} /><span className="form-check-label">{label}</span></label>{help}</div>
    );
  }
  return (
    <div className="mb-3">
      <label className={`form-label${required ? " required" : ""}`} htmlFor={id}>{label}</label>
      <Input id={id} name={name} field={field} value={value} change={change} described={help ? `${id}h` : undefined} defs={defs} label={label} />
      {help}
    </div>
  );
}

/** Whether *field* is asked for, given what the others say: `only_with: {other: value or [values]}`. */
function isShown(field, config, schema) {
  return Object.entries(field.only_with ?? {}).every(([other, wanted]) => [].concat(wanted).includes(config[other] ?? schema.properties[other]?.default));
}

/** A span: its amount and its unit side by side. */
function Span({ name, field, unit, config, set, required }) {
  const id = useId();
  const stem = name.replace("_amount", "_unit");
  return (
    <div className="mb-3">
      <label className={`form-label${required ? " required" : ""}`} htmlFor={id}>{nameOf(name, field)}</label>
      <div className="pair">
        <NumberInput id={id} value={config[name] ?? field.default} min={field.minimum ?? 0} max={field.maximum} optional={field.optional || undefined} change={(one) => set(name, one)} />
        <select className="form-select" aria-label={t("unit")} value={config[stem] ?? unit.default ?? ""} onChange={(event) => set(stem, event.target.value)}>
          {(unit.enum ?? []).map((one) => <option key={one} value={one}>{t(`unit_${one}`)}</option>)}
        </select>
      </div>
      {field.description && <small className="form-hint">{field.description}</small>}
    </div>
  );
}

export function Fields({ schema, config, change }) {
  const { canWrite } = useBuilder();
  const defs = schema?.$defs ?? {};
  const fields = Object.fromEntries(Object.entries(schema?.properties ?? {}).map(([name, field]) => [name, plain(field, defs)]));
  const set = (name, value) => {
    const changed = { ...config, [name]: value };
    if (value === null || value === undefined) delete changed[name];
    change(changed, name);
  };
  const asked = Object.entries(fields).some(([, field]) => field.ui === "filter");
  if (asked) return <fieldset disabled={!canWrite}><Filter config={config} change={change} /></fieldset>;
  return (
    <fieldset disabled={!canWrite}>
      {Object.entries(fields).map(([name, field]) => {
        const unit = fields[name.replace("_amount", "_unit")];
        if (!isShown(field, config, { properties: fields })) return null;
        if (name.endsWith("_unit") && fields[name.replace("_unit", "_amount")]) return null;
        const more = { name, field, config, set, required: schema.required?.includes(name) };
        return name.endsWith("_amount") && unit ? <Span key={name} {...more} unit={unit} /> : <Field key={name} {...more} defs={defs} />;
      })}
    </fieldset>
  );
}
