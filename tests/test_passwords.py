"""Passwords: easy ones are refused, what is stored is costly to guess, old hashes are renewed."""

from __future__ import annotations

import re

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import update
from werkzeug.security import generate_password_hash

from heliograph import passwords
from heliograph.db import change_rows, db, transaction
from heliograph.errors import BadInput
from heliograph.passwords import check_password, hash_password, is_outdated, password_fits
from heliograph.users import User, create_user, edit_user, list_users
from tests.conftest import HASHER
from tests.visitor import PASSWORD, Visitor

OWN = ("ann.chappe@example.com", "Anne", "Chappe")
EASY = [
    *("1234567890", "aaaaaaaaaa", "password12", "qwertyuiop", "Summer2024!", "motdepasse123"),
    *("heliograph", "heliograph1!", "ann.chappe@example.com", "ann.chappe@example.comxy"),
    *("pässwörd12345", "ⓟⓐⓢⓢⓦⓞⓡⓓ12", "pass\u200bword\u200bpassword"),
    *("annechappe", "Chappe2024!", "abcdefghij", "a" * 1000),
]
GOOD = [
    "four words make one",
    "x7Gq2pLw9z",
    "correct horse battery staple",
    "été à la plage 2024",
    "четыре слова подряд",
]


@pytest.mark.parametrize("password", EASY)
def test_what_is_guessed_first_is_refused_with_what_to_do(password: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_password(password, OWN)
    assert "too easy to guess" in refused.value.message
    assert "four random words" in refused.value.message
    assert password not in refused.value.message


@pytest.mark.parametrize("password", GOOD)
def test_what_is_hard_to_guess_is_taken(password: str) -> None:
    check_password(password, OWN)


@pytest.mark.parametrize(("password", "problem"), [("x7Gq2pLw9", "short"), ("x7" * 501, "long")])
def test_lengths(password: str, problem: str) -> None:
    with pytest.raises(BadInput, match=f"too {problem}"):
        check_password(password)


def test_each_way_to_a_password_refuses_easy_ones(app: Flask) -> None:
    ann = create_user(OWN[0], PASSWORD, first_name="Anne")
    with pytest.raises(BadInput, match="name of this product"):
        edit_user(ann.id, password="ann.chappe99")
    with pytest.raises(BadInput, match="easy to guess"):
        create_user("bob@example.com", "password12")
    assert len(list_users()) == 1


def test_what_is_stored_is_as_costly_as_owasp_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", HASHER)  # tests have a cheap one
    found = re.match(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$", hash_password(PASSWORD))
    assert found is not None
    memory, passes, threads = map(int, found.groups())
    assert (memory >= 19 * 1024, passes >= 2, threads) == (True, True, 1)


def test_characters_fit_however_they_are_composed() -> None:
    stored = hash_password("caf\u00e9 caf\u00e9")
    assert password_fits(stored, "cafe\u0301 cafe\u0301")
    assert not password_fits(stored, "cafe cafe")
    assert not password_fits(stored, "x" * 2_000_000)
    assert not password_fits("$argon2id$nonsense", "caf\u00e9")


@pytest.mark.parametrize(
    "old",
    [
        generate_password_hash(PASSWORD, "scrypt:1024:8:1"),
        PasswordHasher(time_cost=3, memory_cost=16, parallelism=1).hash(PASSWORD),
    ],
    ids=["scrypt", "argon2id"],
)
def test_an_old_hash_is_renewed_at_sign_in(app: Flask, old: str) -> None:
    create_user("ann@example.com", PASSWORD)
    with transaction():
        change_rows(update(User).values(password_hash=old))
    assert Visitor(app).sign_in("ann@example.com", "wrong password").status_code == 401
    assert stored_hash() == old
    assert Visitor(app).sign_in("ann@example.com").status_code == 303
    assert not is_outdated(stored_hash())
    assert Visitor(app).sign_in("ann@example.com").status_code == 303


def stored_hash() -> str:
    db.session.rollback()
    return list_users()[0].password_hash
