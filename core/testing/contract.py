"""The contract that each provider passes: what users rely on, as tests.

Subclass it, give it `provider`, and what your provider can show::

    class TestAcme(ProviderContract):
        plugin = "acme"

        @pytest.fixture
        def provider(self, heliograph): ...   # an enabled, configured Provider

        def forged(self): ...                 # (path, form, headers) unsigned
        def signed_text(self, key): ...       # (path, form, headers) of one reply
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask import current_app
from pydantic import SecretStr, ValidationError
from sqlalchemy import func, select

from heliograph.channel import Check, Failure, FailureKind, OutgoingText, Provider, Sent
from heliograph.db import db, utcnow
from heliograph.deliveries.finding import Verdict, judged
from heliograph.host import current_host
from heliograph.host.config import is_secret
from heliograph.replies.models import Reply

SECRET_WORDS = ("token", "secret", "password", "api_key")
Callback = tuple[str, Mapping[str, str], Mapping[str, str]]


class ProviderContract:
    """Subclass it as `Test...`; override what your provider can show."""

    plugin: str = ""
    number = "+14155550123"

    @pytest.fixture
    def provider(self) -> Provider:
        raise NotImplementedError("give the contract a `provider` fixture")

    def forged(self) -> Callback | None:
        """A callback with a bad signature; None when there are no callbacks."""
        return None

    def signed_text(self, key: str) -> Callback | None:
        """A signed callback of a reply with the provider's id *key*."""
        return None

    def lose_answer(self) -> bool:
        """Have the next answer lost after the text was taken; False when you cannot."""
        return False

    # -- what is given ---------------------------------------------------

    def text(self, number: int = 1) -> OutgoingText:
        return OutgoingText(
            reference=f"contract-{number}",
            to=self.number,
            text=f"Contract {number}",
            sender="",
            parts=1,
            callback_url="",
            attempted_at=utcnow() - timedelta(seconds=1),
        )

    def call(self, provider: Provider, method: str, text: OutgoingText) -> Any:
        """Call `send` or `find`, plain or async, as core does; a Failure is returned."""
        given = OutgoingText(
            text.reference,
            text.to,
            text.text,
            provider.sender,
            text.parts,
            text.callback_url,
            text.attempted_at,
        )
        function = getattr(provider, method)

        async def run() -> Any:
            try:
                return await function(given)
            finally:
                await provider.close()

        try:
            return asyncio.run(run()) if inspect.iscoroutinefunction(function) else function(given)
        except Failure as failure:
            return failure

    def post(self, callback: Callback) -> int:
        path, form, headers = callback
        client = current_app.test_client()
        return client.post(path, data=dict(form), headers=dict(headers)).status_code

    def replies(self) -> int:
        db.session.rollback()
        return db.session.scalar(select(func.count()).select_from(Reply)) or 0

    # -- config ----------------------------------------------------------

    def test_it_is_named_as_its_plugin(self, provider: Provider) -> None:
        assert provider.name == self.plugin
        assert provider.label

    def test_each_config_field_has_a_title_and_a_help(self, provider: Provider) -> None:
        for name, field in type(provider.config).model_fields.items():
            assert field.title, f"{name} has no title"
            assert field.description, f"{name} has no description"

    def test_secrets_are_secret(self, provider: Provider) -> None:
        model = type(provider.config)
        for name in model.model_fields:
            if any(word in name for word in SECRET_WORDS) and not name.endswith("_sid"):
                assert is_secret(model, name), f"{name} must be a SecretStr"
        for name, value in dict(provider.config).items():
            if isinstance(value, SecretStr):
                assert value.get_secret_value() not in repr(provider.config), name

    def test_unknown_config_keys_are_refused(self, provider: Provider) -> None:
        with pytest.raises(ValidationError, match="no_such_key"):
            type(provider.config).model_validate({"no_such_key": 1})

    # -- sending ---------------------------------------------------------

    def test_a_text_gets_an_id(self, provider: Provider) -> None:
        sent = self.call(provider, "send", self.text())
        assert isinstance(sent, Sent), sent
        assert sent.provider_id
        assert sent.price is None or sent.price >= 0

    def test_two_texts_get_two_ids(self, provider: Provider) -> None:
        first = self.call(provider, "send", self.text(1))
        second = self.call(provider, "send", self.text(2))
        assert first.provider_id != second.provider_id

    def test_what_was_sent_is_found_and_nothing_else(self, provider: Provider) -> None:
        sent = self.call(provider, "send", self.text(1))
        found = self.call(provider, "find", self.text(1))
        if isinstance(found, Failure):
            assert found.kind is FailureKind.UNKNOWN_OUTCOME
            return
        assert sent.provider_id in [item.provider_id for item in found]
        assert self.call(provider, "find", self.text(3)) == []

    def test_what_is_found_says_to_whom_and_when(self, provider: Provider) -> None:
        """Without both nobody can tell whose text it is: a person has to decide then."""
        self.call(provider, "send", self.text(1))
        found = self.call(provider, "find", self.text(1))
        if isinstance(found, Failure):
            return
        for item in found:
            assert judged(self.text(1), item) is Verdict.OURS, item

    def test_a_lost_answer_is_an_unknown_outcome(self, provider: Provider) -> None:
        if not self.lose_answer():
            return
        result = self.call(provider, "send", self.text())
        assert isinstance(result, Failure), result
        assert result.kind is FailureKind.UNKNOWN_OUTCOME
        assert str(result)

    def test_the_connection_test_answers_in_words(self, provider: Provider) -> None:
        answer = provider.check()
        assert isinstance(answer, Check)
        assert answer.text
        shown = f"{answer.text} {answer.facts}"
        for value in dict(provider.config).values():
            if isinstance(value, SecretStr):
                assert value.get_secret_value() not in shown

    # -- callbacks -------------------------------------------------------

    def test_a_forged_callback_stores_nothing(self, provider: Provider) -> None:
        forged = self.forged()
        if forged is None:
            return
        assert 400 <= self.post(forged) < 500
        assert self.replies() == 0

    def test_a_signed_reply_is_stored_once(self, provider: Provider) -> None:
        signed = self.signed_text("contract-1")
        if signed is None:
            return
        assert self.post(signed) < 300
        assert self.post(signed) < 300
        assert self.replies() == 1

    def test_callbacks_are_recorded_while_the_plugin_is_off(self, provider: Provider) -> None:
        signed = self.signed_text("contract-2")
        if signed is None:
            return
        current_host().disable(self.plugin)
        assert self.post(signed) < 300
        assert self.replies() == 1
