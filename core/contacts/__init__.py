"""Contacts: people, their fields, tags and history."""

from __future__ import annotations

from heliograph.contacts.fields import Field, add_custom_field, contact_fields, find_field
from heliograph.contacts.merge import merge_contacts
from heliograph.contacts.models import Contact, ContactEvent, CustomField, Tag
from heliograph.contacts.profile import add_contact, delete_contact, edit_contact, get_contact
from heliograph.contacts.search import contacts_with_number, find_contacts, newest_contacts
from heliograph.contacts.tags import (
    list_tags,
    tag_contact,
    tag_contacts,
    untag_contact,
    untag_contacts,
)

__all__ = [
    "Contact",
    "ContactEvent",
    "CustomField",
    "Field",
    "Tag",
    "add_contact",
    "add_custom_field",
    "contact_fields",
    "contacts_with_number",
    "delete_contact",
    "edit_contact",
    "find_contacts",
    "find_field",
    "get_contact",
    "list_tags",
    "merge_contacts",
    "newest_contacts",
    "tag_contact",
    "tag_contacts",
    "untag_contact",
    "untag_contacts",
]
