"""Campaigns: canvases of actions, decisions and conditions that contacts pass through."""

from __future__ import annotations

from heliograph.campaigns.actions import find_action, list_actions, run_action
from heliograph.campaigns.canvas import Canvas, Event, Timing, read_canvas
from heliograph.campaigns.checks import Finding, check_canvas
from heliograph.campaigns.events import palette
from heliograph.campaigns.library import (
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
from heliograph.campaigns.models import Campaign, CampaignVersion

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
