"""A believable installation: people, texts and replies of the last month."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

from heliograph import create_app
from heliograph.broadcasts.models import FINISHED, Broadcast
from heliograph.contacts import Contact, add_contact, add_custom_field, tag_contact
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.models import Delivery
from heliograph.dnc import UNSUBSCRIBED, add_dnc
from heliograph.figures import refresh_figures
from heliograph.host import current_host
from heliograph.imports import create_import, run_import
from heliograph.imports.upload import keep_upload
from heliograph.messages import create_message
from heliograph.replies.models import Reply
from heliograph.segments import add_members, create_segment, refresh_all
from heliograph.settings import Settings
from heliograph.upgrades import upgrade_schema
from heliograph.users import create_user
from tests.pages.campaigning import make_campaigns
from tests.pages.visit import EMAIL, PASSWORD

FIRST = ("Ada", "Grace", "Joan", "Alan", "Katherine", "Edsger", "Barbara", "Donald", "Radia", "Tim")
LAST = (
    "Lovelace",
    "Hopper",
    "Clarke",
    "Turing",
    "Johnson",
    "Dijkstra",
    "Liskov",
    "Knuth",
    "Perlman",
)
CITIES = ("Paris", "Lyon", "Marseille", "Lille", "Nantes", "Strasbourg")
ANSWERS = (
    "Yes please!",
    "Thanks, see you Saturday",
    "What time?",
    "STOP",
    "Great 👍",
    "Who is this?",
)
FATES = ("delivered",) * 17 + ("undelivered", "failed", "sent")
SALE = "our autumn sale begins on Saturday at 10. Reply STOP to opt out."
COUNT = 180


def fill(folder: str) -> None:
    """Make it in *folder*, on SQLite."""
    app = create_app(Settings(data_dir=folder, default_region="FR", scheduler="off"))
    with app.app_context():
        upgrade_schema()
        populate(Path(folder))
        db.session.remove()
        db.engine.dispose()


def populate(folder: Path) -> None:
    """Make it in the application that is current; files go to *folder*."""
    chance = random.Random(7)
    current_host().upgrade_tables()
    current_host().enable("simulator")
    ann = create_user(EMAIL, PASSWORD, first_name="Ann", last_name="Chappe")
    create_user("marc@example.com", PASSWORD, role="marketer", first_name="Marc")
    create_user("rita@example.com", PASSWORD, role="reader", first_name="Rita")
    add_custom_field("birthday", "Birthday", "date")
    add_custom_field("shoe_size", "Shoe size", "number")
    people = make_people(chance, folder, ann.id)
    make_segments(people)
    make_messages(chance, people)
    make_phones()
    make_campaigns(chance)
    refresh_figures()


def make_people(chance: random.Random, folder: Path, owner: int) -> list[int]:
    first = {"mobile": "+33612000000", "first_name": "Ada", "last_name": "Lovelace"}
    first |= {"email": "ada@example.com", "city": "Paris", "country": "FR", "company": "Analytics"}
    ada = add_contact({**first, "owner_id": owner, "birthday": "1815-12-10"}, region="FR")
    tag_contact(ada, ["vip", "newsletter"])
    lines = ["mobile;first name;last name;email;city;tags"]
    for number in range(1, COUNT):
        name, family = chance.choice(FIRST), chance.choice(LAST)
        tags = chance.choice(("newsletter", "", "", "vip,newsletter", "students"))
        address = f"{name}.{family}{number}@example.com".lower()
        lines.append(f"06 12 {number:06};{name};{family};{address};{chance.choice(CITIES)};{tags}")
    lines += ["01 42 68 53 00;Front;Desk;;Paris;", "nonsense;No;Number;;;"]
    lines += [f"06 12 {COUNT - 1:06};;;no address;;"]  # imported, with a remark
    path = folder / "newsletter.csv"
    path.write_text("\n".join(lines))
    run_import(create_import(path, filename="newsletter.csv", segment="Newsletter").id)
    small = folder / "fair.csv"
    small.write_text(
        "Salon d'automne;;;;;\nTéléphone;Prénom;Nom;Ville;Naissance;Notes\n"
        "0612999001;Chloé;Petit;Paris;03/04/1990;a appelé\n0612999002;Hugo;Roux;Lyon;05/06/1991;\n"
    )
    with small.open("rb") as stream:
        keep_upload(stream, "fair.csv")
    return list(db.session.scalars(db.select(Contact.id).order_by(Contact.id)))


def make_segments(people: list[int]) -> None:
    paris = {"field": "city", "operator": "is", "value": "Paris"}
    vip = {"field": "tag", "operator": "has_any", "value": ["vip"]}
    lately = {"field": "replied", "operator": "within", "value": "-30 days"}
    create_segment(
        "Paris or VIP",
        {"all": [{"any": [paris, vip]}, {"field": "country", "operator": "is", "value": "FR"}]},
    )
    create_segment("Answered lately", {"all": [lately]})
    friends = create_segment("Friends")
    add_members(friends.id, people[:12])
    refresh_all()


def make_messages(chance: random.Random, people: list[int]) -> None:
    now = utcnow()
    sale = f"Hi {{contactfield=firstname|there}}, {SALE}"
    for name, days in (("Autumn sale", 9), ("Opening hours", 3)):
        made = create_message(name=name, text=sale, segments=[1], category="sales")
        made_ago = now - timedelta(days=days)
        with transaction() as session:
            run = session.get_one(Broadcast, made.id)
            run.status, run.text, run.provider, run.sender = (
                FINISHED,
                sale,
                "simulator",
                "Heliograph",
            )
            run.started_at = run.planned_at = made_ago
            run.finished_at = made_ago + timedelta(minutes=4)
            for contact_id in people:
                contact = session.get_one(Contact, contact_id)
                at = made_ago + timedelta(seconds=contact_id, days=chance.choice((0, 0, 1)))
                session.add(text_to(contact, made.id, at, chance.choice(FATES), chance))
    with transaction() as session:
        for number, answer in enumerate(ANSWERS * 2):
            contact = session.get_one(Contact, people[number * 3])
            session.add(
                Reply(
                    provider="simulator",
                    provider_id=f"r{number}",
                    number=contact.mobile or "",
                    to="Heliograph",
                    text=answer,
                    opt="out" if answer == "STOP" else "",
                    contact_id=contact.id,
                    delivery_id=people[number * 3],
                    received_at=now - timedelta(hours=7 * (12 - number)),
                )
            )
    for contact_id in (people[9], people[27], people[40]):
        contact = db.session.get_one(Contact, contact_id)
        add_dnc(contact.mobile or "", reason=UNSUBSCRIBED, comment="Replied 'STOP'", source="reply")
    create_message(
        name="Saturday reminder",
        text="Bonjour {contactfield=firstname|toi} – à samedi, 10 h… 12 rue de Sèvres",
        segments=[1, 4],
        language="fr",
        category="events",
    )
    create_message(name="Welcome", text="Welcome, {contactfield=firstname|friend}!")


def text_to(
    contact: Contact, message: int, at: object, fate: str, chance: random.Random
) -> Delivery:
    lost = {"failed": "bad_number", "undelivered": "unreachable"}.get(fate, "")
    words = {"failed": "No phone has this number.", "undelivered": "The phone is switched off."}
    return Delivery(
        source="broadcast",
        source_id=message,
        broadcast_id=message,
        message_id=message,
        recipient_id=contact.id,
        contact_id=contact.id,
        number=contact.mobile or "",
        provider="simulator",
        provider_id=f"p{message}-{contact.id}",
        sender="Heliograph",
        text=f"Hi {contact.first_name}, {SALE}",
        encoding="gsm7",
        parts=1,
        status=fate,
        reason=lost,
        detail=words.get(fate, ""),
        attempts=1,
        created_at=at,
        attempted_at=at,
        accepted_at=None if fate == "failed" else at,
        final_at=None if fate == "sent" else at,
    )


def make_phones() -> None:
    # the plugin's own table: its pages are pictured too
    from heliograph.plugins.simulator.tables import SimulatorText  # noqa: PLC0415

    lines = [("out", f"Hi Ada, {SALE}"), ("in", "What time do you close?"), ("out", "At 19:00.")]
    with transaction() as session:
        for number in ("+33612000003", "+33612000002", "+33612000000"):
            for at, (direction, text) in enumerate(lines):
                session.add(
                    SimulatorText(
                        direction=direction,
                        provider_id=f"{number}-{at}",
                        number=number,
                        sender="Heliograph",
                        text=text,
                        status="delivered" if direction == "out" else "received",
                    )
                )
