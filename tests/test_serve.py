"""The running server: what `make run` starts, used as the README says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.test_end_to_end import HELIOGRAPH, free_port, get, wait_until


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "HELIOGRAPH" not in name}
    return kept | {"HELIOGRAPH_DATA_DIR": str(tmp_path / "var")}


@pytest.fixture
def server(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    port = free_port()
    process = subprocess.Popen(
        [HELIOGRAPH, "serve", "--demo", "--port", str(port)], env=environment
    )
    wait_until(lambda: get(f"http://127.0.0.1:{port}/readyz") == 200, 60)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def run(environment: dict[str, str]) -> Callable[..., Any]:
    def call(*arguments: str) -> Any:
        done = subprocess.run(
            [HELIOGRAPH, *arguments], env=environment, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout) if "--json" in arguments else done.stdout.decode()

    return call


def test_the_demo_sends_reports_and_obeys_on_its_own(
    server: subprocess.Popen[bytes], run: Callable[..., Any], tmp_path: Path
) -> None:
    people = tmp_path / "friends.csv"
    people.write_text("mobile,first name\n+33612345678,Ada\n+33612340000,Off\n")
    run("contacts", "import", str(people), "--segment", "friends")
    made = run(
        *("messages", "create", "--name", "Hello", "--segment", "friends", "--json"),
        *("--publish-up", "now", "--text", "Hello {contactfield=firstname|there}!"),
    )

    def counts() -> dict[str, int]:
        shown: dict[str, int] = run("broadcasts", "show", str(made["id"]), "--json")["counts"]
        return shown

    wait_until(lambda: counts() == {"delivered": 1, "undelivered": 1}, 60)
    texts = run("simulator", "texts", "--json")
    assert sorted(text["text"] for text in texts) == ["Hello Ada!", "Hello Off!"]
    run("simulator", "reply", "+33612345678", "STOP")
    ada = run("contacts", "show", "+33612345678", "--json")
    assert ada["dnc"]["reason"] == "unsubscribed"
    kinds = [entry["title"] for entry in ada["timeline"]]
    assert any("delivered" in title for title in kinds)
    assert any("opted out" in title for title in kinds)

    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=15) == 0


def test_a_new_installation_keeps_its_key_to_itself(
    server: subprocess.Popen[bytes], environment: dict[str, str]
) -> None:
    key = Path(environment["HELIOGRAPH_DATA_DIR"]) / "secret_key"
    assert key.stat().st_mode & 0o077 == 0
    assert len(key.read_text().strip()) >= 40
