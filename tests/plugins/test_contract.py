"""The bundled providers pass the contract that we ship."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from heliograph.channel import Provider
from heliograph.host import current_host
from heliograph.providers import open_provider
from heliograph.testing.contract import Callback, ProviderContract
from tests.counterpart import Counterpart, sign

PUBLIC = "https://sms.example.com/under"


class TestSimulator(ProviderContract):
    plugin = "simulator"

    @pytest.fixture
    def provider(self, heliograph: Callable[..., Flask]) -> Provider:
        heliograph()
        current_host().enable("simulator")
        return open_provider("simulator")

    def forged(self) -> Callback:
        form = {"id": "1", "from": self.number, "text": "STOP"}
        return "/sms/simulator/callback", form, {"X-Simulator-Signature": "0" * 64}

    def signed_text(self, key: str) -> Callback:
        reports = current_host().get("simulator").module.reports  # type: ignore[union-attr]
        form = {"id": key, "from": self.number, "to": "x", "text": "STOP"}
        signature = reports.sign(reports.signing_key(), "/callback", form)
        return "/sms/simulator/callback", form, {reports.HEADER: signature}


class TestTwilio(ProviderContract):
    plugin = "twilio"

    @pytest.fixture
    def provider(self, heliograph: Callable[..., Flask], counterpart: Counterpart) -> Provider:
        heliograph()
        self.counterpart = counterpart
        host = current_host()
        values = {
            "account_sid": counterpart.account_sid,
            "auth_token": counterpart.auth_token,
            "from_number": counterpart.number,
            "api_base_url": counterpart.url,
        }
        assert host.configure("twilio", dict(values)) == []
        host.enable("twilio")
        return open_provider("twilio")

    def lose_answer(self) -> bool:
        self.counterpart.faults = ["accept_and_drop"]
        return True

    def forged(self) -> Callback:
        return self.reply("forged", "wrong token")

    def signed_text(self, key: str) -> Callback:
        return self.reply(key, Counterpart.auth_token)

    def reply(self, key: str, token: str) -> Callback:
        form = {
            "MessageSid": key,
            "AccountSid": Counterpart.account_sid,
            "From": self.number,
            "To": Counterpart.number,
            "Body": "STOP",
            "NumMedia": "0",
        }
        signature = sign(token, f"{PUBLIC}/sms/twilio/callback", form)
        return "/sms/twilio/callback", form, {"X-Twilio-Signature": signature}


def test_the_contract_notices_a_provider_that_breaks_it() -> None:
    class Broken(ProviderContract):
        plugin = "broken"

    class Wrong(Provider):
        name, label = "other", "Other"

    with pytest.raises(AssertionError):
        Broken().test_it_is_named_as_its_plugin(Wrong(None))  # type: ignore[arg-type]
