"""Plodder - a plain provider: its calls run in threads, and do what a test says.

The second provider of the tests of core: they reach it as `heliograph.plugins.plodder`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from heliograph.plugin import OutgoingText, PluginConfig, Provider, Sent, hookimpl


@dataclass
class Desk:
    """What was sent. `acts` says by number what is done instead of answering."""

    texts: list[OutgoingText] = field(default_factory=list)
    acts: dict[str, Callable[[OutgoingText], Any]] = field(default_factory=dict)
    always: Callable[[OutgoingText], Any] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, text: OutgoingText) -> Sent:
        with self.lock:
            self.texts.append(text)
            return Sent(provider_id=f"P{len(self.texts):08}", parts=text.parts)


desk = Desk()


class Config(PluginConfig):
    """Nothing to configure."""


class Plodder(Provider):
    name, label = "plodder", "Plodder"
    concurrency = 20
    timeout = 1.0
    settles_after = 0.0
    sender = "+15005550007"

    def send(self, text: OutgoingText) -> Sent:
        act = desk.acts.get(text.to, desk.always)
        return desk.take(text) if act is None else act(text)

    def find(self, text: OutgoingText) -> list[Sent]:
        return [
            Sent(
                provider_id=f"P{number:08}",
                parts=kept.parts,
                number=kept.to,
                created_at=kept.attempted_at,
            )
            for number, kept in enumerate(desk.texts, 1)
            if kept.to == text.to and kept.text == text.text
        ]


@hookimpl
def register_config() -> type[Config]:
    return Config


@hookimpl
def register_providers() -> list[type[Provider]]:
    return [Plodder]
