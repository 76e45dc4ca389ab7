// The draft is saved as it is drawn; what could not be saved waits in the browser.

import { call, leave } from "./api.js";
import { normal, written } from "./model.js";
import { page } from "./words.js";

const PAUSE = 700;
const AGAIN = [2000, 5000, 10_000, 30_000];

/** `state` is saved, waiting, saving, failed, signed-out or conflict; `words` say why. */
export class Saver {
  constructor({ canvas, version, told }) {
    this.url = page.urls.draft;
    this.version = version;
    this.saved = written(canvas);
    this.newest = canvas;
    this.sent = new Set(); // what we handed over, whether or not we heard of it
    this.told = told; // called with each answer of the server
    this.listeners = new Set();
    this.shown = { state: "saved", words: "" };
    this.failures = 0;
    addEventListener("online", () => this.run().catch(() => {}));
    addEventListener("pagehide", () => this.hurry());
    addEventListener("pageshow", () => { this.left = false; });
    document.addEventListener("visibilitychange", () => document.hidden && !this.left && this.hasNews && this.run().catch(() => {}));
  }

  subscribe = (listener) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = () => this.shown;

  show(state, words = "") {
    this.shown = { state, words };
    for (const listener of this.listeners) listener();
  }

  get clean() {
    return written(this.newest) === this.saved;
  }

  /** The canvas as it is now. */
  take(canvas) {
    this.newest = canvas;
    clearTimeout(this.timer);
    if (this.clean) {
      forget();
      if (!this.flight && this.shown.state !== "conflict") this.show("saved");
      return;
    }
    rescue(canvas, this.version, this.flight && [...this.sent].at(-1));
    if (this.shown.state === "conflict") return;
    if (this.shown.state !== "failed" && this.shown.state !== "signed-out") this.show("waiting");
    this.timer = setTimeout(() => this.run().catch(() => {}), PAUSE);
  }

  /** Saves what is not saved yet; rejects with a CallError when that cannot be done. */
  run() {
    clearTimeout(this.timer);
    this.flight ??= this.send().finally(() => {
      this.flight = null;
    });
    return this.flight;
  }

  async send() {
    while (!this.clean) {
      const canvas = this.newest;
      this.sent.delete(written(canvas));
      this.sent.add(written(canvas));
      if (!this.failures) this.show("saving");
      try {
        const answer = await call(this.url, "PUT", { canvas, version: this.version });
        this.version = answer.version;
        this.saved = written(canvas);
        this.failures = 0;
        this.told(answer);
      } catch (error) {
        if (this.isOurs(error)) continue;
        this.refused(error);
        throw error;
      }
    }
    forget();
    this.show("saved");
  }

  /** Whether what stands at the server is our own, of which the answer never came. */
  isOurs(error) {
    if (error.kind !== "conflict" || !error.answer.canvas) return false;
    const theirs = written(normal(error.answer.canvas));
    if (!this.sent.has(theirs) || error.answer.version === this.version) return false;
    this.version = error.answer.version;
    this.saved = theirs;
    return true;
  }

  refused(error) {
    if (error.kind === "conflict" && error.answer.canvas) {
      this.meet(error.answer, error.message);
      return;
    }
    this.show(error.kind === "signed-out" ? "signed-out" : "failed", error.message);
    if (error.kind === "refused" || error.kind === "signed-out") return; // asking again changes nothing
    const wait = AGAIN[Math.min(this.failures, AGAIN.length - 1)];
    this.failures += 1;
    this.timer = setTimeout(() => this.run().catch(() => {}), wait);
  }

  /** *theirs* {canvas, version} stands, ours does not follow it: a person decides. */
  meet(theirs, words) {
    this.theirs = theirs;
    this.show("conflict", words);
  }

  /** Ours replaces theirs. */
  keepOurs() {
    this.version = this.theirs.version;
    this.saved = "";
    this.show("waiting");
    return this.run();
  }

  /** Theirs as a canvas; what was ours is left to the caller. */
  takeTheirs() {
    const canvas = normal(this.theirs.canvas);
    this.version = this.theirs.version;
    this.saved = written(canvas);
    this.newest = canvas;
    forget();
    this.show("saved");
    return canvas;
  }

  /** Whether there is something that may be sent. */
  get hasNews() {
    return !this.clean && this.shown.state !== "conflict" && !this.flight;
  }

  /** The page goes away: hand it over without waiting for the answer. */
  hurry() {
    this.left = true;
    if (!this.hasNews) return;
    clearTimeout(this.timer);
    this.sent.add(written(this.newest));
    leave(this.url, { canvas: this.newest, version: this.version });
    this.timer = setTimeout(() => this.run().catch(() => {}), PAUSE * 4);
  }
}

const place = () => `heliograph.canvas.${page.user}.${page.campaign}`;

/** *sent* is the text of a canvas that is under way: it may stand at the server before we hear of it. */
function rescue(canvas, version, sent) {
  try {
    localStorage.setItem(place(), JSON.stringify({ canvas, version, sent }));
  } catch {
    // a full store: the page itself still has it
  }
}

function forget() {
  try {
    localStorage.removeItem(place());
  } catch {
    // nothing was kept then
  }
}

/** What an earlier visit could not save: {canvas, version, sent}, or null. *canvas* and *version* stand at the server. */
export function rescued(canvas, version) {
  try {
    const found = JSON.parse(localStorage.getItem(place()) ?? "null");
    if (!found) return null;
    const kept = { canvas: normal(found.canvas), version: found.sent === written(canvas) ? version : found.version, sent: found.sent };
    if (written(kept.canvas) !== written(canvas)) return kept;
  } catch {
    // no canvas: somebody else's words
  }
  forget();
  return null;
}
