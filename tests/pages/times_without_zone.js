// Each hour and minute that a person sees, and each field for one, that no zone stands by.
([zone, words]) => {
  const clock = /(^|[^\d:])\d{1,2}:\d{2}(?![\d:])/;
  const drawn = (one) => one.getClientRects().length > 0 && one.checkVisibility({ visibilityProperty: true });
  const named = /UTC|\btime\b/;
  const above = (one) => [one.closest("table"), one.closest(".zone-once")].some(
    (box) => box && [...box.querySelectorAll(".zone-head")].some(drawn));
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data, box = walk.currentNode.parentElement;
    const people = box.closest(".bubble, .text-truncate, .excerpt") && !box.closest(".bubble-foot");
    if (!clock.test(text) || people || !drawn(box) || box.closest("script, textarea, option, pre")) continue;
    const time = box.closest("time");
    const beside = time ? [...time.querySelectorAll(".zone")].some(drawn) : named.test(text);
    if (!beside && !above(box)) found.push(`no zone: ${text.trim()}`);
    if (!time?.dateTime) continue;
    const right = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
    if (!text.includes(right.format(new Date(time.dateTime)))) found.push(`not in ${zone}: ${text}`);
  }
  for (const field of document.querySelectorAll("input[type=datetime-local]")) {
    const beside = (field.getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id));
    if (!beside.some((one) => one && one.textContent.includes(words))) found.push(`no zone at the field ${field.name}`);
  }
  return found;
}
