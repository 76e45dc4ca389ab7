"""A folder for plugins, beside those that come with it."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "more"
    path.mkdir()
    return path
