"""The template engine, locked down: seven filters, two tags, no growth.

python-liquid limits loops and output but not what a filter makes, so a chain of
`replace` could fill the memory. Here only filters that cannot grow a value are
left, and they are ours.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from liquid import Environment
from liquid.template import BoundTemplate

from heliograph.messages.values import shown

MAX_TEMPLATE = 4000
MAX_OUTPUT = 20_000
TAGS = ("content", "output", "illegal", "if", "unless")
SAFE_DATE = re.compile(r"(?:[^%]|%[YymdeHIMSpjBbAaZz%])*")


class LockedEnvironment(Environment):
    """No loops, no captures, no includes."""

    output_stream_limit = MAX_OUTPUT
    loop_iteration_limit = 0
    local_namespace_limit = 10_000
    context_depth_limit = 10


def default(value: object, other: object = "") -> object:
    return other if value is None or shown(value) == "" or value is False else value


def upcase(value: object) -> str:
    return shown(value).upper()


def downcase(value: object) -> str:
    return shown(value).lower()


def capitalize(value: object) -> str:
    text = shown(value)
    return text[:1].upper() + text[1:].lower()


def strip(value: object) -> str:
    return shown(value).strip()


def truncate(value: object, length: object = 50, end: object = "...") -> str:
    text, tail = shown(value), shown(end)[:10]
    try:
        room = max(0, min(int(str(length)), MAX_TEMPLATE))
    except ValueError:
        return text
    return text if len(text) <= room else text[: max(0, room - len(tail))] + tail


def as_date(value: object, form: object = "%Y-%m-%d") -> str:
    pattern = shown(form)[:60]
    if not SAFE_DATE.fullmatch(pattern):
        return shown(value)
    if not isinstance(value, datetime):
        try:
            value = datetime.fromisoformat(shown(value))
        except ValueError:
            return shown(value)
    return value.strftime(pattern)


FILTERS: dict[str, Any] = {
    "default": default,
    "upcase": upcase,
    "downcase": downcase,
    "capitalize": capitalize,
    "strip": strip,
    "truncate": truncate,
    "date": as_date,
}


def locked_environment() -> LockedEnvironment:
    environment = LockedEnvironment()
    environment.filters = dict(FILTERS)
    environment.tags = {name: environment.tags[name] for name in TAGS}
    return environment


def parse(source: str) -> BoundTemplate:
    """Parse *source*; raises liquid's own errors."""
    return locked_environment().from_string(source)
