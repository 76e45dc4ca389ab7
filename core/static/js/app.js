// Behaviour of every page, by data attributes: confirm, copy, close, tick all, send once.

const toasts = document.getElementById("toasts");

function toast(text, link) {
  const box = document.createElement("div");
  box.className = "toast-note card card-sm";
  const body = document.createElement("div");
  body.className = "card-body";
  body.textContent = text + " ";
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link.href;
    anchor.target = "_blank";
    anchor.textContent = link.text;
    body.append(anchor);
  }
  box.append(body);
  toasts.replaceChildren(box);
  if (!link) setTimeout(() => box.remove(), 4000);
}

// a question before what cannot be taken back
const dialog = document.getElementById("confirm");
function ask(text, yes) {
  document.getElementById("confirm-text").textContent = text;
  document.getElementById("confirm-yes").textContent = yes || "OK";
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  // what a button closes is not sent; what htmx sends has its own ways
  if (form.method !== "post" || event.submitter?.formMethod === "dialog" || form.hasAttribute("hx-post")) return;
  const source = event.submitter?.dataset.confirm ? event.submitter : form;
  if (source.dataset.confirm && !form.dataset.sure) {
    event.preventDefault();
    if (!(await ask(source.dataset.confirm, source.dataset.yes))) return;
    form.dataset.sure = "1";
    form.requestSubmit(event.submitter);
    return;
  }
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  for (const button of form.querySelectorAll("button")) button.classList.add("is-sending");
});

// a page that comes back from the browser's memory can be sent again
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form")) {
    delete form.dataset.sent;
    delete form.dataset.sure;
    for (const button of form.querySelectorAll(".is-sending")) button.classList.remove("is-sending");
  }
});

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    copy.previousElementSibling?.select?.();
    try {
      await navigator.clipboard.writeText(copy.dataset.copy);
    } catch {
      document.execCommand("copy");
    }
    toast(toasts.dataset.copied);
  }
  event.target.closest("[data-dismiss]")?.closest(".alert")?.remove();
});

document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-tick-all]");
  if (all) {
    for (const box of document.querySelectorAll(`input[name="${all.dataset.tickAll}"]`)) box.checked = all.checked;
  }
  const input = event.target;
  if (input.type === "file" && input.files.length) {
    const form = input.form;
    const name = form.querySelector(".drop-name");
    if (name) name.textContent = input.files[0].name;
    const tooLarge = input.files[0].size > Number(form.dataset.mostMegabytes || Infinity) * 1024 * 1024;
    input.setCustomValidity(tooLarge ? form.dataset.tooLarge : "");
    input.reportValidity();
  }
});

for (const zone of document.querySelectorAll(".drop")) {
  const input = zone.querySelector("input");
  for (const name of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
  }
}

// htmx: our token with every request, and words when the server says no
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = document.querySelector('meta[name="csrf-token"]').content;
});
const isPlain = (text) => text && text.length < 300 && !text.startsWith("<");
// where a piece of the page waits for the answer, the words stand there as well
function failedIn(target, words) {
  if (!target?.querySelector(".spinner-border")) return;
  const box = document.createElement("p");
  box.className = "text-danger";
  box.textContent = words;
  target.replaceChildren(box);
}
document.addEventListener("htmx:responseError", (event) => {
  const { status, responseText } = event.detail.xhr;
  const words = status === 401 ? toasts.dataset.signedOut : isPlain(responseText) ? responseText : "";
  failedIn(event.detail.target, words || toasts.dataset.noAnswer);
  if (status === 401) toast(toasts.dataset.signedOut, { href: toasts.dataset.login, text: toasts.dataset.signIn });
  else toast(isPlain(responseText) ? responseText : toasts.dataset.failed);
});
// a form that was refused comes back with the reason in it
document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestConfig, xhr } = event.detail;
  if (![400, 409].includes(xhr.status) || !requestConfig.elt.matches("[data-errors]")) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});
document.addEventListener("htmx:afterSwap", (event) => {
  for (const one of document.querySelectorAll("dialog[data-open]:not([open])")) {
    delete one.dataset.open;
    one.showModal();
    const asked = event.detail.requestConfig?.elt; // its button was off while the server thought
    one.addEventListener("close", () => asked?.querySelector(".go")?.focus(), { once: true });
  }
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    failedIn(event.detail.target, toasts.dataset.noAnswer);
    toast(toasts.dataset.failed);
  });
}
// what a person has opened or is pressing stays while a piece of the page is renewed
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, requestConfig } = event.detail;
  const polled = (elt.getAttribute("hx-trigger") || "").startsWith("every");
  if (!polled || requestConfig?.verb !== "get") return;
  if (document.hidden || document.querySelector("dialog[open]") || elt.querySelector("details[open]")) event.preventDefault();
});
// the newest text of a phone is the one to see
function toEnd() {
  const screen = document.getElementById("screen");
  if (screen) screen.scrollTop = screen.scrollHeight;
}
document.addEventListener("htmx:afterSettle", toEnd);
toEnd();
