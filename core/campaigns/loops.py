"""Jumps that lead back: does anything in the loop make a contact wait?"""

from __future__ import annotations

from collections.abc import Mapping

from heliograph.campaigns.canvas import Canvas, Event
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.timing import Plan
from heliograph.events import Decision, SignalKind

JUMP = "core.jump"


def quick_loops(canvas: Canvas, plans: Mapping[str, Plan], types: EventTypes) -> list[Event]:
    """The jumps that a contact could take again and again with no time between.

    What makes it wait: an interval before an event, the path no of a decision, and
    the path yes of one that the contact itself has to decide.
    """
    onward, quick = quick_ways(canvas, types), quick_events(canvas, plans)
    jumps = [event for event in canvas.events if event.type == JUMP]
    return [jump for jump in jumps if comes_back(jump.key, onward, quick)]


def quick_ways(canvas: Canvas, types: EventTypes) -> dict[str, list[str]]:
    """From each event the events to which contacts come without waiting between."""
    events = canvas.by_key()
    onward: dict[str, list[str]] = {}
    for event in canvas.events:
        parent = events.get(event.parent or "")
        if parent is not None and not waits_between(parent, event.path, types):
            onward.setdefault(parent.key, []).append(event.key)
        target = event.config.get("event") if event.type == JUMP else None
        if isinstance(target, str) and target in events:
            onward.setdefault(event.key, []).append(target)
    return onward


def quick_events(canvas: Canvas, plans: Mapping[str, Plan]) -> set[str]:
    """Those that may happen at once."""
    return {key for key in canvas.by_key() if key not in plans or plans[key].seconds == 0}


def quickly_reached(canvas: Canvas, plans: Mapping[str, Plan], types: EventTypes) -> set[str]:
    """The events to which contacts may come in the moment they join."""
    onward, quick = quick_ways(canvas, types), quick_events(canvas, plans)
    waiting = [event.key for event in canvas.events if event.parent is None]
    reached: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in quick and key not in reached:
            reached.add(key)
            waiting += onward.get(key, [])
    return reached


def waits_between(parent: Event, path: str, types: EventTypes) -> bool:
    if parent.kind != "decision":
        return False
    type_ = types.get(parent.type)
    if path == "no" or type_ is None or not isinstance(type_.made, Decision):
        return True
    # a text is delivered, or fails, within seconds and without the contact
    return type_.made.waits_for != {SignalKind.STATUS}


def comes_back(start: str, onward: Mapping[str, list[str]], quick: set[str]) -> bool:
    """Whether a way over quick events alone leads from *start* to *start*."""
    if start not in quick:
        return False
    seen: set[str] = set()
    waiting = list(onward.get(start, []))
    while waiting:
        key = waiting.pop()
        if key == start:
            return True
        if key in quick and key not in seen:
            seen.add(key)
            waiting += onward.get(key, [])
    return False
