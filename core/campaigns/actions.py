"""Actions by hand: found by key, configured, run for one contact."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from heliograph.actions import Action, ActionBatch, ActionContext, Outcome, Outcomes, Result
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.queueing import skip_texts
from heliograph.campaigns.sending import REASONS, refusals
from heliograph.contacts.models import Contact
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.direct import queue_text, textable_number
from heliograph.errors import BadInput, Conflict, HeliographError, NotFound
from heliograph.events import Place
from heliograph.host.guard import guarded
from heliograph.host.validation import validated
from heliograph.messages import get_message
from heliograph.messages.models import TEMPLATE

log = logging.getLogger(__name__)


def list_actions() -> list[Action]:
    """What core and the enabled plugins offer to a campaign right now."""
    types = [type_ for type_ in EventTypes().all() if type_.available]
    return [type_.made for type_ in types if isinstance(type_.made, Action)]


def find_action(key: str) -> Action:
    """The action called *key*; raises NotFound with the keys there are."""
    for action in list_actions():
        if action.key == key:
            return action
    keys = ", ".join(action.key for action in list_actions()) or "none"
    raise NotFound(f"There is no action {key!r} among the enabled plugins. Actions: {keys}.")


def run_action(
    key: str, contact: Contact, values: Mapping[str, Any], *, source_id: int | None = None
) -> Outcome:
    """Run the action for *contact*; raises BadInput on values that do not fit.

    A fault of the action itself is an Outcome that failed, with its words.
    """
    action = find_action(key)
    config = read_config(action, values)
    contact_id = contact.id
    db.session.rollback()  # actions run outside of any transaction
    try:
        if action.run is None:
            return run_for_one(action, config, contact_id)
        context = ActionContext(contact_id, config, source_id, Texts(contact_id, source_id).send)
        return guarded(action.run, context)
    except HeliographError as error:
        return Outcome(Result.FAILED, error.message)
    except Exception as error:
        log.exception("action %s failed for contact %s", key, contact_id)
        return Outcome(Result.FAILED, f"{type(error).__name__}: {error}")


def read_config(action: Action, values: Mapping[str, Any]) -> BaseModel:
    try:
        return validated(action.config_model, values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"])) or action.key
        raise BadInput(field, first["msg"][0].lower() + first["msg"][1:]) from None


def run_for_one(action: Action, config: BaseModel, contact_id: int) -> Outcome:
    """Run an action for many as one for a single contact who is in no campaign."""
    if not action.paths:
        raise Conflict(f"{action.label} is for members of a campaign only.")
    places = [Place(step_id=0, contact_id=contact_id)]
    with transaction():
        batch = ActionBatch(config, 0, 0, places, utcnow(), no_texts)
        outcomes = guarded(action.run_many, batch) if action.run_many else None
    found = outcomes or Outcomes()
    return found.others.get(contact_id, found.usual)


def no_texts(message_id: int, provider: str) -> Outcomes:
    raise Conflict(f"Message {message_id} by {provider} needs a step of a campaign.")


class Texts:
    """What `ActionContext.send_text` does for one contact."""

    def __init__(
        self, contact_id: int, source_id: int | None, *, campaign_id: int | None = None
    ) -> None:
        self._contact_id = contact_id
        self._source_id = source_id
        self._campaign_id = campaign_id

    def send(self, message_id: int, provider: str) -> Outcome:
        contact = db.session.get(Contact, self._contact_id)
        if contact is None:
            return Outcome(Result.FAILED, "The contact was deleted.")
        message = get_message(message_id)
        if message.type != TEMPLATE:
            return Outcome(Result.FAILED, f"Message {message_id} is no template message.")
        if not message.published:
            return Outcome(Result.WAITING, f"Message {message_id} is not published.")
        refused = self._refused(message_id, provider)
        if refused is not None:
            return refused
        delivery = queue_text(
            message_id,
            number=textable_number(contact),
            contact=contact,
            provider=provider,
            source="campaign",
            source_id=self._source_id,
            campaign_id=self._campaign_id,
        )
        return Outcome(Result.DONE, f"Queued for {delivery.number}.", delivery.id)

    def _refused(self, message_id: int, provider: str) -> Outcome | None:
        """What came of it where a member of a campaign cannot be texted; its text is skipped."""
        if self._campaign_id is None or self._source_id is None:
            return None
        reason = refusals([self._contact_id]).get(self._contact_id)
        if reason is None:
            return None
        words = REASONS[reason]
        with transaction():
            why = {"reason": reason, "detail": words}
            now = utcnow()
            skip_texts(self._campaign_id, [self._source_id], message_id, provider, now, **why)
        return Outcome(Result.FAILED, words, reason=reason)
