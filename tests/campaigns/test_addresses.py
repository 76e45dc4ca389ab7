"""Which addresses are of the public internet: a table by hand, on every version of Python."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from flask import current_app

from heliograph.campaigns.builtin.addresses import is_public
from heliograph.campaigns.builtin.calls import NoAnswer, Refused, post
from heliograph.installation import settings_of
from heliograph.stored_settings import forget_stored
from tests.campaigns.receiver import Receiver, receiver
from tests.campaigns.stage import Stage, step, tags
from tests.campaigns.test_webhooks import hooked

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::127.0.0.1",
    "::169.254.169.254",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "64:ff9b:1::808:808",
    "100::1",
    "100:0:0:1::1",
    "200::1",
    "400::1",
    "1000::1",
    "2001::1",
    "2001:0:808:808:0:0:f5ff:fffe",
    "2001:1::1",
    "2001:2::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "feff::1",
    "ff02::1",
    "ff0e::1",
    "2a00:1450::5efe:a00:1",
    "2a00:1450::200:5efe:7f00:1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "168.63.129.17",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.1",
    "192.0.3.1",
    "192.88.98.1",
    "192.88.100.1",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2003::1",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "3ffe::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2a00:1450::5efe:808:808",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_these_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_these_are_public(address: str) -> None:
    assert is_public(ip_address(address))


Lead = Callable[..., None]


@pytest.fixture
def lead(monkeypatch: pytest.MonkeyPatch) -> Lead:
    """Have the name server answer with these (address, port), in turn, and count the questions."""

    def to(*places: tuple[str, int]) -> None:
        def found(*_args: Any, **_more: Any) -> list[Any]:
            return [(family(one), socket.SOCK_STREAM, 6, "", (one, port)) for one, port in places]

        monkeypatch.setattr(socket, "getaddrinfo", found)

    return to


def family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@pytest.fixture
def closed() -> str:
    """An address of this machine where nobody listens."""
    return "127.0.0.2"


@pytest.mark.parametrize("where", [0, 1, 2])
def test_one_private_address_refuses_the_name(lead: Lead, where: int) -> None:
    places = [("93.184.216.34", 80), ("2606:4700::1111", 80)]
    places.insert(where, ("fec0::1", 80))
    lead(*places)
    with pytest.raises(Refused, match="at fec0::1"):
        post("http://example.com/", b"{}", {}, seconds=1, private=False)


def test_the_next_address_is_tried_when_one_cannot_be_connected_to(
    stage: Stage, lead: Lead, closed: str
) -> None:
    with receiver() as address:
        port = int(address.rpartition(":")[2])
        lead((closed, port), (closed, port), ("127.0.0.1", port))
        answer = post(f"http://crm.example:{port}/", b"{}", {}, seconds=5, private=True)
        assert answer.status == 200
        ((headers, _),) = Receiver.took
        assert headers["host"] == f"crm.example:{port}"  # the name, at the address that was judged


def test_a_name_that_moves_after_it_was_judged_leads_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    """A name server that answers with a public address first, and with a private one then."""
    asked: list[str] = []

    def moving(host: str, port: int, *_args: Any, **_more: Any) -> list[Any]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else closed
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    with receiver() as address:
        port = int(address.rpartition(":")[2])
        monkeypatch.setattr(socket, "getaddrinfo", moving)
        answer = post(f"http://crm.example:{port}/", b"{}", {}, seconds=5, private=True)
    assert (answer.status, asked) == (200, ["crm.example"])


def test_no_answer_when_none_can_be_connected_to(lead: Lead, closed: str) -> None:
    with receiver() as address:
        port = int(address.rpartition(":")[2])
        lead((closed, port), (closed, port))
        with pytest.raises(NoAnswer, match="refused"):
            post(f"http://crm.example:{port}/", b"{}", {}, seconds=5, private=True)
        assert Receiver.took == []


def test_a_published_webhook_obeys_the_setting_when_it_is_called(stage: Stage) -> None:
    """The setting counts at the call, whatever it was when the campaign was published."""
    given = settings_of(current_app)
    with receiver() as address:
        for private, took, told in (("0", 0, "lost"), ("1", 1, "told")):
            source, (ann,) = stage.cast(1)
            current_app.extensions["heliograph_settings"] = replace(given, webhook_private="1")
            stage.play(*hooked(f"{address}/hook"), source=source)
            current_app.extensions["heliograph_settings"] = replace(given, webhook_private=private)
            forget_stored()
            stage.turn()
            assert len(Receiver.took) == took
            assert tags(ann) == [told]
            assert step(ann, "call").reason == ("refused" if private == "0" else "")
