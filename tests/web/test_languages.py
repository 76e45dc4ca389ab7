"""Every word of every page in every language, and times as their readers write them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from flask import Flask

from heliograph.web.assets import quoted_words, unbroken
from tests.visitor import sign_in

ROOT = Path(__file__).parent.parent.parent
CATALOGUES = sorted((ROOT / "core" / "translations").glob("*/LC_MESSAGES/messages.po"))
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{[^}]*=|HELIOGRAPH_\w+")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What the code asks to be translated right now."""
    target = tmp_path_factory.mktemp("texts") / "messages.pot"
    pybabel = Path(sys.executable).with_name("pybabel")
    command = [pybabel, "-q", "extract", "-F", "pyproject.toml", "-k", "_l", "-k", "Sentence"]
    subprocess.run([*command, "-o", target, "."], cwd=ROOT, check=True)
    with target.open("rb") as file:
        return read_po(file)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_nothing_is_left_in_english(path: Path, texts: Catalog) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file)
    asked = {message.id for message in texts if message.id}
    assert len(asked) > 500
    missing = [one for one in asked if one not in catalogue or not catalogue[one].string]
    assert missing == [], "run: make translations"
    for message in catalogue:
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else message.id
        strings = [message.string] if isinstance(message.string, str) else message.string
        for string in strings:
            assert string, message.id
            used = sorted(set(PLACEHOLDER.findall(ids[-1])))
            assert sorted(set(PLACEHOLDER.findall(string))) == used, string


def test_a_browser_and_a_user_choose_their_language(app: Flask) -> None:
    visitor = sign_in(app)
    french = visitor.get("/", **{"Accept-Language": "fr-CA,fr;q=0.9"})
    assert '<html lang="fr"' in french.text
    assert "Tableau de bord" in french.text
    assert '<html lang="en"' in visitor.get("/", **{"Accept-Language": "pl"}).text
    form = {"locale": "fr", "timezone": "Asia/Tokyo", "theme": "dark"}
    assert visitor.post("/account", form).status_code == 303
    page = visitor.get("/account").text
    assert 'lang="fr" data-theme="dark"' in page


def test_times_are_shown_in_the_readers_zone_and_typed_in_it(app: Flask) -> None:
    visitor = sign_in(app)
    visitor.post("/account", {"locale": "fr", "timezone": "Asia/Tokyo", "theme": "auto"})
    form = {"name": "Timed", "text": "Hello", "kind": "template", "language": "en"}
    made = visitor.post("/messages/new", form | {"publish_up": "2031-01-02T03:04"})
    page = visitor.get(made.location.removeprefix("/mautic")).text
    assert 'value="2031-01-02T03:04"' in page
    visitor.post("/account", {"locale": "", "timezone": "UTC", "theme": "auto"})
    page = visitor.get(made.location.removeprefix("/mautic")).text
    assert 'value="2031-01-01T18:04"' in page


def test_signs_that_french_sets_apart_stay_on_the_line_of_their_word() -> None:
    assert unbroken("Sur « ne pas contacter » : non ; « oui » !") == (
        "Sur «\u00a0ne pas contacter\u00a0»\u00a0: non\u00a0; «\u00a0oui\u00a0»\u00a0!"
    )
    assert unbroken(("%(num)s SMS : parti", "https://example.com: 10:30")) == (
        "%(num)s SMS\u00a0: parti",
        "https://example.com: 10:30",
    )


def test_each_icon_that_is_drawn_is_in_the_sprite() -> None:
    sprite = (ROOT / "core" / "static" / "vendor" / "icons.svg").read_text()
    known = set(re.findall(r'id="([a-z0-9-]+)"', sprite))
    asked = set()
    for path in [*(ROOT / "core").rglob("*.html"), *(ROOT / "plugins").rglob("*.html")]:
        asked |= set(re.findall(r'icon\("([a-z0-9-]+)"', path.read_text()))
    assert asked - known == set()
    assert asked <= quoted_words()
