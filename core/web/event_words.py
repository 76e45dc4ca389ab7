"""The palette in the reader's language: what types of events call themselves and ask for.

Types speak English, ours and the plugins' alike. What is listed here is translated;
anything else is shown as it is.
"""

from __future__ import annotations

from typing import Any

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

from heliograph.campaigns import palette
from heliograph.web.sentence_words import told

TYPES: tuple[LazyString, ...] = (
    *(_l("Send Text Message"), _l("Sends a template text message to the contact.")),
    *(_l("Send Text Message (simulator)"), _l("Replies"), _l("Waits for a reply of the contact.")),
    *(_l("Change segments"), _l("Adds the contact to segments by hand, or takes it out of them.")),
    *(_l("Change tags"), _l("Puts tags on the contact, or takes them off.")),
    *(_l("Change a field"), _l("Writes a value into a field of the contact, or clears it.")),
    _l("Add to do-not-contact"),
    _l("Puts the contact's number on do-not-contact: no text goes to it any more."),
    _l("Remove from do-not-contact"),
    _l(
        "Takes the contact's number off do-not-contact. A STOP stays, which only a START lifts, "
        "and so does who unsubscribed elsewhere."
    ),
    *(_l("Change campaigns"), _l("Adds the contact to campaigns, or takes it out of them.")),
    _l("Jump to an event"),
    _l("Contacts go on at another event of this campaign, and may take its steps again."),
    *(_l("Text is delivered"), _l("Waits until the phone has the text that was sent before.")),
    *(_l("Text fails"), _l("Waits whether the text that was sent before fails for good.")),
    _l("Clicks a link"),
    _l("Waits until the contact opens a link of a text; what machines open does not count."),
    *(_l("Opts out"), _l("Waits whether the contact's number comes on do-not-contact.")),
    *(
        _l("Field value"),
        _l("Compares a field of the contact, by every operator that segments have."),
    ),
    *(_l("Tag"), _l("Looks whether the contact has tags.")),
    *(_l("Segment"), _l("Looks whether the contact is in segments.")),
    *(_l("Do-not-contact"), _l("Looks whether the contact's number is on do-not-contact.")),
    _l("Has a valid mobile number"),
    _l("Looks whether the contact has a number that no provider has called invalid."),
    *(_l("Country"), _l("Looks in which country the contact lives.")),
    *(_l("In a campaign"), _l("Looks whether the contact is in other campaigns.")),
    _l("Has received a text message"),
    _l("Looks whether a provider took one of these texts to the contact."),
    *(_l("Random split"), _l("Sends contacts along its paths by lot, as their shares say.")),
    _l("Text your own staff"),
    _l("Sends a text about the contact to a number of your own, by the default provider."),
    *(_l("Call a webhook"), _l("Other systems")),
    _l("Posts the contact as JSON to an address, and tries again when no answer comes."),
    *(_l("Then"), _l("Yes"), _l("No"), _l("Failed"), _l("Contact"), _l("Texts"), _l("Campaign")),
)
FIELDS: tuple[LazyString, ...] = (
    *(_l("Text message"), _l("A published template message")),
    *(_l("Add to segments"), _l("Choose segments, here or below"), _l("Choose segments")),
    _l("Remove from segments"),
    _l("For good: their filters do not bring the contact back"),
    *(_l("Add tags"), _l("Choose or write tags, here or below"), _l("Choose or write tags")),
    *(_l("Remove tags"), _l("Tags"), _l("Field"), _l("Which field of the contact"), _l("Value")),
    _l("Empty clears the field; dates may be today, now, -7 days or +3 months"),
    *(_l("Comment"), _l("Why, for whoever looks at the contact"), _l("Why")),
    *(_l("Add to campaigns"), _l("Choose campaigns, here or below"), _l("Choose campaigns")),
    *(_l("Remove from campaigns"), _l("Choose campaigns; this one too may be left")),
    *(_l("Event"), _l("Where contacts go on"), _l("To"), _l("What"), _l("Pattern"), _l("Words")),
    _l("To any text of this campaign, to the message sent before it, or to any text of yours"),
    _l("In"),
    _l("In any text of this campaign, in the message sent before it, or in any text of yours"),
    _l("Only such links, * is anything: *example.com/shop*; empty is any link"),
    _l("Any reply, a pattern, one of some words, or a regular expression"),
    _l("The whole reply, * is anything: YES*, or *YES* for YES anywhere"),
    _l("One of them anywhere in the reply is enough"),
    _l("Also STOP, START and HELP"),
    _l("Else they are no replies, unless what you look for names them"),
    *(_l("Regular expression"), _l("Looked for anywhere in the reply, in any letter case")),
    *(_l("Wait"), _l("How long the contact has; 0 waits for ever"), _l("Unit")),
    *(_l("Is"), _l("How it is compared"), _l("What it is compared with; as in segments")),
    *(_l("Which"), _l("Any, all or none of them"), _l("Segments"), _l("Reason")),
    *(_l("Why the number is on the list"), _l("Countries"), _l("Two letters each, such as FR")),
    *(_l("Campaigns"), _l("Now or ever"), _l("In it now, or at any time")),
    *(_l("Text messages"), _l("Choose text messages")),
    *(_l("Share of A"), _l("Share of B"), _l("Share of C"), _l("Share of D"), _l("Share of E")),
    _l("How many of all shares together; 0 closes the path"),
    *(_l("Number"), _l("Of your own, such as +33612345678"), _l("Text"), _l("Address")),
    _l("Tokens tell of the contact: {contactfield=firstname} asks to be called"),
    _l("Where it is posted, such as https://example.com/hook"),
    *(_l("Fields"), _l("Which fields of the contact are told, beside its id"), _l("Data")),
    _l("More to be told, as name: value; tokens such as {contactfield=city} work"),
    _l("Headers"),
    _l(
        "As Name: value; $env:NAME is read from the server's environment, where an admin has "
        "allowed that name"
    ),
    *(_l("Time-out"), _l("Seconds until it is tried again")),
)
# words of what a field may be, by the field and the value
CHOICES: dict[tuple[str, str], LazyString] = {
    ("to", "campaign"): _l("any text of this campaign"),
    ("to", "last"): _l("the message sent before it"),
    ("to", "any"): _l("any text of yours"),
    ("how", "any"): _l("anything"),
    ("how", "pattern"): _l("a pattern"),
    ("how", "words"): _l("one of some words"),
    ("how", "regex"): _l("a regular expression"),
    ("match", "any"): _l("any of them"),
    ("match", "all"): _l("all of them"),
    ("match", "none"): _l("none of them"),
    ("reason", "any"): _l("any reason"),
    ("reason", "unsubscribed"): _l("Unsubscribed"),
    ("reason", "elsewhere"): _l("Unsubscribed elsewhere"),
    ("reason", "bounced"): _l("Bounced"),
    ("reason", "manual"): _l("Manual"),
    ("state", "active"): _l("is in it now"),
    ("state", "ever"): _l("was in it at any time"),
}


def translated_palette() -> list[dict[str, Any]]:
    """`heliograph.campaigns.palette` for this reader."""
    return [translated(type_) for type_ in palette()]


def translated(type_: dict[str, Any]) -> dict[str, Any]:
    fields = dict(type_["fields"])
    asked = fields.get("properties", {})
    fields["properties"] = {name: translated_field(name, field) for name, field in asked.items()}
    paths = [path | {"label": words(path["label"])} for path in type_["paths"]]
    shown = {name: words(type_[name]) for name in ("label", "help", "group")}
    shown |= {"why_not": told(type_["why_not"])}
    return type_ | shown | {"fields": fields, "paths": paths}


def translated_field(name: str, field: dict[str, Any]) -> dict[str, Any]:
    found = dict(field)
    for part in ("title", "description"):
        if part in found:
            found[part] = words(found[part])
    if "enum" in found and "labels" not in found:
        found["labels"] = {one: choice_words(name, one) for one in found["enum"]}
    return found


def choice_words(name: str, value: Any) -> str:
    known = CHOICES.get((name, value))
    return str(known) if known else str(value).replace("_", " ")


def words(text: str) -> str:
    found: str = gettext(text) if text else ""
    return found
