// The filter builder: a tree of groups and conditions, kept as JSON in the form.

const { subjects, words } = JSON.parse(document.getElementById("catalog").textContent);
const byName = new Map(subjects.map((one) => [one.name, one]));
const home = document.getElementById("builder");
const field = document.getElementById("filters");
const locked = !field.form.querySelector("button");
let tree = read();
let counter = 0;

function read() {
  try {
    const stored = field.value.trim() ? JSON.parse(field.value) : null;
    return stored ? asGroup(stored) : { all: [] };
  } catch {
    return { all: [] };
  }
}

// {not: group} and a lone condition are shown as groups too
function asGroup(node) {
  if (node.all || node.any) return { word: node.all ? "all" : "any", nodes: (node.all || node.any).map(asNode) };
  if (node.not) {
    const inner = asGroup(node.not);
    return inner.word === "any" || inner.nodes.length === 1 ? { word: "none", nodes: inner.nodes } : { word: "none", nodes: [inner] };
  }
  return { word: "all", nodes: [asNode(node)] };
}

function asNode(node) {
  return node.field !== undefined ? { ...node } : asGroup(node);
}

function stored(node) {
  if (!node.nodes) {
    const kept = { field: node.field, operator: node.operator };
    if (node.value !== undefined && inputOf(node) !== "none") kept.value = node.value;
    return kept;
  }
  const inner = node.nodes.filter((one) => !one.nodes || one.nodes.length).map(stored);
  return node.word === "none" ? { not: { any: inner } } : { [node.word]: inner };
}

function inputOf(node) {
  return byName.get(node.field)?.operators.find((one) => one.name === node.operator)?.input || "text";
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, work] of Object.entries(value)) element.addEventListener(event, work);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

function save() {
  field.value = tree.nodes.length ? JSON.stringify(stored(tree)) : "";
  field.dispatchEvent(new Event("filters-changed", { bubbles: true }));
}

function draw(focus) {
  home.replaceChildren(drawGroup(tree, null, "filters"));
  if (focus) home.querySelector(`[data-path="${focus}"] select`)?.focus();
}

function choose(label, options, value, change) {
  const select = make("select", { class: "form-select", "aria-label": label, disabled: locked, on: { change: (event) => change(event.target.value) } });
  let group = null;
  for (const [key, text, under] of options) {
    if (under && group?.label !== under) {
      group = make("optgroup", { label: under });
      select.append(group);
    }
    const option = make("option", { value: key }, text);
    option.selected = String(key) === String(value);
    (under ? group : select).append(option);
  }
  return select;
}

function button(text, work, style = "btn-sm", label = "") {
  return make("button", { type: "button", class: `btn ${style}`, "aria-label": label || null, disabled: locked, on: { click: work } }, text);
}

function drawGroup(group, parent, path) {
  const box = make("div", { class: "filter-group", role: "group", "data-path": path });
  const head = make("div", { class: "filter-head" }, make("span", { class: "text-secondary" }, words.match));
  head.append(choose(words.match, ["all", "any", "none"].map((word) => [word, words[word]]), group.word, (word) => { group.word = word; save(); }));
  if (parent) head.append(button("×", () => { parent.nodes.splice(parent.nodes.indexOf(group), 1); save(); draw(); }, "btn-icon btn-sm ms-auto", words.remove));
  box.append(head);
  const inside = group.word === "none" ? `${path}.not.any` : `${path}.${group.word}`;
  group.nodes.forEach((node, at) => {
    const place = `${inside}[${at}]`;
    box.append(node.nodes ? drawGroup(node, group, place) : drawCondition(node, group, place));
  });
  if (!group.nodes.length && !parent) box.append(make("p", { class: "text-secondary mb-2" }, words.empty));
  if (!locked) {
    box.append(make("div", { class: "btn-list mt-2" },
      button(`+ ${words.add}`, () => { group.nodes.push(first()); save(); draw(`${inside}[${group.nodes.length - 1}]`); }),
      button(`+ ${words.group}`, () => { group.nodes.push({ word: "any", nodes: [first()] }); save(); draw(); })));
  }
  return box;
}

function first() {
  const subject = subjects.find((one) => one.name === "city") || subjects[0];
  return { field: subject.name, operator: subject.operators[0].name, value: "" };
}

function drawCondition(node, group, path) {
  const row = make("div", { class: "filter-row", "data-path": path });
  const known = byName.get(node.field);
  const options = subjects.map((one) => [one.name, one.label, one.group]);
  if (!known) options.push([node.field, node.field]);
  row.append(choose(words.field, options, node.field, (name) => {
    node.field = name;
    node.operator = byName.get(name).operators[0].name;
    node.value = blank(node);
    save();
    draw(path);
  }));
  const operators = (known?.operators || []).map((one) => [one.name, one.label]);
  if (!operators.some(([name]) => name === node.operator)) operators.push([node.operator, node.operator]);
  row.append(choose(words.operator, operators, node.operator, (name) => {
    const before = inputOf(node);
    node.operator = name;
    if (inputOf(node) !== before) node.value = blank(node);
    save();
    draw(path);
  }));
  row.append(drawValue(node));
  row.append(button("×", () => { group.nodes.splice(group.nodes.indexOf(node), 1); save(); draw(); }, "btn-icon", words.remove));
  return row;
}

function blank(node) {
  const kind = inputOf(node);
  const options = byName.get(node.field)?.options || [];
  if (kind === "yesno") return true;
  if (kind === "span") return "-7 days";
  if (kind === "list" || kind === "many") return [];
  if (kind === "numbers" || kind === "days") return ["", ""];
  if (kind === "one" && options.length) return options[0][0];
  return kind === "none" ? undefined : "";
}

function typed(label, value, change, more = {}) {
  const attributes = { class: "form-control", "aria-label": label, value: value ?? "", disabled: locked, autocomplete: "off", ...more };
  return make("input", { ...attributes, on: { input: (event) => { change(event.target.value); save(); } } });
}

function listOf(items) {
  const id = `hints-${(counter += 1)}`;
  return [id, make("datalist", { id }, ...items.map((item) => make("option", { value: item })))];
}

const DAYS = ["today", "yesterday", "tomorrow", "-7 days", "-30 days", "-1 year", "+7 days"];

function drawValue(node) {
  const subject = byName.get(node.field);
  const box = make("div", { class: "filter-value" });
  const number = (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text));
  const pair = (make1) => [0, 1].map((at) => make1(at === 0 ? words.from : words.to, (node.value || [])[at], (text, value) => {
    node.value = [...(Array.isArray(node.value) ? node.value : ["", ""])];
    node.value[at] = value;
  }));
  switch (inputOf(node)) {
    case "none": break;
    case "yesno":
      box.append(choose(words.value, [["true", words.yes], ["false", words.no]], node.value, (value) => { node.value = value === "true"; save(); }));
      break;
    case "one":
      if (subject.options.length) {
        box.append(choose(words.value, subject.options, node.value, (value) => { node.value = value; save(); }));
        break;
      }
    // falls through: without options it is typed
    case "text":
      box.append(typed(words.value, node.value, (value) => { node.value = value; }));
      break;
    case "number":
      box.append(typed(words.value, node.value, (value) => { node.value = number(value); }, { inputmode: "decimal" }));
      break;
    case "numbers":
      box.append(...pair((label, value, change) => typed(label, value, (text) => change(text, number(text)), { inputmode: "decimal" })));
      break;
    case "day": case "days": {
      const [id, hints] = listOf(DAYS);
      const more = { list: id, placeholder: words.day };
      if (inputOf(node) === "day") box.append(typed(words.value, node.value, (value) => { node.value = value; }, more));
      else box.append(...pair((label, value, change) => typed(label, value, (text) => change(text, text), more)));
      box.append(hints, make("span", { class: "zone filter-zone" }, words.zone));
      break;
    }
    case "span": drawSpan(node, box); break;
    case "list": {
      const [id, hints] = listOf(subject.hints);
      const shown = Array.isArray(node.value) ? node.value.join(", ") : node.value;
      box.append(typed(words.value, shown, (text) => { node.value = text.split(",").map((item) => item.trim()).filter(Boolean); }, { list: id, placeholder: words.comma }), hints);
      break;
    }
    case "many": {
      const chosen = new Set([].concat(node.value ?? []).map(String));
      const select = make("select", { class: "form-select", multiple: true, size: Math.min(4, Math.max(2, subject.options.length)), "aria-label": words.value, disabled: locked, on: { change: () => { node.value = [...select.selectedOptions].map((one) => Number(one.value)); save(); } } },
        ...subject.options.map(([key, text]) => make("option", { value: key, selected: chosen.has(String(key)) }, text)));
      box.append(select);
      break;
    }
  }
  return box;
}

function drawSpan(node, box) {
  const [, sign, count, unit] = /^([+-])\s?(\d+)\s*(minute|hour|day|week|month|year)s?$/.exec(String(node.value)) || [null, "-", "7", "day"];
  const now = { sign, count, unit };
  const keep = () => { node.value = `${now.sign}${now.count} ${now.unit}s`; save(); };
  const units = [["minute", words.minute], ["hour", words.hour], ["day", words.day_unit], ["week", words.week], ["month", words.month], ["year", words.year]];
  box.append(choose(words.value, [["-", words.last], ["+", words.next]], sign, (value) => { now.sign = value; keep(); }));
  box.append(make("input", { class: "form-control", type: "number", min: "1", max: "99999", value: count, "aria-label": words.value, disabled: locked, on: { input: (event) => { now.count = event.target.value || "1"; keep(); } } }));
  box.append(choose(words.value, units, unit, (value) => { now.unit = value; keep(); }));
}

// the expert's door: JSON in, the builder follows
field.addEventListener("change", () => {
  try {
    tree = field.value.trim() ? asGroup(JSON.parse(field.value)) : { word: "all", nodes: [] };
    field.setCustomValidity("");
    draw();
    field.dispatchEvent(new Event("filters-changed", { bubbles: true }));
  } catch {
    field.setCustomValidity(words.unreadable);
    field.reportValidity();
  }
});

// the place of an error that the server named
function point(place) {
  for (const row of home.querySelectorAll(".filter-bad")) row.classList.remove("filter-bad");
  const rows = [...home.querySelectorAll("[data-path]")].filter((row) => place && place.startsWith(row.dataset.path));
  rows.at(-1)?.classList.add("filter-bad");
}
document.addEventListener("htmx:afterSettle", () => point(document.querySelector("#sample [data-place]")?.dataset.place || ""));

if (!tree.nodes) tree = { word: "all", nodes: [] };
draw();
point(home.dataset.error);
