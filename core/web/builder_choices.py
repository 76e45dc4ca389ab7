"""What the forms of events offer to choose from: messages, segments, tags and so on."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from heliograph.campaigns import list_campaigns
from heliograph.contacts import contact_fields, list_tags
from heliograph.messages import list_messages
from heliograph.messages.models import TEMPLATE, TextMessage
from heliograph.segments import list_segments
from heliograph.web.contact_form import country_options
from heliograph.web.filter_catalog import catalog
from heliograph.web.sentence_words import told

Choice = dict[str, Any]


def builder_choices() -> dict[str, list[Choice]]:
    """Choices by the hint `choices_from` of a field."""
    messages = list_messages()
    return {
        "messages": [message_choice(one) for one in messages if one.type == TEMPLATE],
        "any_messages": [choice(one.id, one.name) for one in messages],
        "segments": [choice(one.id, one.name, members=one.member_count) for one in list_segments()],
        "tags": [choice(one.name, one.name) for one in list_tags()],
        "fields": [choice(one.alias, told(one.label)) for one in contact_fields().values()],
        "campaigns": [choice(one.id, one.name) for one in list_campaigns()],
        "countries": [choice(code, name) for code, name in country_options()],
    }


def choice(value: int | str, label: str, **more: Any) -> Choice:
    return {"value": value, "label": label, **more}


def message_choice(message: TextMessage) -> Choice:
    """`help` is the text itself, as far as a card has room for it."""
    label = message.name
    if not message.published:
        label = _("%(name)s (not published)", name=label)
    return choice(message.id, label, help=message.text[:320])


def builder_filters() -> dict[str, Any]:
    """The catalog of filters, of fields alone."""
    found = catalog()
    fields = contact_fields()
    found["subjects"] = [one for one in found["subjects"] if one["name"] in fields]
    return found
