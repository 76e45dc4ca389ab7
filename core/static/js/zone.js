// The zone of the browser, and the country that goes with it, where a page asks for them.

function nameOf(timeZone) {
  try {
    return new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone;
  } catch {
    return timeZone;
  }
}

function countryOfLanguage() {
  try {
    return new Intl.Locale(navigator.language).region || "";
  } catch {
    return "";
  }
}

const here = nameOf(undefined) || "";

// the welcome page: what is filled in can be changed before it is sent
const asked = document.querySelector("[data-zone-country][data-guess]");
if (asked) {
  const input = asked.querySelector('input[name="timezone"]');
  const known = [...input.list.options].find((option) => option.value === here);
  if (known && !input.value) input.value = here;
  const select = asked.querySelector("select");
  const country = known?.dataset.country || countryOfLanguage();
  if (select && [...select.options].some((option) => option.value === country)) select.value = country;
}

// the account and the settings: another zone than the one that counts now
const offer = document.querySelector("[data-zone-offer]");
if (offer) {
  const field = document.getElementById("timezone");
  const options = [...(field.list || field).options];
  const known = options.find((option) => option.value === here) || options.find((option) => option.value && nameOf(option.value) === here);
  if (known && nameOf(offer.dataset.zoneOffer) !== here) {
    const words = offer.querySelector("[data-words]");
    words.textContent = words.dataset.words.replace("{zone}", known.value.replaceAll("_", " "));
    offer.querySelector("button").addEventListener("click", () => {
      field.value = known.value;
      field.form.requestSubmit();
    });
    offer.hidden = false;
  }
}
