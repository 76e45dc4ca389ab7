"""Addresses of visitors: without what proxies add, and counted by network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from heliograph.addresses import network_of, plain_address
from heliograph.audit import read_audit
from heliograph.db import change_rows, db, transaction, utcnow
from heliograph.jobs.register import core_jobs
from heliograph.jobs.runs import run_job
from heliograph.login_failures import FAILURES_OF_ADDRESS, LoginFailure
from heliograph.logins import LoginSession, sweep_logins
from heliograph.users import create_user
from tests.visitor import PASSWORD, Visitor, sign_in


@pytest.mark.parametrize(
    ("given", "plain", "network"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:50123", "192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]:443", "2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ('"[2001:db8:1:2::1]:443"', "2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
        ("unknown", "", ""),
        ("x" * 300, "", ""),
        ("", "", ""),
        ("\udfff", "", ""),
    ],
)
def test_an_address_is_read_as_proxies_write_it(given: str, plain: str, network: str) -> None:
    assert (plain_address(given), network_of(given)) == (plain, network)


@pytest.fixture
def behind(make_app: Callable[..., Flask]) -> Flask:
    """An installation behind a proxy."""
    return make_app(trusted_proxies="1")


def guess(app: Flask, address: str, number: int) -> int:
    visitor = Visitor(app)
    form = {"email": f"u{number}@example.com", "password": "wrong password"}
    return visitor.post("/login", form, **{"X-Forwarded-For": address}).status_code


@pytest.mark.parametrize(
    "made", ["192.0.2.7:{}", "[2001:db8:1:2::{:x}]:443", "2001:db8:1:2:{:x}::1"]
)
def test_neither_ports_nor_addresses_of_one_network_make_a_new_guesser(
    behind: Flask, made: str
) -> None:
    with behind.app_context():
        create_user("ann@example.com", PASSWORD)
        count = FAILURES_OF_ADDRESS + 5
        answers = [guess(behind, made.format(1000 + number), number) for number in range(count)]
        assert answers == [401] * FAILURES_OF_ADDRESS + [429] * 5
        assert guess(behind, "198.51.100.1", 99) == 401


def test_what_no_proxy_should_say_is_stored_nowhere(behind: Flask) -> None:
    with behind.app_context():
        sign_in(behind)
        form = {"email": "admin@example.com", "password": PASSWORD}
        visitor = Visitor(behind)
        answer = visitor.post("/login", form, **{"X-Forwarded-For": "x" * 300})
        assert answer.status_code == 303
        assert guess(behind, "y" * 300, 1) == 401
        assert db.session.scalar(select(func.max(func.length(LoginSession.address)))) <= 45
        assert db.session.scalar(select(func.max(func.length(LoginFailure.address)))) <= 45
        assert read_audit()[0].address == ""


def test_the_job_deletes_what_counts_no_more(app: Flask) -> None:
    sign_in(app), sign_in(app, "reader")
    for age in (timedelta(minutes=14), timedelta(minutes=16)):
        with transaction() as session:
            failure = LoginFailure(email="ann@example.com", address="", at=utcnow() - age)
            session.add(failure)
    first = select(func.min(LoginSession.id)).scalar_subquery()
    with transaction():
        old = update(LoginSession).where(LoginSession.id == first)
        change_rows(old.values(seen_at=utcnow() - timedelta(days=15)))
    job = next(job for job in core_jobs() if job.key == "accounts.sweep")
    run_job(app, job)
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(LoginFailure)) == 1
    assert db.session.scalar(select(func.count()).select_from(LoginSession)) == 1
    assert sweep_logins() is None
