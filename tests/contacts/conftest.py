"""The cast: an installation with a plugin that writes down what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from heliograph.host import current_host

SPY = '''"""Spy - writes down what it is told."""
from heliograph.plugin import hookimpl

told = []

@hookimpl
def contact_changed(contact_id, change):
    from heliograph.contacts import Contact
    from heliograph.db import db
    told.append((contact_id, change, db.session.get(Contact, contact_id) is not None))
'''


@pytest.fixture
def told(make_app: Callable[..., Flask], tmp_path: Path) -> Iterator[list[tuple[int, str, bool]]]:
    """Notices (contact id, change, whether it exists then) of an application."""
    folder = tmp_path / "more" / "contactspy"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(SPY)
    app = make_app(plugin_dirs=str(tmp_path / "more"))
    with app.app_context():
        current_host().enable("contactspy")
        module = current_host().get("contactspy").module
        assert module is not None
        module.told.clear()
        yield module.told
