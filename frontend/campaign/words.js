// What the page says, in the reader's language; the server wrote it into the page.

const given = JSON.parse(document.getElementById("campaign-page").textContent);

export const page = given;

/** The words called *name*; `{x}` in them is filled from *values*. */
export function t(name, values = {}) {
  const words = given.words[name] ?? name;
  return words.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}

/** One thing or several: `name_one` or `name`. */
export function count(name, number) {
  return t(number === 1 ? `${name}_one` : name, { n: number.toLocaleString(page.language) });
}

export const number = (value) => value.toLocaleString(page.language);
