"""Exports as other systems write them: their columns, spellings, encodings and words.

Modelled on what their documents describe (see the sources in core/imports/consent.json). Each
says who may be texted and who has unsubscribed; nothing here asks the product.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Export:
    """`files` by name; people by number: `texted` may be, `refused` must not."""

    name: str
    files: dict[str, bytes]
    texted: frozenset[str]
    refused: frozenset[str]
    names: dict[str, str] = field(default_factory=dict)

    @property
    def people(self) -> frozenset[str]:
        return self.texted | self.refused


def as_csv(
    rows: Sequence[Sequence[str]], *, delimiter: str = ",", encoding: str = "utf-8", end: str = "\n"
) -> bytes:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator=end).writerows(rows)
    return file.getvalue().encode(encoding)


def number(block: int, person: int) -> str:
    """A French mobile number of its own."""
    return f"+336120{block:02}{person:03}"


def national(e164: str) -> str:
    digits = "0" + e164.removeprefix("+33")
    return " ".join(digits[at : at + 2] for at in range(0, 10, 2))


def mailchimp() -> Export:
    """A zip with a file for each kind of contact; TAGS in quotes, phones in many spellings."""
    columns = [
        *("Email Address", "First Name", "Last Name", "Address", "Phone Number", "MEMBER_RATING"),
        *("OPTIN_TIME", "OPTIN_IP", "CONFIRM_TIME", "CONFIRM_IP", "LATITUDE", "LONGITUDE"),
        *("GMTOFF", "DSTOFF", "TIMEZONE", "CC", "REGION", "LAST_CHANGED", "LEID", "EUID"),
        *("NOTES", "TAGS"),
    ]
    left = ["UNSUB_TIME", "UNSUB_CAMPAIGN_TITLE", "UNSUB_CAMPAIGN_ID", "UNSUB_REASON"]

    def row(person: int, phone: str, tags: str) -> list[str]:
        return [
            *(f"person{person}@example.com", f"Chloé{person}", "Lefèvre", "1 rue de l'Été  Paris"),
            *(phone, "2", "", "", "2024-03-01 10:11:12", "192.0.2.1", "48.85", "2.35", "1", "2"),
            *("Europe/Paris", "FR", "IDF", "2025-01-02 03:04:05", f"90{person}", f"ab{person}"),
            *("", tags),
        ]

    numbers = [number(1, person) for person in range(8)]
    subscribed = [columns]
    for person, one in enumerate(numbers[:5]):
        phone = [one, national(one), one[1:], f"'{one}", one][person]
        subscribed.append(row(person, phone, ['"VIP","spring"', "", '"VIP"', "", "=1+1"][person]))
    subscribed.append(row(9, "", '"VIP"'))  # no number: nobody to text
    gone = [["Unsubscribed", "Summer sale", "77", "NORMAL"], ["", "", "", ""]]
    unsubscribed = [[*columns[:-2], *left, "NOTES", "TAGS"]]
    for person, one in enumerate(numbers[5:], 5):
        before, after = row(person, one, '"spring"')[:-2], ["", '"spring"']
        when = ["2025-06-07 08:09:10", *gone[person % 2][1:]]
        unsubscribed.append([*before, *when, *after])
    return Export(
        "Mailchimp",
        {
            "subscribed_segment_export_8f2c.csv": as_csv(subscribed),
            "unsubscribed_segment_export_8f2c.csv": as_csv(unsubscribed),
        },
        frozenset(numbers[:5]),
        frozenset(numbers[5:]),
        {numbers[0]: "Chloé0"},
    )


def hubspot() -> Export:
    """All contacts with their properties; the same number in two records, one opted out."""
    columns = [
        *("Record ID", "First Name", "Last Name", "Email", "Phone Number", "Mobile Phone Number"),
        *("Lifecycle Stage", "Lead Status", "Marketing contact status", "Create Date"),
        *("Unsubscribed from all email", "Opted out of email: Marketing Information"),
        *("SMS Status", "City", "Country/Region"),
    ]
    numbers = [number(2, person) for person in range(8)]
    status = [
        *("Subscribed", "subscribed", "Opted in", "Subscribed"),
        *("Unsubscribed", "Opted out", "Not specified", "Subscribed"),
    ]
    rows = [columns]
    for person, one in enumerate(numbers):
        rows.append(
            [
                *(str(51000 + person), f"Ada{person}", "Lovelace", f"lead{person}@corp.example"),
                *("+33 1 42 68 53 00", one, "Lead", "New", "Non-marketing contact"),
                *("2024-05-06 07:08", "false", "false", status[person], "Paris", "France"),
            ]
        )
    again = [*rows[8]]
    again[0], again[12] = "51999", "Unsubscribed"  # the last one, in a second record
    rows.append(again)
    return Export(
        "HubSpot",
        {"hubspot-crm-exports-all-contacts-2026-11-30.csv": as_csv(rows, encoding="utf-8-sig")},
        frozenset(numbers[:4]),
        frozenset(numbers[4:]),
        {numbers[0]: "Ada0"},
    )


def shopify() -> Export:
    """Customers; phones with an apostrophe, yes and no for each channel."""
    columns = [
        *("Customer ID", "First Name", "Last Name", "Email", "Accepts Email Marketing"),
        *("Default Address Company", "Default Address Address1", "Default Address Address2"),
        *("Default Address City", "Default Address Province Code", "Default Address Country Code"),
        *("Default Address Zip", "Default Address Phone", "Phone", "Accepts SMS Marketing"),
        *("Total Spent", "Total Orders", "Note", "Tax Exempt", "Tags"),
    ]
    numbers = [number(3, person) for person in range(8)]
    rows = [columns]
    for person, one in enumerate(numbers):
        email = "no" if person % 2 else "yes"  # says nothing about texts
        rows.append(
            [
                *(f"'76{person:010}", f"Zoé{person}", "Martin", f"client{person}@shop.example"),
                *(email, "", "2, avenue Foch", "", "Lyon", "", "FR", "'69001", ""),
                *(f"'{one}", "yes" if person < 5 else "no", "12.50", "1", "", "no"),
                "newsletter, VIP",
            ]
        )
    return Export(
        "Shopify",
        {"customers_export.csv": as_csv(rows)},
        frozenset(numbers[:5]),
        frozenset(numbers[5:]),
        {numbers[0]: "Zoé0"},
    )


def excel() -> Export:
    """A list kept by hand: semicolons, Windows-1252, numbers that lost their zero."""
    numbers = [number(4, person) for person in range(8)]
    answers = ["oui", "Oui", "OUI", "x", "non", "", "peut-être", "Non"]
    rows = [
        [
            "Nom",
            "Prénom",
            "Téléphone portable",
            "E-mail",
            "Ville",
            "Opt-in SMS",
            "Date d'inscription",
        ]
    ]
    for person, one in enumerate(numbers):
        phone = national(one) if person % 2 else one.removeprefix("+33")
        mail = f"helene{person}@example.fr"
        rows.append(
            [f"Hébert{person}", "Hélène", phone, mail, "Orléans", answers[person], "03/04/2025"]
        )
    return Export(
        "Excel",
        {"Clients février.csv": as_csv(rows, delimiter=";", encoding="cp1252", end="\r\n")},
        frozenset(numbers[:4]),
        frozenset(numbers[4:]),
        {numbers[0]: "Hélène"},
    )


def mautic() -> Export:
    """Contacts with the names of fields; doNotContact as it is imported."""
    columns = [
        *("id", "title", "firstname", "lastname", "company", "position", "email", "mobile"),
        *("phone", "points", "city", "state", "country", "timezone", "preferred_locale"),
        *("dateAdded", "lastActive", "doNotContact", "tags"),
    ]
    numbers = [number(5, person) for person in range(8)]
    answers = ["0", "", "no", "FALSE", "0", "1", "yes", "TRUE"]
    rows = [columns]
    for person, one in enumerate(numbers):
        rows.append(
            [
                *(str(person + 1), "", f"Marie{person}", "Durand", "Acme", "", f"m{person}@a.fr"),
                *(one, "+33142685300", "12", "Nantes", "", "France", "Europe/Paris", "fr"),
                *("2023-01-02 03:04:05", "", answers[person], "vip|spring"),
            ]
        )
    return Export(
        "Mautic",
        {"contacts_export.csv": as_csv(rows)},
        frozenset(numbers[:5]),
        frozenset(numbers[5:]),
        {numbers[0]: "Marie0"},
    )


EXPORTS = (mailchimp(), hubspot(), shopify(), excel(), mautic())
