"""Sleeper - an async provider whose code may block its event loop, as newcomers' does.

Tests of core reach it as `heliograph.plugins.sleeper`, and say which numbers block it until when.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from heliograph.plugin import OutgoingText, PluginConfig, Provider, Sent, hookimpl


@dataclass
class Desk:
    """What was sent. Texts to `blocking` numbers wait for `gate` without giving way."""

    texts: list[OutgoingText] = field(default_factory=list)
    blocking: set[str] = field(default_factory=set)
    gate: threading.Event = field(default_factory=threading.Event)
    blocks_find: bool = False
    deaf: bool = False  # a call goes on when it is cancelled
    closed_on: list[str] = field(default_factory=list)  # names of threads
    sent_on: set[str] = field(default_factory=set)
    acts: dict[str, Callable[[], Any]] = field(default_factory=dict)


desk = Desk()


class Config(PluginConfig):
    """Nothing to configure."""


class Sleeper(Provider):
    name, label = "sleeper", "Sleeper"
    concurrency = 5
    timeout = 1.5
    settles_after = 0.0
    sender = "+15005550009"

    async def send(self, text: OutgoingText) -> Sent:
        desk.sent_on.add(threading.current_thread().name)
        if text.to in desk.blocking:
            desk.gate.wait(60)
        if text.to in desk.acts:
            desk.acts[text.to]()
        while desk.deaf and not desk.gate.is_set():
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                continue
        desk.texts.append(text)
        return Sent(provider_id=f"S{len(desk.texts):08}", parts=text.parts)

    async def find(self, text: OutgoingText) -> list[Sent]:
        if desk.blocks_find:
            desk.gate.wait(60)
        return [
            Sent(f"S{number:08}", kept.parts, number=kept.to, created_at=kept.attempted_at)
            for number, kept in enumerate(desk.texts, 1)
            if kept.to == text.to and kept.text == text.text
        ]

    async def close(self) -> None:
        desk.closed_on.append(threading.current_thread().name)


@hookimpl
def register_config() -> type[Config]:
    return Config


@hookimpl
def register_providers() -> list[type[Provider]]:
    return [Sleeper]
