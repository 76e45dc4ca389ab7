"""Commands, run in this process on the test's own installation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from heliograph.cli import main
from heliograph.db import db


@pytest.fixture
def run(sending: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs `heliograph ...`; gives its JSON or what it printed, and insists on its exit code."""
    monkeypatch.setattr("heliograph.cli.context.create_app", lambda: sending)

    def call(*arguments: str, code: int = 0) -> Any:
        db.session.rollback()
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == code, f"{arguments}: {done.output} {done.exception!r}"
        return json.loads(done.stdout) if "--json" in arguments else done.output

    return call
