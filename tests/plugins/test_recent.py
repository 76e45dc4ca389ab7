"""A value that many threads ask for at once is read by one of them."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from heliograph.host import recent
from heliograph.host.recent import Recent


class Source:
    """Counts how often it is read; reading takes *seconds*, or fails."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.count, self.error = seconds, 0, ""
        self.open = threading.Event()
        self.open.set()

    def read(self) -> int:
        self.count += 1
        time.sleep(self.seconds)
        assert self.open.wait(10)
        if self.error:
            raise ValueError(self.error)
        return self.count


def test_many_who_come_at_once_share_one_reading() -> None:
    kept: Recent[int] = Recent()
    source = Source(0.1)
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: kept.get("a", 60, source.read), range(60)))
    assert found == [1] * 60
    assert kept.get("b", 60, source.read) == 2


def test_what_is_older_than_that_is_read_again() -> None:
    kept: Recent[int] = Recent()
    source = Source()
    assert kept.get("a", 0.05, source.read) == 1
    time.sleep(0.06)
    assert kept.get("a", 0.05, source.read) == 2


def test_nobody_waits_while_one_reads_it_early() -> None:
    kept: Recent[int] = Recent()
    source = Source()
    assert kept.get("a", 20, source.read) == 1
    begun, _ = kept._kept["a"]
    kept._kept["a"] = (begun - 11, 1)
    source.open.clear()
    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(kept.get, "a", 20, source.read)
        while source.count < 2:
            time.sleep(0.01)
        assert kept.get("a", 20, source.read) == 1
        source.open.set()
        assert early.result() == 2
    assert kept.get("a", 20, source.read) == 2


def test_a_reading_that_fails_is_told_to_each_and_nothing_is_kept() -> None:
    kept: Recent[int] = Recent()
    source = Source()
    source.error = "the database is away"
    for _ in range(2):
        with pytest.raises(ValueError, match="the database is away"):
            kept.get("a", 60, source.read)
    source.error = ""
    assert kept.get("a", 60, source.read) == 3


def test_one_that_hangs_holds_up_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "PATIENCE", 0.1)
    kept: Recent[int] = Recent()
    source = Source()
    source.open.clear()
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(kept.get, "a", 60, source.read)
        while source.count < 1:
            time.sleep(0.01)
        assert kept.get("a", 60, lambda: 99) == 99
        source.open.set()
        assert hanging.result() == 1
