"""Several at once: one first admin, one user per e-mail, always an admin, few guesses."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from heliograph import logins
from heliograph.db import db, transaction
from heliograph.installation import settings_of
from heliograph.login_failures import FAILURES_OF_ADDRESS, FAILURES_OF_EMAIL, LoginFailure
from heliograph.setup_token import setup_token
from heliograph.users import User, create_user, edit_user, list_users
from tests.visitor import PASSWORD, Visitor, sign_in


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """What each of them answers; all begin together."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait(20)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.fixture
def slow_users(app: Flask) -> Iterator[None]:
    """Who has changed a user waits a moment before it commits: others come in between, if
    they can."""
    others = threading.Barrier(2)

    def wait(session: Any, _context: object) -> None:
        if any(isinstance(one, User) for one in (*session.new, *session.dirty)):
            with suppress(threading.BrokenBarrierError):
                others.wait(0.4)

    event.listen(db.session, "after_flush", wait)
    yield
    event.remove(db.session, "after_flush", wait)


@pytest.mark.usefixtures("slow_users")
def test_many_first_forms_make_one_admin(app: Flask) -> None:
    visitors = [Visitor(app) for _ in range(4)]
    for visitor in visitors:
        visitor.token()
    form = {"password": PASSWORD, "setup_token": setup_token(settings_of(app))}

    def begin(number: int) -> int:
        return visitors[number].post("/welcome", form | {"email": f"u{number}@x.io"}).status_code

    answers = at_once([lambda number=number: begin(number) for number in range(4)])  # type: ignore[misc]
    assert Counter(answers) == {303: 1, 409: 3}
    assert len(list_users()) == 1


@pytest.mark.usefixtures("slow_users")
def test_many_forms_with_one_email_make_one_user(app: Flask) -> None:
    admin = sign_in(app)
    admin.token()
    form = {"email": "new@example.com", "password": PASSWORD, "role": "reader"}

    def create() -> int:
        return copy_of(admin).post("/admin/users/", form).status_code

    assert Counter(at_once([create] * 4)) == {303: 1, 400: 3}
    assert [user.email for user in list_users()] == ["admin@example.com", "new@example.com"]


def copy_of(visitor: Visitor) -> Visitor:
    """The same session in another tab."""
    copy = Visitor(visitor.app)
    copy._token = visitor.token()
    for cookie in (visitor.client._cookies or {}).values():
        copy.client.set_cookie(cookie.key, cookie.value, path=cookie.path)
    return copy


@pytest.mark.usefixtures("slow_users")
@pytest.mark.parametrize("form", [{"role": "reader", "active": "1"}, {"role": "admin"}])
def test_two_admins_who_take_each_other_down_leave_one(app: Flask, form: dict[str, str]) -> None:
    ann, bob = sign_in(app, email="ann@x.io"), sign_in(app, email="bob@x.io")
    ids = {user.email: user.id for user in list_users()}
    calls = [
        lambda: ann.post(f"/admin/users/{ids['bob@x.io']}", form).status_code,
        lambda: bob.post(f"/admin/users/{ids['ann@x.io']}", form).status_code,
    ]
    ann.token(), bob.token()
    done, refused = sorted(at_once(calls))
    # the second is no admin any more, or is signed out already when its request is looked at
    assert (done, refused) in ((303, 403), (303, 401))
    db.session.rollback()
    assert db.session.scalar(select(func.count()).where(User.role == "admin", User.active)) == 1


def test_who_is_no_admin_any_more_changes_nothing(app: Flask) -> None:
    ann = create_user("ann@x.io", PASSWORD)
    bob, eve = create_user("bob@x.io", PASSWORD), create_user("eve@x.io", PASSWORD)
    edit_user(bob.id, role="reader", by=ann.id)
    with pytest.raises(Exception, match="no longer an admin"):
        edit_user(eve.id, active=False, by=bob.id)
    db.session.rollback()
    assert [user.active for user in list_users()] == [True, True, True]


def test_guesses_side_by_side_are_counted_before_they_are_checked(app: Flask) -> None:
    create_user("ann@example.com", PASSWORD)
    logins.nobody()
    visitors = [Visitor(app) for _ in range(20)]
    for visitor in visitors:
        visitor.token()

    def guess(visitor: Visitor) -> int:
        return visitor.sign_in("ann@example.com", "wrong password").status_code

    answers = at_once([lambda one=one: guess(one) for one in visitors])  # type: ignore[misc]
    assert set(answers) <= {401, 429}
    assert answers.count(401) <= FAILURES_OF_EMAIL


def test_a_guess_is_on_the_list_while_it_is_checked(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_user("ann@example.com", PASSWORD)
    seen: list[int | None] = []
    check = logins.password_fits

    def look(stored: str, typed: str) -> bool:
        seen.append(db.session.scalar(select(func.count()).select_from(LoginFailure)))
        return check(stored, typed)

    monkeypatch.setattr(logins, "password_fits", look)
    assert Visitor(app).sign_in("ann@example.com", "wrong password").status_code == 401
    assert Visitor(app).sign_in("ann@example.com").status_code == 303
    assert seen == [1, 2]
    assert db.session.scalar(select(func.count()).select_from(LoginFailure)) == 0


def test_an_address_is_locked_out_whatever_the_emails_are(app: Flask) -> None:
    create_user("ann@example.com", PASSWORD)
    with transaction() as session:
        session.add_all(
            LoginFailure(email=f"u{number}@example.com", address="127.0.0.1")
            for number in range(FAILURES_OF_ADDRESS - 1)
        )
    assert Visitor(app).sign_in("one@example.com", "wrong password").status_code == 401
    assert Visitor(app).sign_in("ann@example.com").status_code == 429
    elsewhere = Visitor(app)
    elsewhere.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert elsewhere.sign_in("ann@example.com").status_code == 303
