// When a broadcast goes out: the button says what it does, and a typed date chooses "At".

const field = (form) => form.querySelector("input[type=datetime-local]");
const chosen = (form) => (form.querySelector("input[name=when]:checked") ?? form.querySelector("input[name=when]")).value;
const NUMERIC = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" };

/** "Tue, Dec 1, 09:00": what was typed, as the page's language writes it. */
function timeWords(typed, language) {
  const at = new Date(`${typed}Z`);
  const day = { weekday: "short", month: "short", day: "numeric", timeZone: "UTC" };
  if (at.getUTCFullYear() !== new Date().getFullYear()) day.year = "numeric";
  const parts = [day, NUMERIC].map((one) => new Intl.DateTimeFormat(language, one).format(at));
  return parts.join(", ");
}

function label(form) {
  const button = form.querySelector("#go");
  if (!button) return;
  const { language, counting, now, later, noTime } = button.dataset;
  let words = field(form).value ? later.replace("{time}", timeWords(field(form).value, language)) : noTime;
  let waits = false;
  if (chosen(form) === "now") {
    const counted = document.getElementById("counted")?.dataset.send;
    waits = !counted && !document.getElementById("ahead").dataset.failed;
    words = counted ?? (waits ? counting : now);
  }
  button.querySelector(".go-words").textContent = words;
  button.disabled = waits || Boolean(form.closest("[data-problem]"));
}

const labels = () => document.querySelectorAll("form[data-when]").forEach(label);

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-when]");
  if (!form) return;
  const at = field(form);
  const later = form.querySelector("input[type=radio][value=later]");
  if (event.target === at && later) later.checked = true;
  // Now and a date would contradict each other: the date waits aside until At is chosen again
  if (event.target.value === "now") {
    at.dataset.aside = at.value;
    at.value = "";
  } else if (event.target === later && at.dataset.aside && !at.value) at.value = at.dataset.aside;
  label(form);
});

document.addEventListener("htmx:afterSettle", labels);
for (const name of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(name, (event) => {
    if (event.target.id !== "ahead") return;
    event.target.dataset.failed = "1";
    labels();
  });
}
labels();
