"""Campaigns: the actions that plugins supply; the engine will call them."""

from __future__ import annotations

from core.campaigns.actions import find_action, list_actions, run_action

__all__ = ["find_action", "list_actions", "run_action"]
