"""Campaign actions: what a plugin can let a campaign do to a contact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field


class Result(StrEnum):
    DONE = "done"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an action, in words; `delivery_id` when a text was queued."""

    result: Result
    text: str = ""
    delivery_id: int | None = None


@dataclass(frozen=True, slots=True)
class ActionContext:
    """The contact an action runs for, its validated config, and what it may do.

    `send_text(message_id, provider)` queues a template text message for the
    contact and returns the Outcome; running it twice for one `source_id` (the
    campaign's event log row) queues one text.
    """

    contact_id: int
    config: BaseModel
    source_id: int | None
    send_text: Callable[[int, str], Outcome]


@dataclass(frozen=True, slots=True)
class Action:
    """An action on the campaign canvas.

    `key` is `<plugin>.<name>`; `config_model` draws the form; `run` is called
    outside of any transaction and may be called again after a crash.
    """

    key: str
    label: str
    config_model: type[BaseModel]
    run: Callable[[ActionContext], Outcome]
    help: str = ""


class SendTextConfig(BaseModel):
    """What the *Send Text Message* action asks for."""

    message_id: int = Field(title="Text message", description="A published template message", gt=0)


def send_text_action(provider: str, label: str) -> Action:
    """The *Send Text Message* action by *provider*, for `register_actions`."""

    def run(context: ActionContext) -> Outcome:
        config: Any = context.config
        return context.send_text(config.message_id, provider)

    return Action(
        key=f"{provider}.send_text",
        label=label,
        config_model=SendTextConfig,
        run=run,
        help="Sends a template text message to the contact.",
    )
