"""`WHEN` on the command line: ISO 8601 or `now`."""

from __future__ import annotations

from datetime import datetime

from heliograph.db import utcnow
from heliograph.errors import BadInput
from heliograph.installation import current_zone


def parse_when(option: str, value: str | None) -> datetime | None:
    """An aware time; without zone it is in HELIOGRAPH_TIMEZONE. Raises BadInput."""
    if value is None:
        return None
    if value.strip().lower() == "now":
        return utcnow()
    try:
        when = datetime.fromisoformat(value.strip())
    except ValueError:
        raise BadInput(
            option,
            "is not a time",
            value=value,
            mend="Use now, or ISO 8601 such as 2027-01-31T09:00.",
        ) from None
    return when if when.tzinfo else when.replace(tzinfo=current_zone())
