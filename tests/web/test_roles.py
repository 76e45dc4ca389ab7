"""Who may ask what: `roles.txt` is written by hand, and the whole of it is asked over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask
from werkzeug.routing import Rule

from heliograph.host import current_host
from tests.visitor import Visitor, sign_in

WHO = ("stranger", "reader", "marketer", "admin")  # each may do what those before may
MADE_UP = {"int": "1", "path": "mark.svg", "default": "x"}
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ASKS_PASSWORD = {
    "POST /admin/plugins/<name>",
    "POST /admin/settings/",
    "POST /admin/users/",
    "POST /admin/users/<int:user_id>",
    "POST /admin/users/<int:user_id>/password",
    "POST /admin/users/<int:user_id>/unlock",
    "GET /contacts/dnc/export.csv",
    "GET /imports/<int:import_id>/errors.csv",
}


class Line(NamedTuple):
    method: str
    rule: str
    least: str


def table() -> list[Line]:
    text = (Path(__file__).parent / "roles.txt").read_text()
    lines = [line.split() for line in text.splitlines() if line and line[0] != "#"]
    return [Line(*line) for line in lines]


def asked(rule: Rule) -> set[str]:
    """Its methods, without those that follow GET."""
    return (rule.methods or set()) - {"HEAD", "OPTIONS"}


@SQLITE
def test_each_address_has_its_line(app: Flask) -> None:
    there_are = [(method, rule.rule) for rule in app.url_map.iter_rules() for method in asked(rule)]
    written = [(line.method, line.rule) for line in table()]
    assert sorted(written) == sorted(there_are)
    assert {line.least for line in table()} == set(WHO)


@SQLITE
def test_which_addresses_ask_for_the_password_again(app: Flask) -> None:
    marked = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in asked(rule)
        if getattr(app.view_functions[rule.endpoint], "asks_password", False)
    }
    assert marked == ASKS_PASSWORD


@pytest.fixture
def stubbed(app: Flask) -> dict[str, Visitor]:
    """Somebody of each role. Views answer *reached* and do nothing: nobody's request may
    change what the next one meets."""
    current_host().enable("simulator")
    visitors = {"stranger": Visitor(app)} | {who: sign_in(app, who) for who in WHO[1:]}
    for visitor in visitors.values():
        visitor.token()
    for endpoint, view in list(app.view_functions.items()):

        def reached(**_: object) -> str:
            return "reached"

        reached.__dict__.update(view.__dict__)
        app.view_functions[endpoint] = reached
    return visitors


def address(app: Flask, line: Line) -> str:
    """The rule with something in place of its arguments."""
    rule = next(one for one in app.url_map.iter_rules() if one.rule == line.rule)
    path = line.rule
    for name in rule.arguments:
        for kind, value in MADE_UP.items():
            path = path.replace(f"<{kind}:{name}>", value).replace(f"<{name}>", "x")
    return path


@SQLITE
@pytest.mark.parametrize("who", WHO)
def test_each_role_may_do_what_the_table_says(
    app: Flask, stubbed: dict[str, Visitor], who: str
) -> None:
    visitor = stubbed[who]
    for line in table():
        path = address(app, line)
        may = WHO.index(who) >= WHO.index(line.least)
        for method in ("GET", "HEAD") if line.method == "GET" else (line.method,):
            answer = ask(visitor, method, path)
            if may:
                assert answer == (200, method != "HEAD", ""), (who, line)
            elif who != "stranger":
                assert answer == (403, False, ""), (who, line)
            elif method in ("GET", "HEAD"):
                assert (answer[0], answer[2][:13]) == (302, "/mautic/login"), line
            else:
                assert answer == (401, False, ""), line


def ask(visitor: Visitor, method: str, path: str) -> tuple[int, bool, str]:
    """The status, whether the view was reached, and where it leads."""
    own = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", "X-CSRFToken": visitor.token()}
    with visitor.app.app_context():
        answer = visitor.client.open(visitor.prefix + path, method=method, headers=own)
    return answer.status_code, answer.text == "reached", answer.headers.get("Location", "")
