"""One finding of the doctor."""

from __future__ import annotations

from dataclasses import dataclass

OK, NOTE, BAD = "ok", "note", "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` BAD is broken, NOTE is worth knowing; `mend` is what to do about it."""

    level: str
    what: str
    text: str
    mend: str = ""
