"""Campaigns: canvases of actions, decisions and conditions that contacts pass through."""

from __future__ import annotations

from core.campaigns.actions import find_action, list_actions, run_action
from core.campaigns.canvas import Canvas, Event, Timing, read_canvas
from core.campaigns.checks import Finding, check_canvas
from core.campaigns.events import palette
from core.campaigns.library import (
    NotReady,
    check_draft,
    clone_campaign,
    create_campaign,
    delete_campaign,
    edit_campaign,
    get_campaign,
    list_campaigns,
    list_versions,
    publish,
    restore,
    save_draft,
    unpublish,
)
from core.campaigns.models import Campaign, CampaignVersion

__all__ = [
    "Campaign",
    "CampaignVersion",
    "Canvas",
    "Event",
    "Finding",
    "NotReady",
    "Timing",
    "check_canvas",
    "check_draft",
    "clone_campaign",
    "create_campaign",
    "delete_campaign",
    "edit_campaign",
    "find_action",
    "get_campaign",
    "list_actions",
    "list_campaigns",
    "list_versions",
    "palette",
    "publish",
    "read_canvas",
    "restore",
    "run_action",
    "save_draft",
    "unpublish",
]
