"""Actions of the enabled plugins: found by key, configured, run for a contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from core.actions import Action, ActionContext, Outcome, Result
from core.contacts.models import Contact
from core.db import db
from core.deliveries.direct import queue_text, textable_number
from core.errors import BadInput, HeliographError, NotFound
from core.host import current_host
from core.messages import get_message
from core.messages.models import TEMPLATE


def list_actions() -> list[Action]:
    """What the enabled plugins offer to a campaign right now."""
    return [action for info in current_host().enabled() for action in info.contributions.actions]


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
    try:
        config = action.config_model.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"])) or key
        raise BadInput(field, first["msg"][0].lower() + first["msg"][1:]) from None
    contact_id = contact.id
    db.session.rollback()  # actions run outside of any transaction
    context = ActionContext(contact_id, config, source_id, Texts(contact_id, source_id).send)
    try:
        return action.run(context)
    except HeliographError as error:
        return Outcome(Result.FAILED, error.message)


class Texts:
    """What `ActionContext.send_text` does for one contact."""

    def __init__(self, contact_id: int, source_id: int | None) -> None:
        self._contact_id = contact_id
        self._source_id = source_id

    def send(self, message_id: int, provider: str) -> Outcome:
        contact = db.session.get(Contact, self._contact_id)
        if contact is None:
            return Outcome(Result.FAILED, "The contact was deleted.")
        message = get_message(message_id)
        if message.type != TEMPLATE:
            return Outcome(Result.FAILED, f"Message {message_id} is no template message.")
        if not message.published:
            return Outcome(Result.WAITING, f"Message {message_id} is not published.")
        delivery = queue_text(
            message_id,
            number=textable_number(contact),
            contact=contact,
            provider=provider,
            source="campaign",
            source_id=self._source_id,
        )
        return Outcome(Result.DONE, f"Queued for {delivery.number}.", delivery.id)
