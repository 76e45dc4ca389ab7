"""Twilio

Sends texts through Twilio Programmable Messaging, by a number or a Messaging
Service, and takes replies, opt-outs and delivery reports through signed callbacks.
"""

from __future__ import annotations

from heliograph.plugin import Action, Callbacks, PluginConfig, Provider, hookimpl, send_text_action

from .callbacks import callbacks
from .config import TwilioConfig
from .provider import TwilioProvider

__version__ = "1.0"
__author__ = "Heliograph"


@hookimpl
def register_config() -> type[PluginConfig]:
    return TwilioConfig


@hookimpl
def register_providers() -> list[type[Provider]]:
    return [TwilioProvider]


@hookimpl
def register_blueprints() -> list[Callbacks]:
    return [callbacks]


@hookimpl
def register_actions() -> list[Action]:
    return [send_text_action("twilio", "Send Text Message")]
