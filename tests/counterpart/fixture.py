"""The counterpart as a fixture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.counterpart import Counterpart
from tests.counterpart.authority import Authority
from tests.counterpart.proxy import Proxy, running_proxy


@pytest.fixture
def counterpart() -> Iterator[Counterpart]:
    server = Counterpart()
    yield server
    server.stop()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with running_proxy() as running:
        yield running


@pytest.fixture
def secure(authority: Authority) -> Iterator[Counterpart]:
    """A counterpart with TLS by the private authority; only the proxy knows its name."""
    server = Counterpart(authority.server("api.twilio.test"))
    server.host = "api.twilio.test"
    yield server
    server.stop()
