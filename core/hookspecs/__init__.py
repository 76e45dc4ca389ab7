"""All hooks: five families of pluggy specifications."""

from __future__ import annotations

from heliograph.hookspecs import app, campaign, channel, contact, edges
from heliograph.hookspecs.markers import PROJECT, hookimpl, hookspec

SPECS = (app, campaign, channel, contact, edges)

__all__ = ["PROJECT", "SPECS", "hookimpl", "hookspec"]
