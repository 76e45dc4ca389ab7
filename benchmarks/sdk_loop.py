"""The SDK as Mautic and most scripts use it: one text after the other."""

from __future__ import annotations

import time
from typing import Any

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from benchmarks.counterpart import ACCOUNT, NUMBER, TOKEN


class Local(TwilioHttpClient):
    """The SDK's own client with its kept-alive session, led to the stand-in."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._address = f"http://127.0.0.1:{port}"

    def request(self, method: str, url: str, *given: Any, **named: Any) -> Any:
        moved = url.replace("https://api.twilio.com", self._address)
        return super().request(method, moved, *given, **named)


def measure(port: int, texts: int) -> float:
    """Texts per second."""
    messages = Client(ACCOUNT, TOKEN, http_client=Local(port)).messages
    begun = time.perf_counter()
    for number in range(texts):
        messages.create(to=f"+336{number:08}", from_=NUMBER, body="Hello Ann, the shop is open")
    return texts / (time.perf_counter() - begun)
