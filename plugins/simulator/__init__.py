"""Simulator

A provider for trying things out: it accepts texts, reports their delivery after
a moment and takes replies, all by the ways that a real provider uses.
"""

from __future__ import annotations

import click
from flask import Blueprint

from heliograph.plugin import (
    Action,
    Job,
    PluginConfig,
    Provider,
    hookimpl,
    send_text_action,
)

from .callbacks import callbacks
from .commands import reply, texts
from .config import SimulatorConfig
from .pages import pages
from .provider import Simulator
from .reports import is_any_due, post_reports

__version__ = "1.0"
__author__ = "Heliograph"


@hookimpl
def register_config() -> type[PluginConfig]:
    return SimulatorConfig


@hookimpl
def register_providers() -> list[type[Provider]]:
    return [Simulator]


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [callbacks, pages]


@hookimpl
def register_jobs() -> list[Job]:
    help_ = "Reports texts as delivered"
    return [Job("simulator.reports", 1, post_reports, help_, wanted=is_any_due)]


@hookimpl
def register_commands() -> list[click.Command]:
    return [texts, reply]


@hookimpl
def register_actions() -> list[Action]:
    return [send_text_action("simulator", "Send Text Message (simulator)")]
