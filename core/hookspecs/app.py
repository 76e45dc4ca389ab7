"""Hooks by which a plugin joins the application. Asked once, at start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heliograph.hookspecs.markers import hookspec

if TYPE_CHECKING:
    import click
    from flask import Blueprint
    from pydantic import BaseModel

    from heliograph.host.contributions import Job


@hookspec
def register_config() -> type[BaseModel]:  # type: ignore[empty-body]  # a spec
    """The model of the plugin's config; form, command, docs and checks come from it.

    Asked once per process when the plugin is loaded, outside of any
    transaction. An exception quarantines the plugin.
    """


@hookspec
def register_blueprints() -> list[Blueprint]:  # type: ignore[empty-body]  # a spec
    """Blueprints to mount.

    A `Callbacks` is mounted at `/sms/<plugin>` and stays open while the plugin
    is disabled; any other at `/plugins/<plugin>` and answers 404 then. Asked
    once per process at start. An exception quarantines the plugin.
    """


@hookspec
def register_jobs() -> list[Job]:  # type: ignore[empty-body]  # a spec
    """Jobs for the clock; each runs in one process at a time, only while enabled.

    Asked once per process at start. An exception in a job is logged and shown
    by `heliograph jobs list`; the job runs again when it is next due.
    """


@hookspec
def register_commands() -> list[click.Command]:  # type: ignore[empty-body]  # a spec
    """Commands, found under `heliograph <plugin>`. Asked once per process at start.

    `heliograph --help` imports no plugin: it lists those that have a module
    `commands.py` beside their main one.
    """
