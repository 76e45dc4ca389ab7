// The editor of a text: tokens at the cursor, marks under dear characters, one-click replacement.

/** Bring the form in *root* to life: the whole page, or a dialog that holds it. */
export function editor(root) {
  const find = (name) => root.querySelector(`#${name}`);
  const text = find("text");
  const marks = find("marks");
  const token = find("token");
  const fallback = find("default");

  function changed() {
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  token?.addEventListener("change", () => {
    if (!token.value) return;
    const words = fallback.value.replace(/[{}|]/g, "").trim();
    const inserted = words ? token.value.replace("}", `|${words}}`) : token.value;
    text.setRangeText(inserted, text.selectionStart, text.selectionEnd, "end");
    token.value = "";
    text.focus();
    changed();
  });

  // the same text behind the textarea, with marks: only its background is seen
  function mark() {
    const screen = root.querySelector("[data-offenders]");
    const offenders = new Set(screen ? JSON.parse(screen.dataset.offenders).map(([character]) => character) : []);
    marks.replaceChildren();
    for (const character of text.value) {
      if (offenders.has(character)) {
        const spot = document.createElement("mark");
        spot.textContent = character;
        marks.append(spot);
      } else marks.append(character);
    }
    marks.append("\n");
    marks.scrollTop = text.scrollTop;
  }

  text.addEventListener("scroll", () => { marks.scrollTop = text.scrollTop; });
  text.addEventListener("input", mark);
  find("preview").addEventListener("htmx:afterSettle", mark);
  mark();

  find("preview").addEventListener("click", (event) => {
    const button = event.target.closest("[data-replace]");
    if (!button) return;
    text.value = text.value.split(button.dataset.replace).join(button.dataset.with);
    text.focus();
    changed();
  });

  // a template needs no segments and no review
  const review = find("to-review");
  const segments = find("segment-choice");
  function fit() {
    const chosen = root.querySelector('input[name="kind"]:checked');
    if (!chosen) return;
    const template = chosen.value === "template";
    if (segments) segments.hidden = template;
    if (review) review.hidden = template;
  }
  for (const radio of root.querySelectorAll('input[name="kind"]')) radio.addEventListener("change", fit);
  fit();
}

if (document.getElementById("editor")) editor(document);
