"""Draws random canvases: all events and timings that the manual describes."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.campaigns.randomly.scenario import CAMPAIGNS, MESSAGES, SEGMENTS, STAFF, Event

TAGS = ("keen", "vip", "cold")
CITIES = ("Paris", "Lyon", "Le Mans", "")
ZONES = (
    *("Europe/Paris", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "UTC"),
    *("Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham"),
    *("America/Santiago", "America/Havana", "Africa/Cairo", "Pacific/Apia"),
)
PATHS = {
    "replies": ("yes", "no"),
    "clicks": ("yes", "no"),
    "delivered": ("yes", "no"),
    "failed": ("yes", "no"),
    "opted_out": ("yes", "no"),
    "field_value": ("yes", "no"),
    "has_tag": ("yes", "no"),
    "in_segment": ("yes", "no"),
    "on_dnc": ("yes", "no"),
    "valid_mobile": ("yes", "no"),
    "country": ("yes", "no"),
    "in_campaign": ("yes", "no"),
    "received_message": ("yes", "no"),
    "send_text": ("", "failed"),
    "text_staff": ("", "failed"),
}
WEIGHTS = {
    "send_text": 26,
    "replies": 12,
    "clicks": 5,
    "delivered": 5,
    "failed": 5,
    "opted_out": 3,
    "change_tags": 6,
    "change_field": 5,
    "change_segments": 4,
    "add_dnc": 3,
    "remove_dnc": 3,
    "change_campaigns": 3,
    "jump": 4,
    "text_staff": 3,
    "field_value": 4,
    "has_tag": 4,
    "in_segment": 3,
    "on_dnc": 3,
    "valid_mobile": 3,
    "country": 2,
    "in_campaign": 2,
    "received_message": 3,
    "split": 3,
}
TO: tuple[dict[str, str], ...] = ({}, {"to": "campaign"}, {"to": "last"}, {"to": "any"})
DECISIONS = ("replies", "clicks", "delivered", "failed", "opted_out")
TEXT_OPERATORS = ("is", "is_not", "contains", "not_contains", "starts_with", "ends_with")
TEXT_OPERATORS += ("in", "not_in", "empty", "not_empty")
NIGHT = ("02:30", "02:00", "01:59", "03:00", "00:00", "00:30", "23:45")


class Drawer:
    """Draws one canvas, a branch at a time, the first event of each before the next."""

    def __init__(self, rng: Random, start: datetime, source: str) -> None:
        self._rng, self._start, self._source = rng, start, source
        self._events: list[Event] = []
        self._left = rng.randint(3, 14)

    def canvas(self) -> tuple[Event, ...]:
        for _ in range(self._rng.choice((1, 1, 1, 1, 2))):
            self._branch(None, "", 0)
        return tuple(self._events)

    def _branch(self, parent: str | None, path: str, depth: int) -> None:
        if self._left <= 0:
            return
        self._left -= 1
        rng = self._rng
        first = depth == 0 and rng.random() < 0.6
        type_ = "send_text" if first else rng.choices([*WEIGHTS], [*WEIGHTS.values()])[0]
        if type_ == "jump" and (parent is None or not self._events):
            type_ = "send_text"
        key = f"e{len(self._events) + 1}"
        event: Event = {"key": key, "kind": kind_of(type_), "type": type_of(type_)}
        event |= {"config": getattr(self, f"_{type_}", dict)(), "timing": self._timing()}
        if parent is not None:
            event |= {"parent": parent, "path": path}
        self._events.append(event)
        for way in self._ways(type_, event["config"]):
            for _ in range(1 if rng.random() < 0.88 else 2):
                if rng.random() < (0.85 if way in ("", "yes") else 0.6):
                    self._branch(key, way, depth + 1)

    def _ways(self, type_: str, config: dict[str, Any]) -> tuple[str, ...]:
        if type_ == "jump":
            return ()
        if type_ == "split":
            return tuple(path for path in "abcde" if config.get(f"weight_{path}"))
        if type_ in DECISIONS and not config["wait_amount"]:
            return ("yes",)
        return PATHS.get(type_, ("",))

    # -- timings ---------------------------------------------------------

    def _timing(self) -> dict[str, Any]:
        rng = self._rng
        kind = rng.choices(("now", "short", "days", "months", "date"), (48, 20, 22, 3, 7))[0]
        timing: dict[str, Any] = {"mode": "immediate"}
        if kind == "short":
            unit = rng.choice(("minutes", "hours"))
            timing = {"mode": "interval", "unit": unit, "amount": rng.randint(1, 60)}
        elif kind == "days":
            unit, most = rng.choice((("days", 9), ("days", 3), ("weeks", 2)))
            timing = {"mode": "interval", "unit": unit, "amount": rng.randint(1, most)}
        elif kind == "months":
            timing = {"mode": "interval", "unit": "months", "amount": rng.randint(1, 2)}
        elif kind == "date":
            day = self._start.date() + timedelta(days=rng.randint(-5, 60))
            timing = {"mode": "date", "date": f"{day}T{self._hour()}"}
        narrow = rng.random()
        if narrow < 0.13:
            timing["hour"] = self._hour()
        elif narrow < 0.33:
            begin, end = self._hour(), self._hour()
            if begin != end:
                timing |= {"begin": begin, "end": end}
        if rng.random() < 0.16:
            timing["weekdays"] = sorted(rng.sample(range(7), rng.randint(1, 5)))
        return timing

    def _hour(self) -> str:
        rng = self._rng
        if rng.random() < 0.3:
            return rng.choice(NIGHT)
        return f"{rng.randint(0, 23):02}:{rng.choice((0, 0, 15, 30, 59)):02}"

    # -- forms -----------------------------------------------------------

    def _wait(self) -> dict[str, Any]:
        rng = self._rng
        if rng.random() < 0.08:
            return {"wait_amount": 0}
        unit = rng.choice(("minutes", "hours", "days", "days", "weeks", "months"))
        most = {"minutes": 90, "hours": 50, "days": 9, "weeks": 2, "months": 1}[unit]
        return {"wait_amount": rng.randint(1, most), "wait_unit": unit}

    def _send_text(self) -> dict[str, Any]:
        return {"message": self._rng.choice(MESSAGES)}

    def _text_staff(self) -> dict[str, Any]:
        return {"number": STAFF, "text": f"S{len(self._events) + 1} asks to be called"}

    def _replies(self) -> dict[str, Any]:
        found = self._wait() | self._rng.choice(TO)
        ways: tuple[dict[str, Any], ...] = (
            {},
            {"how": "any", "opt_words": self._rng.random() < 0.3},
            {
                "how": "pattern",
                "pattern": self._rng.choice(("YES*", "*yes*", "no", "*", "o*k", "STOP*")),
            },
            {
                "how": "words",
                "words": self._rng.choice((["yes", "ok"], ["no"], ["4711"], ["stop", "no"])),
            },
            {
                "how": "regex",
                "regex": self._rng.choice(("^yes", r"\d{3,}", "n(o|ay)$", "k", "^(stop|help)")),
            },
        )
        return found | self._rng.choice(ways)

    def _clicks(self) -> dict[str, Any]:
        address = self._rng.choice(("", "", "*example.com*", "*/news", "*shop"))
        return self._wait() | self._rng.choice(TO) | {"address": address}

    _delivered = _failed = _opted_out = _wait

    def _change_tags(self) -> dict[str, Any]:
        rng = self._rng
        names = [*TAGS]
        if self._source and rng.random() < 0.5:  # who comes in by it leaves or is back
            names = [self._source] if rng.random() < 0.5 else [*TAGS, self._source]
        way = rng.choice(("add", "remove"))
        return {way: rng.sample(names, 1) + ([rng.choice(names)] if rng.random() < 0.2 else [])}

    def _change_field(self) -> dict[str, Any]:
        field = self._rng.choice(("city", "city", "points", "country", "timezone"))
        values: dict[str, tuple[str, ...]] = {
            "city": CITIES,
            "points": ("5", "12", "40", ""),
            "country": ("FR", "JP", ""),
            "timezone": (*ZONES, ""),
        }
        return {"field": field, "value": self._rng.choice(values[field])}

    def _change_segments(self) -> dict[str, Any]:
        rng = self._rng
        name = "source" if rng.random() < 0.4 else rng.choice(SEGMENTS)
        return {rng.choice(("add", "remove")): [name]}

    def _change_campaigns(self) -> dict[str, Any]:
        rng = self._rng
        if rng.random() < 0.25:
            return {"remove_from": ["this"]}
        return {rng.choice(("add_to", "add_to", "remove_from")): [rng.choice(CAMPAIGNS)]}

    def _jump(self) -> dict[str, Any]:
        return {"event": self._rng.choice(self._events)["key"]}

    def _split(self) -> dict[str, Any]:
        weights = [self._rng.choice((0, 1, 30, 50)) for _ in range(5)]
        weights[0] = weights[0] or 10
        weights[1] = weights[1] or 20
        return {f"weight_{path}": weight for path, weight in zip("abcde", weights, strict=True)}

    def _field_value(self) -> dict[str, Any]:
        rng = self._rng
        if rng.random() < 0.4:
            operator = rng.choice(("=", "!=", "<", ">", "between", "empty", "not_empty"))
            value: Any = [5, 20] if operator == "between" else rng.choice((5, 12, 40))
            found = {"field": "points", "operator": operator, "value": value}
        else:
            operator = rng.choice(TEXT_OPERATORS)
            value = (
                ["Paris", "Lyon"]
                if operator in ("in", "not_in")
                else rng.choice(("paris", "Le", "n"))
            )
            found = {"field": "city", "operator": operator, "value": value}
        if operator in ("empty", "not_empty"):
            del found["value"]
        return found

    def _has_tag(self) -> dict[str, Any]:
        rng = self._rng
        return {"tags": rng.sample(TAGS, rng.randint(1, 2)), "match": self._match()}

    def _in_segment(self) -> dict[str, Any]:
        names = self._rng.sample(SEGMENTS, self._rng.randint(1, 2))
        return {"segments": names, "match": self._match()}

    def _match(self) -> str:
        return self._rng.choice(("any", "all", "none"))

    def _on_dnc(self) -> dict[str, Any]:
        return {"reason": self._rng.choice(("any", "unsubscribed", "bounced", "manual"))}

    def _country(self) -> dict[str, Any]:
        return {"countries": self._rng.choice((["FR"], ["JP", "US"], ["FR", "US"]))}

    def _in_campaign(self) -> dict[str, Any]:
        names = self._rng.sample(CAMPAIGNS, self._rng.randint(1, 2))
        return {"campaigns": names, "state": self._rng.choice(("active", "ever"))}

    def _received_message(self) -> dict[str, Any]:
        return {"messages": self._rng.sample(MESSAGES, self._rng.randint(1, 2))}


def kind_of(type_: str) -> str:
    if type_ in DECISIONS:
        return "decision"
    looks = ("field_value", "has_tag", "in_segment", "on_dnc", "valid_mobile", "country")
    return (
        "condition" if type_ in (*looks, "in_campaign", "received_message", "split") else "action"
    )


def type_of(type_: str) -> str:
    return "recorder.send_text" if type_ == "send_text" else f"core.{type_}"
