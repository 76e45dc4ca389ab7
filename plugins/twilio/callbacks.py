"""What Twilio calls: inbound texts and statuses, each with a checked signature."""

from __future__ import annotations

import hmac
import logging
from typing import cast
from urllib.parse import parse_qsl

from flask import Response, request
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from heliograph.plugin import (
    Callbacks,
    InboundText,
    Media,
    Opt,
    Status,
    StatusReport,
    plugin_config,
    public_url,
    receive_reply,
    receive_status,
    utcnow,
)

from .config import TwilioConfig
from .errors import STATUSES, kind_of_report, seconds_to_wait

log = logging.getLogger(__name__)
callbacks = Callbacks("callbacks", __name__)

OPTS = {"STOP": Opt.OUT, "START": Opt.IN, "HELP": Opt.HELP}
INBOUND = ("received", "receiving")  # what SmsStatus says of a text that came in
MOST_MEDIA = 10
MAX_AGE = 1.0
MOST_BYTES = 256 * 1024  # Twilio's have a few thousand; anybody may post any number


Form = MultiDict[str, str]  # of a parameter that comes twice the first counts, both are signed


@callbacks.route("/callback", methods=["GET", "POST"])
@callbacks.route("/status", methods=["GET", "POST"])
def callback() -> Response:
    """Each address takes texts and statuses: people paste one of them everywhere."""
    form, refusal = signed_form()
    if refusal is not None:
        return refusal
    return take_status(form) if is_status(form) else take_text(form)


def is_status(form: Form) -> bool:
    """Whether it tells of a text of ours, and is none that came in.

    Texts that come in have a Body, if an empty one, and SmsStatus=received. A word that
    Twilio may invent decides nothing for them: a STOP could be in it.
    """
    word = (form.get("MessageStatus") or form.get("SmsStatus") or "").lower()
    if word in STATUSES:
        return True
    if word in INBOUND or "Body" in form:
        return False
    return bool(word) or "From" not in form


def signed_form() -> tuple[Form, Response | None]:
    """The parameters, and a refusal unless Twilio signed them for our account."""
    try:
        form = posted_form() if request.method == "POST" else asked_form()
    except RequestEntityTooLarge:
        return Form(), words(413, f"This is too large: {MOST_BYTES // 1024} kB is the most.")
    account = form.get("AccountSid")
    config = cast("TwilioConfig", plugin_config(max_age=MAX_AGE))
    if account == config.account_sid and signed_with(config, form):
        return form, None
    config = cast("TwilioConfig", plugin_config())  # it may just have been changed
    if not signed_with(config, form):
        return form, refused(
            "The signature does not fit. Check that HELIOGRAPH_PUBLIC_URL is the address that "
            "Twilio calls, and that auth_token is the primary auth token.",
        )
    if account != config.account_sid:
        return form, refused("AccountSid is not the configured account.")
    return form, None


def refused(text: str) -> Response:
    """403, and a line in the log: a STOP may have been in it."""
    fields = {"provider": "twilio", "path": request.path, "address": request.remote_addr}
    log.warning("a callback was refused: %s", text, extra=fields)
    return words(403, text)


def posted_form() -> Form:
    """The posted parameters; Flask's own would refuse bytes that are no UTF-8."""
    request.max_content_length = MOST_BYTES
    return read_form(request.get_data())


def asked_form() -> Form:
    """The parameters of the URL."""
    return read_form(request.query_string)


def read_form(encoded: bytes) -> Form:
    text = encoded.decode("utf-8", "replace")
    return MultiDict(parse_qsl(text, keep_blank_values=True, errors="replace"))


def signed_with(config: TwilioConfig, form: Form) -> bool:
    """Whether the auth token of *config* made the signature.

    The SDK's whole check tries the URL with and without its port: as one of four
    would do, the URL as it stands is tried first.
    """
    signature = request.headers.get("X-Twilio-Signature", "")
    if not signature:
        return False
    signed = form if request.method == "POST" else {}
    url = public_url()
    validator = RequestValidator(config.auth_token.get_secret_value())
    expected = validator.compute_signature(url, signed)
    if hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        return True
    return bool(validator.validate(url, signed, signature))


def take_text(form: Form) -> Response:
    sid = form.get("MessageSid") or form.get("SmsMessageSid") or form.get("SmsSid")
    if not sid:
        return words(400, "MessageSid is missing.")
    if not form.get("From"):
        return words(400, "From is missing.")
    count = form.get("NumMedia", "0")
    media = [
        Media(form[f"MediaUrl{number}"], form.get(f"MediaContentType{number}", ""))
        for number in range(min(int(count[:4]) if count.isdecimal() else 0, MOST_MEDIA))
        if form.get(f"MediaUrl{number}")
    ]
    receive_reply(
        InboundText(
            provider_id=sid,
            number=form["From"],
            to=form.get("To", ""),
            text=form.get("Body", ""),
            media=tuple(media),
            opt=OPTS.get(form.get("OptOutType", "").upper()),
        )
    )
    # TwiML always: Twilio would send plain text to the contact as an answer
    return Response(str(MessagingResponse()), mimetype="text/xml")


def take_status(form: Form) -> Response:
    sid = form.get("MessageSid") or form.get("SmsSid")
    word = form.get("MessageStatus") or form.get("SmsStatus")
    if not sid or not word:
        return words(400, f"{'MessageStatus' if sid else 'MessageSid'} is missing.")
    known = STATUSES.get(word.lower())
    if known is None:  # a new word of Twilio's: not ours to guess
        return Response(status=204)
    code = form.get("ErrorCode", "")
    failed = known in (Status.UNDELIVERED, Status.FAILED)
    kind = kind_of_report(code) if failed else None
    receive_status(
        StatusReport(
            provider_id=sid,
            status=known,
            reference=asked_form().get("delivery", ""),
            kind=kind,
            error_code=code if failed else "",
            detail=form.get("ErrorMessage", "") if failed else "",
            retry_after=seconds_to_wait(kind, utcnow()) if kind else None,
        )
    )
    return Response(status=204)


def words(status_code: int, text: str) -> Response:
    return Response(text + "\n", status=status_code, mimetype="text/plain")
