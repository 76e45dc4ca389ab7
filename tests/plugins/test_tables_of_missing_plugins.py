"""What a plugin kept about contacts is theirs still when the plugin is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from heliograph.contacts import add_contact, delete_contact, merge_contacts
from heliograph.db import Model, db, transaction
from heliograph.host import current_host
from tests.plugins.sources import CONFIG, HEAD, put

# models are not declared: what a process has loaded once cannot be unloaded
MIGRATION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "loyal_1", None

def upgrade():
    dies = sa.ForeignKey("contacts.id", ondelete="CASCADE")
    op.create_table(
        "loyal_points",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("contact_id", sa.BigInteger, dies, nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
    )
    op.create_table(
        "loyal_cards",
        sa.Column("contact_id", sa.BigInteger, sa.ForeignKey("contacts.id"), primary_key=True),
        sa.Column("card", sa.String(20), nullable=False),
    )
    op.create_table(
        "loyal_levels",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("contact_id", sa.BigInteger, sa.ForeignKey("contacts.id"), nullable=False),
        sa.Column("level", sa.String(20), nullable=False),
        sa.Column("is_current", sa.Boolean, nullable=False),
    )
    current = sa.text("is_current")
    op.create_index(
        "uq_loyal_levels", "loyal_levels", ["contact_id"], unique=True,
        sqlite_where=current, postgresql_where=current,
    )
    empties = sa.ForeignKey("contacts.id", ondelete="SET NULL")
    op.create_table(
        "loyal_visits",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("contact_id", sa.BigInteger, empties),
        sa.Column("friend_id", sa.BigInteger, sa.ForeignKey("contacts.id")),
    )
"""


@pytest.fixture
def app(make_app: Callable[..., Flask], folder: Path) -> Iterator[Flask]:
    """An application without the plugin, after one in which it was enabled."""
    put(folder, "loyal", HEAD + CONFIG)
    (folder / "loyal" / "migrations").mkdir()
    (folder / "loyal" / "migrations" / "0001_tables.py").write_text(MIGRATION)
    with make_app(plugin_dirs=str(folder)).app_context():
        current_host().upgrade_tables()
        assert not current_host().get("loyal").fault
        current_host().enable("loyal")
    app = make_app()
    with app.app_context():
        assert "loyal_points" not in Model.metadata.tables
        assert [info.name for info in current_host().missing()] == ["loyal"]
        yield app


def person(name: str) -> int:
    return add_contact({"first_name": name}, region="FR").id


def store(statement: str, *rows: tuple[object, ...]) -> None:
    with transaction() as session:
        for row in rows:
            named = {f"v{place}": value for place, value in enumerate(row)}
            values = ", ".join(f":{name}" for name in named)
            session.execute(sa.text(f"INSERT INTO {statement} VALUES ({values})"), named)


def rows(query: str) -> list[tuple[object, ...]]:
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(sa.text(query))]


def test_a_merge_hands_its_rows_over(app: Flask) -> None:
    ann, bob, cid = person("Ann"), person("Bob"), person("Cid")
    store("loyal_points (contact_id, points)", (ann, 1), (bob, 2), (bob, 3))
    store("loyal_cards (contact_id, card)", (bob, "gold"))
    store("loyal_visits (contact_id, friend_id)", (bob, cid), (cid, bob))
    merge_contacts(ann, bob)
    assert rows("SELECT contact_id, points FROM loyal_points ORDER BY points") == [
        (ann, 1),
        (ann, 2),
        (ann, 3),
    ]
    assert rows("SELECT contact_id, card FROM loyal_cards") == [(ann, "gold")]
    visits = rows("SELECT contact_id, friend_id FROM loyal_visits ORDER BY id")
    assert visits == [(ann, cid), (cid, ann)]


def test_what_a_contact_has_once_stays_the_winners_and_blocks_nothing(app: Flask) -> None:
    ann, bob = person("Ann"), person("Bob")
    store("loyal_cards (contact_id, card)", (ann, "silver"), (bob, "gold"))
    levels = [(ann, "a", True), (bob, "b", True), (bob, "c", False), (ann, "d", False)]
    store("loyal_levels (contact_id, level, is_current)", *levels)
    merge_contacts(ann, bob)
    assert rows("SELECT contact_id, card FROM loyal_cards") == [(ann, "silver")]
    kept = rows("SELECT contact_id, level FROM loyal_levels ORDER BY level")
    assert kept == [(ann, "a"), (ann, "c"), (ann, "d")]


def test_deleting_a_contact_takes_what_is_its_own_and_lets_go_of_the_rest(app: Flask) -> None:
    ann, bob = person("Ann"), person("Bob")
    store("loyal_points (contact_id, points)", (ann, 1), (bob, 2))
    store("loyal_cards (contact_id, card)", (ann, "silver"), (bob, "gold"))
    store("loyal_visits (contact_id, friend_id)", (bob, ann), (ann, bob))
    delete_contact(ann)
    assert rows("SELECT contact_id FROM loyal_points") == [(bob,)]
    assert rows("SELECT contact_id FROM loyal_cards") == [(bob,)]
    visits = rows("SELECT contact_id, friend_id FROM loyal_visits ORDER BY id")
    assert visits == [(bob, None), (None, bob)]
