"""From a code back to the text it was sent in, and to the address it stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from werkzeug.urls import iri_to_uri

from heliograph.contacts.fields import contact_fields
from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.deliveries.models import Delivery
from heliograph.errors import HeliographError
from heliograph.installation import current_zone
from heliograph.links.codes import LENGTH
from heliograph.links.models import Link
from heliograph.links.tracking import link_codes
from heliograph.messages import compile_text, values_of
from heliograph.users import User

# a phone may take the full stop after a link for a part of it
CODE = re.compile(rf"([0-9A-Za-z]{{{LENGTH}}})[^0-9A-Za-z]{{0,8}}")


@dataclass(frozen=True, slots=True)
class Followed:
    """A link of a text, as it was asked for; `sent_at` is when the text was handed over."""

    delivery_id: int
    link_id: int
    url: str
    contact_id: int | None
    source: str
    sent_at: datetime | None


def follow(typed: str) -> Followed | None:
    """What the code *typed* stands for; None when nobody was sent it."""
    found = CODE.fullmatch(typed)
    numbers = link_codes().decode(found[1]) if found else None
    if numbers is None:
        return None
    delivery_id, link_id = numbers
    # both have lost their message when it was deleted
    same = Link.message_id.is_not_distinct_from(Delivery.message_id)
    query = (
        select(Link.url, Delivery.contact_id, Delivery.source, Delivery.attempted_at)
        .join(Delivery, same)
        .where(Link.id == link_id, Delivery.id == delivery_id)
    )
    row = db.session.execute(query).first()
    return None if row is None else Followed(delivery_id, link_id, *row)


def target(followed: Followed) -> str:
    """Where to send the browser: tokens are filled for the contact as it is now."""
    url = followed.url
    if "{" in url:
        url = filled(url, followed.contact_id)
    return iri_to_uri(url)


def filled(url: str, contact_id: int | None) -> str:
    """The address for the contact; as far as the first token when that cannot be filled."""
    contact = db.session.get(Contact, contact_id) if contact_id is not None else None
    owner = db.session.get(User, contact.owner_id) if contact and contact.owner_id else None
    try:
        return compile_text(url, contact_fields()).render(
            values_of(contact, owner, zone=current_zone())
        )
    except HeliographError:
        return url[: url.index("{")]
