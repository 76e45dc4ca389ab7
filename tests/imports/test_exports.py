"""Exports of other systems, by command: all people are in, and only those who agreed are texted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from heliograph.contacts.models import Contact
from heliograph.db import db, utcnow
from heliograph.dnc import ELSEWHERE, find_dnc
from heliograph.messages import create_message
from heliograph.segments import find_segment
from tests.cli.conftest import run as run_fixture
from tests.imports.exports import EXPORTS, Export

run = run_fixture


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_nobody_who_unsubscribed_is_texted_by_the_broadcast_that_follows(
    sending: Flask,
    run: Callable[..., Any],
    send: Callable[..., Any],
    desk: Any,
    tmp_path: Path,
    export: Export,
) -> None:
    for name, content in export.files.items():
        path = tmp_path / name
        path.write_bytes(content)
        done = run("contacts", "import", str(path), "--segment", "all", "--region", "FR", "--json")
        assert done["status"] == "finished"
    stored = {one.mobile: one for one in db.session.scalars(select(Contact))}
    assert export.people == set(stored)
    for number, first_name in export.names.items():
        assert stored[number].first_name == first_name
    segment = find_segment("all")
    create_message(name="Sale", text="Hello", segments=[segment.id], publish_up=utcnow())
    send()
    assert {text.to for text in desk.texts} == export.texted
    for number in export.refused:
        entry = find_dnc(number)
        assert entry is not None
        assert entry.reason == ELSEWHERE
