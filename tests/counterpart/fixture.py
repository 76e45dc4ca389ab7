"""The counterpart as a fixture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.counterpart import Counterpart


@pytest.fixture
def counterpart() -> Iterator[Counterpart]:
    server = Counterpart()
    yield server
    server.stop()
