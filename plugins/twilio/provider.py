"""Sending by Twilio's SDK, looking texts up, testing the connection."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from core.plugin import (
    Check,
    Failure,
    FailureKind,
    OutgoingText,
    Provider,
    Sent,
    Status,
    StatusReport,
)

from .checks import check_account
from .config import TwilioConfig
from .errors import STATUSES, kind_of_answer, kind_of_report
from .gateway import Gateway
from .lines import LineError

# Twilio repeats a callback that could not connect, timed out or got a 5xx.
RETRIES = "#rc=3&rp=ct,rt,5xx"
LOOKED_AT = 1000
CLOCK_SKEW = timedelta(seconds=5)


class TwilioProvider(Provider):
    name, label = "twilio", "Twilio"
    timeout = 30.0
    settles_after = 10.0

    def __init__(self, config: TwilioConfig) -> None:
        super().__init__(config)
        self._account = config
        self.concurrency = config.connections
        self._gateway: Gateway | None = None
        self._client: Any = None

    @classmethod
    def steps(cls, callback_url: str) -> list[str]:
        return [
            "In the Twilio console open Phone Numbers → Manage → Active numbers and choose your "
            "number. With a Messaging Service, open its Integration page instead.",
            f"Under “A message comes in” choose Webhook, paste {callback_url}, choose HTTP POST.",
            "Save. Delivery reports need nothing: each text carries its own address for them.",
        ]

    @property
    def sender(self) -> str:
        return self._account.messaging_service_sid or self._account.from_number or ""

    @property
    def parts_per_second(self) -> float:
        return self._account.parts_per_second

    def client(self) -> Any:
        """The SDK's client; it must be used on one loop only."""
        if self._client is not None:
            return self._client
        config = self._account
        self._gateway = Gateway(
            config.api_base_url, timeout=self.timeout - 5, connections=self.concurrency
        )
        user, password = config.account_sid, config.auth_token
        if config.api_key_sid and config.api_key_secret:
            user, password = config.api_key_sid, config.api_key_secret
        secret = password.get_secret_value()
        self._client = Client(
            user, secret, account_sid=config.account_sid, http_client=self._gateway
        )
        return self._client

    async def send(self, text: OutgoingText) -> Sent:
        given: dict[str, Any] = {"to": text.to, "body": text.text}
        if text.sender.startswith("MG"):
            given["messaging_service_sid"] = text.sender
            if self._account.from_number:
                given["from_"] = self._account.from_number
        else:
            given["from_"] = text.sender
        if text.callback_url and self._account.status_callbacks:
            given["status_callback"] = text.callback_url + RETRIES
        try:
            return sent_of(await self.client().messages.create_async(**given))
        except (TwilioException, LineError, ValueError) as error:
            raise failure_of(error) from error

    async def find(self, text: OutgoingText) -> list[Sent]:
        """Texts to the number with the same words, made since the attempt."""
        try:
            held = await self.client().messages.list_async(to=text.to, limit=LOOKED_AT)
        except (TwilioException, LineError, ValueError) as error:
            raise unsure(f"Twilio could not be asked: {error}") from error
        if len(held) >= LOOKED_AT:
            raise unsure(f"Twilio holds too many texts to {text.to} to tell.")
        since = text.attempted_at - CLOCK_SKEW
        return [
            sent_of(item)
            for item in held
            if item.body == text.text
            and str(item.direction).startswith("outbound")
            and (item.date_created is None or item.date_created >= since)
        ]

    async def status(self, provider_id: str) -> StatusReport:
        """Fetch the message: its status word, and the code of its failure."""
        try:
            held = await self.client().messages(provider_id).fetch_async()
        except (TwilioException, LineError, ValueError) as error:
            raise unsure(f"Twilio could not be asked: {error}") from error
        status = STATUSES.get(str(held.status), Status.ACCEPTED)
        failed = status in (Status.UNDELIVERED, Status.FAILED)
        code = str(held.error_code or "") if failed else ""
        return StatusReport(
            provider_id,
            status,
            kind=kind_of_report(code) if failed else None,
            error_code=code,
            detail=str(held.error_message or "") if failed else "",
        )

    def check(self) -> Check:
        async def run() -> Check:
            try:
                return await check_account(self.client(), self._account)
            finally:
                await self.close()

        return asyncio.run(run())

    async def close(self) -> None:
        gateway, self._gateway, self._client = self._gateway, None, None
        if gateway is not None:
            gateway.close()


def unsure(words: str) -> Failure:
    return Failure(FailureKind.UNKNOWN_OUTCOME, words)


def sent_of(message: Any) -> Sent:
    """Twilio's message as ours. `num_segments` is "0" while a service chooses a sender."""
    if not message.sid:
        raise ValueError("the answer has no sid")
    try:
        price = abs(Decimal(message.price)) if message.price else None
    except InvalidOperation:
        price = None
    return Sent(
        provider_id=message.sid,
        parts=int(message.num_segments or 0) or None,
        status=STATUSES.get(str(message.status), Status.ACCEPTED),
        price=price,
        currency=message.price_unit or "",
    )


def failure_of(error: Exception) -> Failure:
    """What a failed request means; only a clear refusal is no doubt."""
    if isinstance(error, TwilioRestException):
        code = str(error.code or "")
        words = str(error.msg).removeprefix("Unable to create record: ")
        return Failure(kind_of_answer(cast("int", error.status), code), words, code=code)
    if isinstance(error, TwilioException):
        status, code = getattr(error, "status", 0) or 0, str(getattr(error, "code", "") or "")
        kind = kind_of_answer(status, code) if status else FailureKind.UNKNOWN_OUTCOME
        return Failure(kind, str(error), code=code)
    if isinstance(error, LineError) and not error.sent:
        return Failure(FailureKind.TRANSIENT, f"Twilio cannot be reached: {error}")
    words = str(error) or type(error).__name__
    return unsure(f"Twilio gave no clear answer: {words}")
