// The draft is saved as it is drawn; what could not be saved waits in the browser.

import { call, leave } from "./api.js";
import { normal, written } from "./model.js";
import { page } from "./words.js";

const PAUSE = 700;
const AGAIN = [2000, 5000, 10_000, 30_000];

/** `state` is saved, waiting, saving, failed, signed-out or conflict; `words` say why. */
export class Saver {
  constructor({ canvas, version, session, told }) {
    this.url = page.urls.draft;
    this.version = version;
    this.session = session;
    this.heir = null; // the session of an earlier visit, of which something is left
    this.saved = written(canvas);
    this.newest = canvas;
    this.told = told; // called with each answer of the server
    this.listeners = new Set();
    this.shown = { state: "saved", words: "" };
    this.failures = 0;
    addEventListener("online", () => this.run().catch(() => {}));
    addEventListener("pagehide", () => this.hurry());
    addEventListener("pageshow", () => {
      this.left = false;
      this.session.take();
    });
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
      this.forget();
      if (!this.flight && this.shown.state !== "conflict") this.show("saved");
      return;
    }
    this.kept = rescue(canvas, this.version, this.session.id);
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
      if (!this.failures) this.show("saving");
      try {
        const answer = await call(this.url, "PUT", this.body(canvas));
        this.version = answer.version;
        this.saved = written(canvas);
        this.failures = 0;
        this.heir = null;
        this.told(answer);
      } catch (error) {
        if (this.inherits(error)) continue;
        this.refused(error);
        throw error;
      }
    }
    this.forget();
    this.show("saved");
  }

  body(canvas) {
    return { canvas, version: this.version, ...this.session.next() };
  }

  /** Whether what stands at the server was saved by the visit that we go on from: nobody else's. */
  inherits(error) {
    if (error.kind !== "conflict" || !this.heir || error.answer.session !== this.heir) return false;
    if (error.answer.version === this.version) return false;
    this.version = error.answer.version;
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
    this.forget();
    this.show("saved");
    return canvas;
  }

  /** Whether there is something that may be sent. */
  get hasNews() {
    return !this.clean && this.shown.state !== "conflict";
  }

  /**
   * The page goes away: hand over what is newest without waiting for any answer. It has a higher
   * number than what is under way, so it counts in whatever order they come.
   */
  hurry() {
    this.left = true;
    if (this.hasNews) {
      clearTimeout(this.timer);
      leave(this.url, this.body(this.newest));
      this.timer = setTimeout(() => this.run().catch(() => {}), PAUSE * 4);
    }
    // a page that cannot know what was handed over must not write over it as if it did
    if (this.clean || this.kept) this.session.leave();
  }

  forget() {
    forget([this.session.id, this.heir]);
  }
}

const place = () => `heliograph.canvas.${page.user}.${page.campaign}`;

/** Keeps what is not saved yet, with the session that drew it; false where nothing can be kept. */
function rescue(canvas, version, session) {
  try {
    localStorage.setItem(place(), JSON.stringify({ canvas, version, session }));
    return true;
  } catch {
    return false; // a full store: the page itself still has it
  }
}

/** Nothing is left to save of these sessions; what another tab keeps stays. */
function forget(sessions) {
  try {
    const found = JSON.parse(localStorage.getItem(place()) ?? "null");
    if (!found?.session || sessions.includes(found.session)) localStorage.removeItem(place());
  } catch {
    // nothing was kept then
  }
}

/**
 * What an earlier visit could not save: {canvas, version, session}, or null. *canvas* and *version*
 * stand at the server, *session* saved them: when it is the same visit, nobody drew in between.
 */
export function rescued(canvas, version, session) {
  let found = null;
  try {
    found = JSON.parse(localStorage.getItem(place()) ?? "null");
    if (!found) return null;
    const own = found.session && found.session === session;
    const kept = { canvas: normal(found.canvas), version: own ? version : found.version, session: found.session };
    if (written(kept.canvas) !== written(canvas)) return kept;
  } catch {
    // no canvas: somebody else's words
  }
  forget([found?.session]);
  return null;
}
