"""Recorder - keeps what it is given, and fails as it is told.

For tests of core: they reach it as `heliograph.plugins.recorder` and set its `plan`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from heliograph.plugin import (
    Failure,
    FailureKind,
    OutgoingText,
    PluginConfig,
    Provider,
    Sent,
    hookimpl,
    send_text_action,
)


@dataclass
class Desk:
    """What was sent, and what is to happen next."""

    texts: list[OutgoingText] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    by_number: dict[str, Failure] = field(default_factory=dict)
    lose_answers: int = 0
    delay: float = 0.0
    delays: dict[str, float] = field(default_factory=dict)  # by sender
    nonsense: object = None
    in_flight: int = 0
    most_in_flight: int = 0
    clicks: list[tuple[str, str]] = field(default_factory=list)


desk = Desk()


class Config(PluginConfig):
    sender: str = Field("+15005550006", title="Sender", description="Where texts come from")
    pace: float = Field(0, title="Pace", description="Parts per second, 0 for no limit", ge=0)
    required: str = Field(title="Required", description="Something without a default")


class Recorder(Provider):
    name, label = "recorder", "Recorder"
    concurrency = 20
    timeout = 2.0
    settles_after = 0.0

    @property
    def sender(self) -> str:
        return self.config.sender

    @property
    def parts_per_second(self) -> float:
        return self.config.pace

    async def send(self, text: OutgoingText) -> Sent:
        desk.in_flight += 1
        desk.most_in_flight = max(desk.most_in_flight, desk.in_flight)
        try:
            delay = desk.delays.get(text.sender, desk.delay)
            if delay:
                await asyncio.sleep(delay)
            return self.answer(text)
        finally:
            desk.in_flight -= 1

    def answer(self, text: OutgoingText) -> Sent:
        if text.to in desk.by_number:
            raise desk.by_number[text.to]
        if desk.failures:
            raise desk.failures.pop(0)
        if desk.nonsense is not None:
            return desk.nonsense
        desk.texts.append(text)
        if desk.lose_answers:
            desk.lose_answers -= 1
            raise Failure(FailureKind.UNKNOWN_OUTCOME, "the line went dead")
        return Sent(provider_id=f"R{len(desk.texts):08}", parts=text.parts)

    async def find(self, text: OutgoingText) -> list[Sent]:
        return [
            Sent(
                provider_id=f"R{number:08}",
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
    return [Recorder]


@hookimpl
def link_clicked(delivery: Any, url: str) -> None:
    desk.clicks.append((delivery.number, url))


@hookimpl
def register_actions() -> list[object]:
    return [send_text_action("recorder", "Send Text Message (recorder)")]
