"""What campaigns add: their menu entry, their pages, and a card on the page of a contact."""

from __future__ import annotations

from flask import render_template
from flask_babel import lazy_gettext as _l

from heliograph.campaigns.explanation import campaigns_of
from heliograph.hookspecs import hookimpl
from heliograph.host.extensions import Card, MenuEntry, ObjectPage


@hookimpl
def register_menu() -> list[MenuEntry]:
    pages = ("campaign_people", "campaign_builder")
    return [MenuEntry("campaigns.index", _l("Campaigns"), "signpost-split", 60, pages=pages)]


@hookimpl
def register_object_pages() -> list[ObjectPage]:
    return [ObjectPage("campaign", "campaigns.show", "campaign_id")]


@hookimpl
def register_cards() -> list[Card]:
    return [Card("campaign_pages.contact", "contact", contact_card, 10)]


def contact_card(contact_id: int) -> str:
    campaigns = campaigns_of(contact_id)
    if not campaigns:
        return ""
    return render_template(
        "campaigns/contact_card.html", campaigns=campaigns, contact_id=contact_id
    )
