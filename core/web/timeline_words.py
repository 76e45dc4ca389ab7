"""Facts of the timeline in the reader's words."""

from __future__ import annotations

from datetime import datetime

from flask import Flask
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from heliograph.timeline import TimelineEntry
from heliograph.web.edges import url_of
from heliograph.web.locale import moment
from heliograph.web.sentence_words import kept
from heliograph.web.words import FAILED, SKIPPED, reason_words, status_words

WHY, STATUS = "Why", "Status"
OBJECTS = {"Answers delivery": "text", "Delivery": "text", "Import": "import"}
TIMES = ("Until", "Waits until")
LABELS: dict[str, LazyString] = {
    WHY: _l("Why"),
    STATUS: _l("Status"),
    "Event": _l("Event"),
    "Until": _l("Until"),
    "Waits until": _l("Waits until"),
    "Answers delivery": _l("Answers text"),
    "Campaign": _l("Campaign"),
    "Channel": _l("Channel"),
    "Delivery": _l("Text number"),
    "Device": _l("Device"),
    "Error code": _l("Error code"),
    "Import": _l("Import number"),
    "Number": _l("Number"),
    "Parts": _l("Parts"),
    "Path": _l("Path"),
    "Provider": _l("Provider"),
    "Reply": _l("Reply"),
    "Rotation": _l("Round"),
    "Sender": _l("Sender"),
    "Source": _l("Source"),
    "To": _l("To"),
}


def init_timeline(app: Flask) -> None:
    app.add_template_global(fact_words)
    app.add_template_global(fact_links)
    app.add_template_filter(why_words)


def fact_words(entry: TimelineEntry) -> list[tuple[str, str]]:
    """Labels and values of what is known of *entry*; a plugin's own stay as they are."""
    return [
        (str(LABELS.get(label, label)), value_of(label, value))
        for label, value in entry.details.items()
    ]


def fact_links(entry: TimelineEntry) -> list[str | None]:
    """The page of what each value names, in the order of `fact_words`."""
    return [link_of(label, value) for label, value in entry.details.items()]


def link_of(label: str, value: str) -> str | None:
    if label in OBJECTS:
        return url_of(OBJECTS[label], value)
    kind, _, object_id = value.partition(" ")
    return url_of(kind, object_id) if label == "Source" else None


def why_words(why: str) -> str:
    """A kept sentence, or the code of a reason."""
    code = why.replace(" ", "_")
    return reason_words(code) if code in SKIPPED or code in FAILED else kept(why)


def value_of(label: str, value: str) -> str:
    if label == WHY:
        return why_words(value)
    if label == STATUS:
        return status_words(value)[0]
    if label not in TIMES:
        return value
    try:
        return moment(datetime.fromisoformat(value))
    except (ValueError, OverflowError):  # a plugin's own words, or no day of the reader's zone
        return value
