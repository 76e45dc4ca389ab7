"""Ids that no database holds and words that no page has: a page that is not there, no 500."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter, Rule

from heliograph.host import current_host
from tests.visitor import Visitor, sign_in

IDS = [str(number) for number in (2**31, 2**63 - 1, 2**63, 10**30)] + ["9" * 5000, "٣"]
WORDS = ["%00", "%FF", "%ED%A0%80", "é" * 3000, "..", "%27%3B--", "٣"]
# it looks for plugins in a process of its own
LEFT_OUT = ("admin_plugins.install",)


@pytest.fixture
def admin(app: Flask) -> Visitor:
    current_host().enable("simulator")
    visitor = sign_in(app)
    visitor.token()
    return visitor


def rules(app: Flask, *, with_ids: bool) -> list[Rule]:
    """All that have an argument which is a number, or one which is a word."""
    found = []
    for rule in app.url_map.iter_rules():
        kinds = [isinstance(one, IntegerConverter) for one in rule._converters.values()]
        if rule.endpoint not in LEFT_OUT and (any(kinds) if with_ids else not all(kinds)):
            found.append(rule)
    return found


def ask(visitor: Visitor, rule: Rule, number: str, word: str) -> list[tuple[str, int, str]]:
    """What each method of the rule answers."""
    path = rule.rule
    for name, converter in rule._converters.items():
        value = number if isinstance(converter, IntegerConverter) else word
        for kind in ("int:", "path:", ""):
            path = path.replace(f"<{kind}{name}>", value)
    answers = []
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        own = {"Accept": "text/html", "X-CSRFToken": visitor.token()}
        with visitor.app.app_context():
            answer = visitor.client.open(visitor.prefix + path, method=method, headers=own)
        answers.append((f"{method} {path[:80]}", answer.status_code, answer.text[-300:]))
    return answers


def anyway(number: str) -> tuple[str, str]:
    """What is answered without a look at what the id is of."""
    ending = f"POST /account/sessions/{number}/end"[:80]
    return ending, f"GET /campaigns/{number}/builder/token"[:80]


@pytest.mark.parametrize("number", IDS, ids=["2^31", "2^63-1", "2^63", "10^30", "long", "arabic"])
def test_a_huge_id_is_no_page(app: Flask, admin: Visitor, number: str) -> None:
    found = rules(app, with_ids=True)
    assert len(found) > 60
    answers = [one for rule in found for one in ask(admin, rule, number, "pause")]
    assert [one for one in answers if one[1] != 404 and one[0] not in anyway(number)] == []


@pytest.mark.parametrize("word", WORDS, ids=range(len(WORDS)))
def test_a_word_that_is_none_is_no_page(app: Flask, admin: Visitor, word: str) -> None:
    found = rules(app, with_ids=False)
    assert len(found) > 8
    answers = [one for rule in found for one in ask(admin, rule, "1", word)]
    assert [one for one in answers if one[1] != 404] == []
