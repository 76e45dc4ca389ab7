"""Campaign actions: what a plugin can let a campaign do to contacts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from heliograph.events import FAILED, THEN, Batch, EventConfig, Path


class Result(StrEnum):
    """`waiting`: not yet, it is tried again. `sending`: a text is queued and decides.

    `skipped`: left out for good, and the contact goes on as if it were done.
    """

    DONE = "done"
    WAITING = "waiting"
    SENDING = "sending"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an action, in words; `delivery_id` when a text was queued.

    `reason` is one word for it, by which failures are counted.
    """

    result: Result
    text: str = ""
    delivery_id: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of an action for a batch: `others` by contact id, `usual` for all the rest."""

    usual: Outcome = field(default_factory=lambda: Outcome(Result.DONE))
    others: Mapping[int, Outcome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ActionContext:
    """The contact an action runs for, its validated config, and what it may do.

    `send_text(message_id, provider)` queues a template text message for the
    contact and returns the Outcome; running it twice for one `source_id` (the
    contact's step in the campaign) queues one text.
    """

    contact_id: int
    config: BaseModel
    source_id: int | None
    send_text: Callable[[int, str], Outcome]


@dataclass(frozen=True, slots=True)
class ActionBatch(Batch):
    """A batch that an action runs for.

    `send_texts(message_id, provider)` queues a template text message for all of
    them in one go, and returns the Outcomes.
    """

    send_texts: Callable[[int, str], Outcomes]


@dataclass(frozen=True, slots=True)
class Action:
    """An action on the campaign canvas: it has `run` or `run_many`.

    `key` is `<plugin>.<name>`; `config_model` draws the form. `run` is called outside
    of any transaction, once for each contact, and may be called again after a crash;
    what it raises is tried again later. `run_many` is for what touches only the
    database: it runs inside of the steps' own transaction, so it happens exactly
    once; None means that all went well. `check(config)` may raise BadInput for what
    only the database knows. No `paths`: contacts end there. `sends` is the provider
    of the text message that the config's `message_id` names: contacts wait here
    while it cannot be sent; `ready(config)` may say why else they have to wait ("" when
    they need not).
    """

    key: str
    label: str
    config_model: type[BaseModel]
    run: Callable[[ActionContext], Outcome] | None = None
    help: str = ""
    icon: str = "lightning"
    group: str = "Contact"
    paths: tuple[Path, ...] = (THEN,)
    run_many: Callable[[ActionBatch], Outcomes | None] | None = None
    check: Callable[[Any], None] | None = None
    ready: Callable[[Any], str] | None = None
    sends: str = ""


class SendTextConfig(EventConfig):
    """What the *Send Text Message* action asks for."""

    message_id: int = Field(
        title="Text message",
        description="A published template message",
        gt=0,
        json_schema_extra={"choices_from": "messages"},
    )


def send_text_action(provider: str, label: str) -> Action:
    """The *Send Text Message* action by *provider*, for `register_actions`."""

    def run(context: ActionContext) -> Outcome:
        config: Any = context.config
        return context.send_text(config.message_id, provider)

    def run_many(batch: ActionBatch) -> Outcomes:
        return batch.send_texts(batch.config.message_id, provider)

    return Action(
        key=f"{provider}.send_text",
        label=label,
        config_model=SendTextConfig,
        run=run,
        help="Sends a template text message to the contact.",
        icon="chat-dots",
        group="Texts",
        paths=(THEN, FAILED),
        run_many=run_many,
        sends=provider,
    )
