// Calls of the server: JSON there and back, and an error that says what can be done.

import { page, t } from "./words.js";

let token = document.querySelector('meta[name="csrf-token"]').content;

/** `kind` is offline, signed-out, conflict, refused or failed. */
export class CallError extends Error {
  constructor(kind, message, answer = {}) {
    super(message);
    this.kind = kind;
    this.answer = answer;
  }
}

const KINDS = { 401: "signed-out", 409: "conflict" };

async function ask(url, method, body, more) {
  const headers = { Accept: "application/json", "X-CSRFToken": token };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(url, { method, headers, body: body && JSON.stringify(body), credentials: "same-origin", ...more });
  } catch {
    throw new CallError("offline", t("offline"));
  }
}

/** The answer as an object; raises CallError. After a new sign-in it takes the new token once. */
export async function call(url, method = "GET", body = undefined, more = {}) {
  let response = await ask(url, method, body, more);
  if (response.status === 400 && method !== "GET" && response.headers.get("X-Token-Refused")) {
    token = (await call(page.urls.token)).token;
    document.querySelector('meta[name="csrf-token"]').content = token;
    response = await ask(url, method, body, more);
  }
  let answer = {};
  try {
    answer = await response.json();
  } catch {
    if (response.ok) throw new CallError("failed", t("failed"));
  }
  if (response.ok) return answer;
  const kind = KINDS[response.status] ?? (response.status < 500 ? "refused" : "failed");
  throw new CallError(kind, answer.error || t("failed"), answer);
}

/** Hand it over while the page goes away: nobody waits for the answer. */
export function leave(url, body) {
  const headers = { Accept: "application/json", "X-CSRFToken": token, "Content-Type": "application/json" };
  const text = JSON.stringify(body);
  if (text.length > 60_000) return; // more is not taken by browsers
  fetch(url, { method: "PUT", headers, body: text, keepalive: true, credentials: "same-origin" }).catch(() => {});
}

export const csrf = () => token;
