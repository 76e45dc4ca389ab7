"""Short words for canvases in tests."""

from __future__ import annotations

from typing import Any

from heliograph.campaigns import create_campaign, save_draft
from heliograph.campaigns.canvas import Canvas, read_canvas
from heliograph.segments import create_segment


def event(key: str, type_: str, parent: str | None = None, **more: Any) -> dict[str, Any]:
    """An event; `path`, `config`, `timing` and others by name."""
    kind = more.pop("kind", None) or kind_of(type_)
    return {"key": key, "kind": kind, "type": type_, "parent": parent} | more


def kind_of(type_: str) -> str:
    name = type_.removeprefix("core.")
    if name in ("replies", "clicks", "delivered", "failed", "opted_out"):
        return "decision"
    looks = ("field_value", "has_tag", "in_segment", "on_dnc", "valid_mobile", "country")
    looks += ("in_campaign", "received_message", "split")
    return "condition" if name in looks else "action"


def tag(key: str, parent: str | None = None, name: str = "", **more: Any) -> dict[str, Any]:
    """An event that tags the contact with *name*, or else with its own key."""
    config = {"add": [name or key]}
    return event(key, "core.change_tags", parent, config=config, **more)


def after(amount: int, unit: str = "days", **more: Any) -> dict[str, Any]:
    return {"mode": "interval", "amount": amount, "unit": unit} | more


def drawn(*events: dict[str, Any], sources: tuple[int, ...] = ()) -> Canvas:
    return read_canvas({"sources": list(sources), "events": list(events)})


def drafted(*events: dict[str, Any], source: int | None = None, **facts: Any) -> int:
    """The id of a campaign with this draft, fed by *source* or by a new segment."""
    campaign = create_campaign(name="Welcome", **facts)
    source = source or create_segment(f"source of {campaign.id}").id
    save_draft(campaign.id, {"sources": [source], "events": list(events)}, seen=0)
    return campaign.id
