"""What the filter builder offers: subjects, their operators, and the kind of each value."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from heliograph.contacts import Field, contact_fields, list_tags
from heliograph.dnc import REASONS
from heliograph.host import current_host
from heliograph.host.guard import guarded
from heliograph.installation import current_zone
from heliograph.messages import list_messages
from heliograph.segments import list_segments
from heliograph.web.contact_form import country_options
from heliograph.web.sentence_words import told
from heliograph.web.words import status_words
from heliograph.web.zones import zone_words

log = logging.getLogger(__name__)

Options = list[tuple[str, str]]

WORDS = {
    "is": _l("is"),
    "is_not": _l("is not"),
    "contains": _l("contains"),
    "not_contains": _l("does not contain"),
    "starts_with": _l("begins with"),
    "ends_with": _l("ends with"),
    "in": _l("is one of"),
    "not_in": _l("is none of"),
    "empty": _l("is empty"),
    "not_empty": _l("is not empty"),
    "between": _l("is between"),
    "on": _l("is on"),
    "before": _l("is before"),
    "after": _l("is after"),
    "within": _l("is within"),
    "anniversary": _l("has its anniversary on"),
    "has_any": _l("has any of"),
    "has_all": _l("has all of"),
    "has_none": _l("has none of"),
    "received": _l("was received"),
    "not_received": _l("was not received"),
    "ever": _l("ever"),
    "never": _l("never"),
    "since": _l("since"),
    "not_since": _l("not since"),
    "not_within": _l("not within"),
    "to_message": _l("to the message"),
    "not_to_message": _l("not to the message"),
    "in_message": _l("in the message"),
    "not_in_message": _l("not in the message"),
}
# operator: kind of its value
TEXT = {
    **dict.fromkeys(("is", "is_not"), "one"),
    **dict.fromkeys(("contains", "not_contains", "starts_with", "ends_with"), "text"),
    **dict.fromkeys(("in", "not_in"), "list"),
    **dict.fromkeys(("empty", "not_empty"), "none"),
}
NUMBER = {
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">="), "number"),
    "between": "numbers",
    **dict.fromkeys(("empty", "not_empty"), "none"),
}
BOOLEAN = {"is": "yesno", "empty": "none", "not_empty": "none"}
DATE = {
    **dict.fromkeys(("on", "before", "after"), "day"),
    "between": "days",
    "within": "span",
    "anniversary": "day",
    **dict.fromkeys(("empty", "not_empty"), "none"),
}
SETS = dict.fromkeys(("has_any", "has_all", "has_none"), "many")
TAGGED = dict.fromkeys(("has_any", "has_all", "has_none"), "list")
CHOSEN = dict.fromkeys(("is", "is_not"), "one")
RECEIVED = dict.fromkeys(("received", "not_received"), "many")
REPLIED = {
    **dict.fromkeys(("ever", "never"), "none"),
    **dict.fromkeys(("since", "not_since"), "day"),
    **dict.fromkeys(("within", "not_within"), "span"),
    **dict.fromkeys(("contains", "not_contains"), "text"),
    **dict.fromkeys(("to_message", "not_to_message"), "many"),
}
CLICKED = {
    **{name: kind for name, kind in REPLIED.items() if not name.endswith("to_message")},
    **dict.fromkeys(("in_message", "not_in_message"), "many"),
}
KINDS = {"number": NUMBER, "boolean": BOOLEAN, "date": DATE, "datetime": DATE}


def catalog() -> dict[str, Any]:
    """For the builder, as JSON: `subjects` in order, and the words it shows."""
    fields = [field_subject(field) for field in contact_fields().values()]
    messages: Options = [(str(one.id), one.name) for one in list_messages()]
    segments: Options = [(str(one.id), one.name) for one in list_segments()]
    tags = [tag.name for tag in list_tags()]
    other, texts = _("Contact"), _("Texts and replies")
    reasons: Options = [("any", _("any reason")), ("none", _("not on the list"))]
    reasons += [(reason, status_words(reason)[0]) for reason in REASONS]
    numbers: Options = [("ok", _("good")), ("invalid", _("invalid"))]
    return {
        "subjects": [
            *fields,
            subject("tag", _("Tag"), other, TAGGED, hints=tags),
            subject("segment", _("Segment"), other, SETS, options=segments),
            subject("created_at", _("Added"), other, DATE),
            subject("updated_at", _("Changed"), other, DATE),
            subject("dnc", _("Do-not-contact"), texts, CHOSEN, options=reasons),
            subject("number_status", _("Number"), texts, CHOSEN, options=numbers),
            subject("received_message", _("Text message"), texts, RECEIVED, options=messages),
            subject("replied", _("Replied"), texts, REPLIED, options=messages),
            subject("clicked", _("Clicked a link"), texts, CLICKED, options=messages),
            *plugin_subjects(),
        ],
        "words": words(),
    }


def plugin_subjects() -> Iterator[dict[str, Any]]:
    """What plugins have added; one that cannot say its options is left out."""
    host = current_host()
    for plugin, given in host.segment_subjects():
        if "." not in given.key:
            continue
        try:
            options = guarded(given.options) if given.options else ()
            offered = [(str(value), str(label)) for value, label in options]
        except Exception:
            log.exception("plugin %s failed in the options of %s", plugin, given.key)
            continue
        found = subject(given.key, given.label, host.title(plugin), dict(given.inputs))
        for operator in found["operators"]:
            operator["label"] = given.words.get(operator["name"], operator["label"])
        yield found | {"options": offered}


def field_subject(field: Field) -> dict[str, Any]:
    options: Options = [(choice, choice) for choice in field.choices]
    if field.kind == "country":
        options = country_options()
    group = _("Your own fields") if field.custom else _("Fields")
    return subject(
        field.alias, told(field.label), group, KINDS.get(field.kind, TEXT), options=options
    )


def subject(
    name: str,
    label: str,
    group: str,
    operators: dict[str, str],
    *,
    options: Options | None = None,
    hints: list[str] | None = None,
) -> dict[str, Any]:
    offered = [
        {"name": one, "label": str(WORDS.get(one, one)), "input": kind}
        for one, kind in operators.items()
    ]
    return {
        "name": name,
        "label": label,
        "group": group,
        "operators": offered,
        "options": options or [],
        "hints": hints or [],
    }


def words() -> dict[str, str]:
    return {
        "all": _("all of these"),
        "any": _("any of these"),
        "none": _("none of these"),
        "match": _("Contacts that fit"),
        "add": _("Condition"),
        "group": _("Group"),
        "remove": _("Remove"),
        "field": _("Field"),
        "operator": _("Comparison"),
        "value": _("Value"),
        "from": _("From"),
        "to": _("To"),
        "comma": _("Several by comma"),
        "day": _("2026-11-23, today, -7 days"),
        "zone": zone_words(current_zone()),
        "last": _("the last"),
        "next": _("the next"),
        "minute": _("minutes"),
        "hour": _("hours"),
        "day_unit": _("days"),
        "week": _("weeks"),
        "month": _("months"),
        "year": _("years"),
        "yes": _("yes"),
        "no": _("no"),
        "empty": _("No condition yet: only hand-picked contacts are members."),
        "unreadable": _("This is no valid JSON."),
    }
