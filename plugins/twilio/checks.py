"""Test connection: who answers, and whether the sender is ours."""

from __future__ import annotations

from typing import Any

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException

from heliograph.plugin import Check, Failure

from .config import ALPHANUMERIC, SHORT_CODE, TwilioConfig

WORDS = {
    401: "Twilio refused the sign-in: the account SID and the auth token (or API key) do not "
    "belong together. Copy both again from the console.",
    403: "Twilio accepts the sign-in but does not let it read the account. Test credentials and "
    "restricted API keys do that: with them only the sending of texts can be tried "
    "(test credentials take the sender +15005550006).",
    404: "Twilio knows no such account. Copy the account SID again from the console.",
}


async def check_account(client: Any, config: TwilioConfig) -> Check:
    """Fetch the account, then look the sender up; raises nothing."""
    try:
        account = await client.api.v2010.accounts(config.account_sid).fetch_async()
        facts = {
            "account": str(account.friendly_name),
            "status": str(account.status),
            "type": str(account.type),
        }
        if account.status != "active":
            words = f"The account {account.friendly_name} is {account.status}: it cannot send."
            return Check(ok=False, text=words, facts=facts)
        problem = await check_sender(client, config)
    except (TwilioException, aiohttp.ClientError, TimeoutError, Failure, ValueError) as error:
        return Check(ok=False, text=words_of(error))
    if problem:
        return Check(ok=False, text=problem, facts=facts)
    trial = " It is a trial account: it only texts numbers you verified."
    words = f"Connected to the Twilio account {account.friendly_name}."
    return Check(ok=True, text=words + (trial if account.type == "Trial" else ""), facts=facts)


async def check_sender(client: Any, config: TwilioConfig) -> str:
    """What is wrong with the sender, in words, or "". Names cannot be looked up."""
    service, number = config.messaging_service_sid, config.from_number
    if service:
        try:
            await client.messaging.v1.services(service).fetch_async()
        except TwilioRestException as error:
            if error.status == 404:
                return f"messaging_service_sid: {service} is no Messaging Service of this account."
            raise
    if not number or (ALPHANUMERIC.fullmatch(number) and not SHORT_CODE.fullmatch(number)):
        return ""
    if SHORT_CODE.fullmatch(number):
        found = await client.short_codes.list_async(short_code=number, limit=1)
    else:
        found = await client.incoming_phone_numbers.list_async(phone_number=number, limit=1)
    if not found:
        return f"from_number: {number} is not a number of this account. Choose one that is."
    capabilities = getattr(found[0], "capabilities", None) or {}
    if capabilities.get("sms") is False:
        return f"from_number: {number} cannot send texts. Choose one that can."
    return ""


def words_of(error: Exception) -> str:
    status = getattr(error, "status", None)
    if status is None and len(error.args) > 1:  # pages raise with the response
        status = getattr(error.args[1], "status_code", None)
    if status in WORDS:
        return WORDS[status]
    return f"Twilio could not be asked: {str(error) or type(error).__name__}."
