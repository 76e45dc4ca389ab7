// Going through the canvas by keyboard.

import { childrenOf, find, SOURCES } from "./model.js";

const STEP = 24;
export const MOVES = { ArrowUp: [0, -STEP], ArrowDown: [0, STEP], ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0] };

/** The key of the card that an arrow leads to, or null. */
export function neighbour(canvas, key, arrow) {
  const event = key === SOURCES ? null : find(canvas, key);
  if (arrow === "ArrowUp") return event ? event.parent ?? SOURCES : null;
  if (arrow === "ArrowDown") return childrenOf(canvas, event ? key : null)[0]?.key ?? null;
  if (!event) return null;
  const row = childrenOf(canvas, event.parent);
  const at = row.findIndex((one) => one.key === key) + (arrow === "ArrowRight" ? 1 : -1);
  return row[at]?.key ?? null;
}

/** Whether keys belong to what is typed in, or to a dialog. */
export function isBusy(target) {
  return Boolean(target.closest?.("input, textarea, select, [contenteditable], dialog")) || Boolean(document.querySelector("dialog[open]"));
}

/** The focus on the card of *key*, once it is drawn and no dialog is in the way. */
export function focusCard(key, tries = 60) {
  const card = document.querySelector(`[data-event="${CSS.escape(key)}"]`);
  const free = !document.querySelector("dialog[open]");
  if (free && card?.checkVisibility({ visibilityProperty: true })) card.focus({ preventScroll: true });
  else if (tries) requestAnimationFrame(() => focusCard(key, tries - 1));
}
