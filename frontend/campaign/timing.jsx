// When an event happens: at once, after a while, or on a date; at which hour, on which days.

import { useId } from "react";
import { useBuilder } from "./context.js";
import { NumberInput } from "./fields.jsx";
import { dayName } from "./phrases.js";
import { t } from "./words.js";

const UNITS = ["minutes", "hours", "days", "weeks", "months"];
const MOST = { minutes: 525_600, hours: 8760, days: 3660, weeks: 520, months: 120 };
const WORKING = [0, 1, 2, 3, 4];

export function Timing({ event, change }) {
  const { canWrite } = useBuilder();
  const id = useId();
  const timing = event.timing;
  const set = (changes) => change({ timing: { ...timing, ...changes } });
  const hours = timing.hour ? "at" : timing.begin && timing.end ? "between" : "any";
  const setHours = (value) => set({
    hour: value === "at" ? timing.hour ?? "10:00" : null,
    begin: value === "between" ? timing.begin ?? "09:00" : null,
    end: value === "between" ? timing.end ?? "20:00" : null,
  });
  // a date has its own hour and day: what was set before would move it unseen
  const setMode = (mode) => set(mode === "date" ? { mode, hour: null, begin: null, end: null, weekdays: [] } : { mode });
  const narrowed = timing.mode !== "date" || Boolean(timing.hour || timing.begin || timing.end) || timing.weekdays.length > 0;
  const toggle = (day) => set({ weekdays: timing.weekdays.includes(day) ? timing.weekdays.filter((one) => one !== day) : [...timing.weekdays, day].sort() });
  return (
    <fieldset className="panel-section" disabled={!canWrite}>
      <legend className="panel-legend">{t("when")}</legend>
      <label className="form-label" htmlFor={`${id}m`}>{t("it_happens")}</label>
      <select className="form-select mb-2" id={`${id}m`} value={timing.mode} onChange={(one) => setMode(one.target.value)}>
        <option value="immediate">{t("at_once")}</option>
        <option value="interval">{t("after_a_while")}</option>
        <option value="date">{t("on_a_date")}</option>
      </select>
      {timing.mode === "interval" && (
        <div className="pair mb-2">
          <NumberInput label={t("amount")} value={timing.amount} min={0} max={MOST[timing.unit]} change={(amount) => set({ amount })} />
          <select className="form-select" aria-label={t("unit")} value={timing.unit} onChange={(one) => set({ unit: one.target.value })}>
            {UNITS.map((unit) => <option key={unit} value={unit}>{t(`unit_${unit}`)}</option>)}
          </select>
        </div>
      )}
      {timing.mode === "date" && (
        <>
          <label className="form-label" htmlFor={`${id}d`}>{t("date")}</label>
          <input className="form-control" id={`${id}d`} type="datetime-local" value={timing.date ?? ""} aria-describedby={`${id}z`} onChange={(one) => set({ date: one.target.value || null })} />
        </>
      )}
      {narrowed && (
        <>
          <label className="form-label" htmlFor={`${id}h`}>{t("hours")}</label>
          <select className="form-select mb-2" id={`${id}h`} value={hours} onChange={(one) => setHours(one.target.value)}>
            <option value="any">{t("any_hour")}</option>
            {(timing.mode !== "date" || timing.hour) && <option value="at">{t("at_an_hour")}</option>}
            <option value="between">{t("between_hours_choice")}</option>
          </select>
          {hours === "at" && <input className="form-control mb-2" type="time" required aria-label={t("hour")} value={timing.hour} onChange={(one) => one.target.value && set({ hour: one.target.value })} />}
          {hours === "between" && (
            <div className="pair mb-2">
              <input className="form-control" type="time" required aria-label={t("from_hour")} value={timing.begin} onChange={(one) => one.target.value && set({ begin: one.target.value })} />
              <input className="form-control" type="time" required aria-label={t("to_hour")} value={timing.end} onChange={(one) => one.target.value && set({ end: one.target.value })} />
            </div>
          )}
          <fieldset className="mb-2">
            <legend className="form-label">{t("days")}</legend>
            <div className="days">
              {[0, 1, 2, 3, 4, 5, 6].map((day) => (
                <label className="day" key={day}><input type="checkbox" checked={timing.weekdays.includes(day)} onChange={() => toggle(day)} /><span>{dayName(day)}</span></label>
              ))}
            </div>
            <button className="btn btn-sm mt-2" type="button" onClick={() => set({ weekdays: timing.weekdays.join() === WORKING.join() ? [] : WORKING })}>{t("working_days")}</button>
          </fieldset>
        </>
      )}
      <small className="form-hint" id={`${id}z`}>{t("zone_hint")}</small>
    </fieldset>
  );
}
