"""Sending by Twilio's SDK, looking texts up, testing the connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, cast

import aiohttp
from multidict import CIMultiDict
from twilio.base.exceptions import TwilioException
from twilio.rest import Client
from yarl import URL

from heliograph.plugin import (
    Check,
    Failure,
    FailureKind,
    NotConnected,
    OutgoingText,
    Provider,
    Sent,
    Status,
    StatusReport,
    utcnow,
)

from .checks import check_account
from .config import TwilioConfig
from .errors import STATUSES, kind_of_answer, kind_of_report, seconds_to_wait
from .gateway import Gateway, basic

# Twilio repeats a callback that could not connect, timed out or got a 5xx.
RETRIES = "#rc=3&rp=ct,rt,5xx"
LOOKED_AT = 1000
MESSAGES_URL = "https://api.twilio.com/2010-04-01/Accounts/{}/Messages.json"
# our clock may be wrong, by a time zone even; texts of others are told apart by their ids
CLOCK_SKEW = timedelta(days=1)


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
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._messages_url = URL()

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
        self._gateway = Gateway(config.api_base_url, timeout=0.8 * self.timeout)
        user, password = config.account_sid, config.auth_token
        if config.api_key_sid and config.api_key_secret:
            user, password = config.api_key_sid, config.api_key_secret
        secret = password.get_secret_value()
        self._client = Client(
            user, secret, account_sid=config.account_sid, http_client=self._gateway
        )
        self._headers = CIMultiDict(self._client.get_headers("POST", None))
        self._headers["Authorization"] = basic(user, secret)
        self._messages_url = self._gateway.moved(MESSAGES_URL.format(config.account_sid))
        return self._client

    def gateway(self) -> Gateway:
        """What is below the SDK's client, with the headers and address of texts made once."""
        if self._gateway is None:
            self.client()
        return cast("Gateway", self._gateway)

    async def send(self, text: OutgoingText) -> Sent:
        """Create the message, with the SDK's headers and signature.

        Its `messages.create` makes them anew for each text, and an object with three
        parsed dates of each answer, which takes longer than all else it does.
        """
        given = {"To": text.to, "Body": text.text}
        if text.sender.startswith("MG"):
            given["MessagingServiceSid"] = text.sender
            if self._account.from_number:
                given["From"] = self._account.from_number
        else:
            given["From"] = text.sender
        if text.callback_url and self._account.status_callbacks:
            given["StatusCallback"] = text.callback_url + RETRIES
        try:
            gateway = self.gateway()
            answer = await gateway.post(self._messages_url, self._headers, given)
        except aiohttp.ClientError as error:
            raise failure_of(error) from error
        if not 200 <= answer.status < 300:
            raise refusal_of(answer.status, answer.text)
        return sent_in(answer.text)

    async def find(self, text: OutgoingText) -> list[Sent]:
        """Texts to the number with the same words, made since the attempt."""
        try:
            held = await self.client().messages.list_async(to=text.to, limit=LOOKED_AT)
        except (TwilioException, aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise unsure(f"Twilio could not be asked: {error}") from error
        if len(held) >= LOOKED_AT:
            raise unsure(f"Twilio holds too many texts to {text.to} to tell.")
        since = text.attempted_at - CLOCK_SKEW
        return [
            replace(sent_of(vars(item)), number=item.to or "", created_at=item.date_created)
            for item in held
            if item.body == text.text
            and str(item.direction).startswith("outbound")
            and (item.date_created is None or item.date_created >= since)
        ]

    async def status(self, provider_id: str) -> StatusReport:
        """Fetch the message: its status word, and the code of its failure."""
        try:
            held = await self.client().messages(provider_id).fetch_async()
        except (TwilioException, aiohttp.ClientError, TimeoutError, ValueError) as error:
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
            await gateway.close()


def unsure(words: str) -> Failure:
    return Failure(FailureKind.UNKNOWN_OUTCOME, words)


def sent_of(message: Mapping[str, Any]) -> Sent:
    """Twilio's message as ours. `num_segments` is "0" while a service chooses a sender."""
    if not message["sid"]:
        raise ValueError("the answer has no sid")
    price = message.get("price")
    try:
        cost = abs(Decimal(price)) if price else None
    except InvalidOperation:
        cost = None
    return Sent(
        provider_id=message["sid"],
        parts=int(message.get("num_segments") or 0) or None,
        status=STATUSES.get(str(message.get("status")), Status.ACCEPTED),
        price=cost,
        currency=message.get("price_unit") or "",
    )


def sent_in(body: str) -> Sent:
    """The message in an answer that says it was created."""
    try:
        return sent_of(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise unsure(f"Twilio gave no clear answer: {error!r}") from error


def refusal_of(status: int, body: str) -> Failure:
    """Why Twilio refused; its code says more than the HTTP status."""
    try:
        given = json.loads(body)
        code, words = str(given.get("code") or ""), str(given.get("message") or "")
    except (ValueError, AttributeError):
        code, words = "", ""
    words = words or f"Twilio answered with HTTP {status}."
    kind = kind_of_answer(status, code)
    return Failure(kind, words, code=code, retry_after=seconds_to_wait(kind, utcnow()))


def failure_of(error: Exception) -> Failure:
    """What it means that no answer came; only where nothing was sent is there no doubt."""
    if isinstance(error, NotConnected):
        kind = FailureKind.CONFIG if error.lasting else FailureKind.TRANSIENT
        return Failure(kind, f"Twilio cannot be reached: {error}.")
    words = getattr(error, "message", "") or str(error) or type(error).__name__
    return unsure(f"Twilio gave no clear answer: {words}")
