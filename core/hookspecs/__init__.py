"""All hooks: four families of pluggy specifications."""

from __future__ import annotations

from core.hookspecs import app, campaign, channel, contact
from core.hookspecs.markers import PROJECT, hookimpl, hookspec

SPECS = (app, campaign, channel, contact)

__all__ = ["PROJECT", "SPECS", "hookimpl", "hookspec"]
