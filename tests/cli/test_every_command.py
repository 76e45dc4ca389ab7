"""Each option of each command is used here, with what it does, and with bad input."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from flask import Flask

from heliograph.cli import main
from heliograph.db import db
from heliograph.deliveries.models import Delivery
from tests.campaigns.rehearsal import welcome
from tests.cli.uses import BROADCASTS, GROUPS, MESSAGES

# they run until they are stopped: tests/test_serve.py starts them
SERVERS = {"serve", "worker"}
FILE = "Mobile;First name;Wert\n06 12 34 56 70;Ada;Lyon\n01 42 68 53 00;Desk;Paris\n"


@pytest.fixture
def installed(sending: Flask, desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("context", "schema", "brought"):
        monkeypatch.setattr(f"heliograph.cli.{module}.create_app", lambda: sending)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.usefixtures("installed")
def test_each_line_says_what_it_does(group: str, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(FILE)
    for use in GROUPS[group]:
        db.session.rollback()
        if use.line == "{draw}":
            welcome(1)
            continue
        words = [word.replace("{file}", str(file)) for word in shlex.split(use.line)]
        done = CliRunner().invoke(main, words, input=use.typed or None)
        told = f"{use.line}\n{done.output}\n{done.exception!r}"
        assert done.exit_code == use.code or use.code == -1, told
        assert use.says in done.output, told
        if "--json" in words and use.code <= 0:
            json.loads(done.stdout)
    db.session.rollback()


def test_no_text_was_sent_by_a_command_that_was_refused(
    installed: None, desk: Any, tmp_path: Path
) -> None:
    refused = [use for use in (*MESSAGES, *BROADCASTS) if use.code > 0]
    for use in refused:
        CliRunner().invoke(main, shlex.split(use.line))
    db.session.rollback()
    assert len(refused) > 12
    assert desk.texts == []
    assert db.session.scalars(db.select(Delivery.id)).all() == []


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Each command that does something, with the words that lead to it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        if below is not None and name not in SERVERS:
            yield from commands(below, (*path, name))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("installed")
def test_no_option_is_left_out() -> None:
    lines = [shlex.split(use.line) for uses in GROUPS.values() for use in uses]
    unused: list[str] = []
    there_are = list(commands(main))
    assert len(there_are) > 50
    for path, command in there_are:
        mine = [line[len(path) :] for line in lines if tuple(line[: len(path)]) == path]
        used = {word for line in mine for word in line}
        options = [one for one in command.params if isinstance(one, click.Option)]
        spellings = [name for one in options for name in (one.opts[0], *one.secondary_opts[:1])]
        unused += [f"{path}: {name}" for name in spellings if name not in used]
        unused += [] if mine else [f"{path}"]
    assert unused == []
