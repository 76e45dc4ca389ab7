"""One finding of the doctor."""

from __future__ import annotations

from heliograph.host.extensions import BAD, NOTE, OK, Finding

__all__ = ["BAD", "NOTE", "OK", "Finding"]
