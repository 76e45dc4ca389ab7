"""From an empty folder to a STOP, by commands and by Twilio's calls alone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.counterpart import Counterpart
from tests.databases import Postgres

PUBLIC = "https://example.com/mautic"
HELIOGRAPH = Path(sys.executable).parent / "heliograph"

Run = Callable[..., Any]


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(
    request: pytest.FixtureRequest, tmp_path: Path, counterpart: Counterpart
) -> Iterator[dict[str, str]]:
    """The environment of a new installation: nothing there yet but a database."""
    kept = {name: value for name, value in os.environ.items() if "HELIOGRAPH" not in name}
    kept |= {
        "HELIOGRAPH_DATA_DIR": str(tmp_path / "var"),
        "HELIOGRAPH_PUBLIC_URL": PUBLIC,
        "HELIOGRAPH_DEFAULT_REGION": "FR",
        "TWILIO_TOKEN": counterpart.auth_token,
    }
    if request.param == "sqlite":
        yield kept
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"end_{os.getpid()}_{time.monotonic_ns()}"
    yield kept | {"HELIOGRAPH_DATABASE_URL": server.create(name)}
    server.drop(name)


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Runs `heliograph ...`; gives its JSON or text, and insists on its exit code."""

    def call(*arguments: str, code: int = 0, stdin: str = "") -> Any:
        done = subprocess.run(
            [HELIOGRAPH, *arguments],
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, f"{arguments}: {done.stdout}\n{done.stderr}"
        if "--json" in arguments and code == 0:
            return json.loads(done.stdout)
        return done.stdout + done.stderr

    return call


@pytest.fixture
def server(environment: dict[str, str]) -> Iterator[str]:
    """A running `heliograph serve`; gives its address on this machine."""
    port = free_port()
    process = subprocess.Popen(
        [HELIOGRAPH, "serve", "--port", str(port)],
        env=environment | {"HELIOGRAPH_SCHEDULER": "off"},
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: get(address + "/readyz") == 200, 60)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def test_from_nothing_to_a_stop(
    run: Run, server: str, counterpart: Counterpart, tmp_path: Path
) -> None:
    counterpart.deliver_to(server, public=PUBLIC)
    people = tmp_path / "people.csv"
    people.write_text(
        "mobile;first name\n06 12 34 56 78;Ada\n+33612345679;Grace\n0033612345680;Joan\n"
        "01 42 68 53 00;Front desk\n"
    )

    run("user", "create", "ann@example.com", "--password-stdin", stdin="four words make one\n")
    configure(run, counterpart)
    imported = run("contacts", "import", str(people), "--segment", "friends", "--json")
    assert (imported["created"], imported["rejected"]) == (3, 1)
    assert "landline" in Path(imported["error_file"]).read_text(encoding="utf-8-sig")

    first = create(run, "First")
    sent = run("broadcasts", "send", "--json")
    assert [item["status"] for item in sent] == ["finished"]
    assert Counter(text.to for text in counterpart.texts) == {
        "+33612345678": 1,
        "+33612345679": 1,
        "+33612345680": 1,
    }
    assert {text.body for text in counterpart.texts} == {"Hi Ada", "Hi Grace", "Hi Joan"}
    assert run("broadcasts", "send", "--json") == []
    assert len(counterpart.texts) == 3

    for text in list(counterpart.texts):
        assert counterpart.report(text.sid, "delivered") in (200, 204)
    counts = run("broadcasts", "show", str(first), "--json")["counts"]
    assert counts == {"delivered": 3}

    forged = counterpart.reply("+33612345679", "STOP", token="f" * 32)
    assert forged == 403
    assert run("contacts", "show", "+33612345679", "--json")["dnc"] is None
    assert counterpart.reply("+33612345679", " Stop. ") == 200
    grace = run("contacts", "show", "06 12 34 56 79", "--json")
    assert grace["dnc"]["reason"] == "unsubscribed"
    assert "Hi Grace" in [entry["text"] for entry in grace["timeline"]]

    second = create(run, "Second")
    run("broadcasts", "send", "--id", str(second))
    assert sorted(text.to for text in counterpart.texts[3:]) == ["+33612345678", "+33612345680"]
    shown = run("broadcasts", "show", str(second), "--json")
    assert shown["skipped"] == {"dnc": 1}
    assert "on do-not-contact" in run("broadcasts", "show", str(second))


def configure(run: Run, counterpart: Counterpart) -> None:
    values = {
        "account_sid": counterpart.account_sid,
        "auth_token": "$env:TWILIO_TOKEN",
        "from_number": counterpart.number,
        "api_base_url": counterpart.url,
    }
    run("plugins", "configure", "twilio", *(f"{key}={value}" for key, value in values.items()))
    run("plugins", "enable", "twilio")
    checked = run("plugins", "check", "twilio", "--json")
    assert checked["ok"]
    assert checked["callback_url"] == f"{PUBLIC}/sms/twilio/callback"


def create(run: Run, name: str) -> int:
    made = run(
        *("messages", "create", "--name", name, "--segment", "friends", "--json"),
        *("--text", "Hi {contactfield=firstname|you}", "--publish-up", "now"),
    )
    return int(made["id"])
