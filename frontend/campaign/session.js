// One open builder is one editing session; the server takes its saves in the order of their numbers.

import { page } from "./words.js";

const place = () => `heliograph.editing.${page.user}.${page.campaign}`;

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A session that goes on when the page is loaded again in its tab, and nowhere else. */
export class Session {
  constructor() {
    const before = this.take();
    this.id = before?.id ?? newId();
    this.number = before?.number ?? 0;
  }

  /** What the page before left behind. It is taken away: a copy of this tab is another session. */
  take() {
    try {
      const found = JSON.parse(sessionStorage.getItem(place()) ?? "null");
      sessionStorage.removeItem(place());
      if (typeof found?.id === "string" && Number.isInteger(found.number)) return found;
    } catch {
      // nothing can be kept here: each page is a session of its own
    }
    return null;
  }

  /** The page goes away: the next one in this tab goes on. */
  leave() {
    try {
      sessionStorage.setItem(place(), JSON.stringify({ id: this.id, number: this.number }));
    } catch {
      // the next page is another session then
    }
  }

  /** What goes along with the next save. */
  next() {
    this.number += 1;
    return { session: this.id, number: this.number };
  }
}
