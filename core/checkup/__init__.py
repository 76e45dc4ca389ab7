"""A look over the whole installation: what stands in the way, and the mend."""

from __future__ import annotations

from collections.abc import Iterator

from heliograph.checkup.findings import BAD, NOTE, OK, Finding
from heliograph.host.extensions import DoctorCheck
from heliograph.host.offered import attempt, offered
from heliograph.host.plugins import PluginInfo

__all__ = ["BAD", "NOTE", "OK", "Finding", "look_over"]


def look_over() -> Iterator[Finding]:
    """All findings but those of the jobs, which are not the domain's. Reads only, by index."""
    for info, check in offered("checks"):
        if info.origin == "core":
            yield from check.run()
        else:
            yield from findings_of(info, check)


def findings_of(info: PluginInfo, check: DoctorCheck) -> list[Finding]:
    """Those of a plugin's check; that it failed is one too."""
    found = attempt(info, f"check {check.key}", lambda: checked(check))
    if isinstance(found, Exception):
        words = f"The check failed: {type(found).__name__}: {found}"
        return [Finding(BAD, f"check {check.key}", words, "The log has the traceback.")]
    return found


def checked(check: DoctorCheck) -> list[Finding]:
    """What the check found; raises TypeError when that is no finding."""
    found = list(check.run())
    for one in found:
        if not isinstance(one, Finding) or one.level not in (OK, NOTE, BAD):
            raise TypeError(f"a check gives Finding objects of level ok, note or bad, not {one!r}")
    return found
