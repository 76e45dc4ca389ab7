"""What happens in a simulation, in the reader's words and on the contact's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask_babel import LazyString, get_locale, gettext, ngettext
from flask_babel import lazy_gettext as _l

from heliograph.campaigns.simulation import Entry, Way
from heliograph.web.event_words import words
from heliograph.web.sentence_words import kept
from heliograph.web.words import FAILED, ORIGINS, SKIPPED, reason_words, status_words

ICONS = {
    "joined": "play",
    "ended": "check2-all",
    "staff": "person-badge",
    "refused": "exclamation-triangle",
    "held": "clock",
    "fail": "exclamation-triangle",
    "heal": "check2",
    "click": "link-45deg",
    "no_link": "link-45deg",
    "reply": "reply",
    "text": "send",
}
SIGNS = {"done": "check", "failed": "warning", "skipped": "question", "cancelled": "question"}
IN_PHONE = ("text", "reply")
# what may be chosen for a number, by how and kind
FAILURES: dict[str, LazyString] = {
    "refused:bad_number": _l("refused: no such number"),
    "undelivered:unreachable": _l("taken, but not delivered"),
    "refused:opted_out": _l("refused: opted out at the provider"),
    "refused:filtered": _l("refused: held back as spam"),
    "refused:transient": _l("refused for a moment, again and again"),
}
OPTS: dict[str, LazyString] = {
    "out": _l("opted out"),
    "in": _l("opted in"),
    "help": _l("asks for help"),
    "no_number": _l("has no number: nothing arrives"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the steps beside the phone; `sign` gives it a colour."""

    icon: str
    sign: str
    title: str
    path: str
    status: str
    words: str
    when: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Bubble:
    """What stands on the phone; `fate` is the last that was reported of a text."""

    text: str
    foot: str
    fate: str
    tone: str
    is_new: bool
    is_reply: bool = False


def _(words: str, /, **values: object) -> str:
    found: str = gettext(words, **values)
    return found


def local_time(at: datetime, zone: ZoneInfo) -> str:
    """`Mon, 23 Nov, 14:05`: on the contact's clock, as the reader's language writes it."""
    locale = get_locale() or "en"
    parts = (format_skeleton(one, at, tzinfo=zone, locale=locale) for one in ("MMMEd", "Hm"))
    return ", ".join(parts)


def lines_of(way: Way, seen: int) -> list[Line]:
    """All but what the phone shows, the oldest first; those after *seen* are new."""
    return [
        line_of(entry, way.zone, is_new=number >= seen)
        for number, entry in enumerate(way.entries)
        if entry.kind not in (*IN_PHONE, "report")
    ]


def line_of(entry: Entry, zone: ZoneInfo, *, is_new: bool) -> Line:
    step = entry.kind == "step"
    sign = SIGNS.get(entry.status, "check") if step else ""
    return Line(
        ("check2" if sign == "check" else "exclamation-triangle") if step else ICONS[entry.kind],
        "warning" if entry.kind in ("refused", "fail") else sign,
        words(entry.title) if step else title_of(entry),
        words(entry.path_label),
        entry.status if step else "",
        words_of(entry, zone),
        local_time(entry.at, zone),
        is_new,
    )


def title_of(entry: Entry) -> str:
    if entry.kind == "joined":
        return _("Comes in by %(way)s", way=str(ORIGINS.get(entry.status, entry.status)))
    if entry.kind == "ended":
        return status_words(entry.status)[0]
    if entry.kind == "staff":
        return _("Your staff at %(number)s would get", number=entry.words)
    if entry.kind == "refused":
        waits = entry.status == "queued"
        return _("The text has to wait") if waits else _("The text failed")
    plain = {
        "held": _("The text is held back"),
        "fail": _("From now on texts to it fail"),
        "heal": _("Texts to it do not fail any more"),
        "click": _("Opens a link"),
        "no_link": _("There is no link to open"),
    }
    return plain[entry.kind]


def why_held(reason: str) -> str:
    if reason == "quiet":
        return _("quiet hours")
    if reason == "hours":
        return _("the hours of its event are over")
    return _("the campaign is held")


def words_of(entry: Entry, zone: ZoneInfo) -> str:
    """Why, and until when."""
    until = _("until %(time)s", time=local_time(entry.until, zone)) if entry.until else ""
    if entry.kind in ("staff", "click"):
        return entry.text
    if entry.kind == "held":
        return f"{why_held(entry.status)}, {until}"
    if entry.kind == "refused":
        why = (
            _("the provider takes no texts")
            if entry.reason == "switched_off"
            else reason_words(entry.reason)
        )
        return f"{why}, {until}" if until else why
    if entry.kind == "fail":
        found = str(FAILURES.get(f"{entry.status}:{entry.reason}", reason_words(entry.reason)))
        return f"{found} {until}".strip()
    return step_words(entry)


def step_words(entry: Entry) -> str:
    if entry.reason == "would_call":
        return _("It would call %(url)s: nothing outside is done here.", url=entry.words)
    if entry.reason == "would_do":
        return _("It would be done: %(what)s. Nothing of plugins is done here.", what=entry.words)
    if entry.reason in SKIPPED or entry.reason in FAILED:
        return reason_words(entry.reason)
    return kept(entry.words)


def bubbles_of(way: Way, seen: int) -> list[Bubble]:
    fates = {entry.ref: entry for entry in way.entries if entry.kind == "report"}
    return [
        bubble_of(entry, way.zone, fates.get(entry.ref), is_new=number >= seen)
        for number, entry in enumerate(way.entries)
        if entry.kind in IN_PHONE
    ]


def bubble_of(entry: Entry, zone: ZoneInfo, fate: Entry | None, *, is_new: bool) -> Bubble:
    foot = local_time(entry.at, zone)
    if entry.kind == "reply":
        opt = OPTS.get(entry.status)
        fate_words = str(opt) if opt else ""
        return Bubble(entry.text, foot, fate_words, "warn", is_new=is_new, is_reply=True)
    parts = ngettext("%(num)s part", "%(num)s parts", entry.parts)
    encoding = "GSM-7" if entry.encoding == "gsm7" else "UCS-2"
    counted = ngettext("%(num)s character", "%(num)s characters", entry.characters)
    word, tone = status_words(fate.status if fate else "accepted")
    foot = f"{foot} · {parts} · {counted} · {encoding}"
    return Bubble(entry.text, foot, word, tone, is_new=is_new)


def said(way: Way, seen: int) -> list[str]:
    """What is new, in short, to be read aloud."""
    found = []
    for entry in way.entries[seen:]:
        if entry.kind == "text":
            found.append(_("%(name)s gets “%(text)s”", name=way.title, text=entry.text))
        elif entry.kind == "reply":
            found.append(_("%(name)s answers “%(text)s”", name=way.title, text=entry.text))
        elif entry.kind == "step" and entry.path_label:
            line = f"{words(entry.title)}: {words(entry.path_label)}"
            found.append(f"{way.title}: {line}")
        elif entry.kind in ("refused", "held", "ended", "fail", "heal", "click", "no_link"):
            found.append(f"{way.title}: {title_of(entry)}")
    return found
