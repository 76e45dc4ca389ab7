"""Log lines, as text or as JSON, on stderr.

A line about a text carries its ids as fields (`text_fields`), never its words; phone
numbers are shortened wherever they turn up, in tracebacks too.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TextIO

from heliograph import clock
from heliograph.settings import Settings

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


# a number in E.164, also as it stands in a web address; the end tells people apart
NUMBER = re.compile(r"(\+|%2B)(\d\d)\d{1,9}(\d{4})(?!\d)")


def shortened(text: str) -> str:
    """*text* with each phone number as `+33…0001`."""
    return NUMBER.sub(r"\1\2…\3", text)


def text_fields(
    delivery_id: int,
    *,
    broadcast_id: int | None,
    provider: str,
    sender: str,
    attempt: int | None = None,
) -> dict[str, object]:
    """What a line about a text gives as `extra`; no broadcast is a test or a campaign text."""
    return {
        "delivery_id": delivery_id,
        "broadcast_id": broadcast_id,
        "provider": provider,
        "sender": sender,
        "attempt": attempt,
    }


class TextFormatter(logging.Formatter):
    """One line for people, and a traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        return shortened(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line; what a caller gave as `extra` stands beside it."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "text": shortened(record.getMessage()),
        }
        line |= {key: value for key, value in vars(record).items() if key not in STANDARD}
        if record.exc_info:
            line["traceback"] = shortened(self.formatException(record.exc_info))
        return json.dumps(line, default=str, ensure_ascii=False)


def is_real(record: logging.LogRecord) -> bool:
    """Leaves out what a simulation does, but for its faults: nothing of it has happened."""
    return not clock.is_set() or record.levelno >= logging.ERROR


class OurHandler(logging.StreamHandler[TextIO]):
    """What `configure_logging` put there, and takes away when it is called again."""


def configure_logging(settings: Settings) -> None:
    """Send the lines of Heliograph and its plugins to stderr, once per process."""
    formatter: logging.Formatter = JsonFormatter()
    if settings.log_format == "text":
        formatter = TextFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("heliograph", "apscheduler"):
        logger = logging.getLogger(name)
        logger.setLevel(settings.log_level if name != "apscheduler" else "ERROR")
        for handler in [item for item in logger.handlers if isinstance(item, OurHandler)]:
            logger.removeHandler(handler)
        handler = OurHandler(sys.stderr)
        handler.setFormatter(formatter)
        handler.addFilter(is_real)
        logger.addHandler(handler)


def only_warnings(settings: Settings) -> None:
    """For a command that tells a person itself what it does, unless lines are asked for."""
    if settings.log_format == "text" and settings.log_level == "INFO":
        logging.getLogger("heliograph").setLevel(logging.WARNING)
