"""What Twilio calls: inbound texts and statuses, each with a checked signature."""

from __future__ import annotations

from typing import cast

from flask import Response, request
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse
from werkzeug.datastructures import MultiDict

from core.plugin import (
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
)

from .config import TwilioConfig
from .errors import STATUSES, kind_of_report

callbacks = Callbacks("callbacks", __name__)

OPTS = {"STOP": Opt.OUT, "START": Opt.IN, "HELP": Opt.HELP}
MOST_MEDIA = 10

Form = MultiDict[str, str]


@callbacks.route("/callback", methods=["GET", "POST"])
def callback() -> Response:
    """Takes both: people paste one URL everywhere."""
    form, refusal = signed_form()
    if refusal is not None:
        return refusal
    if "MessageStatus" in form:
        return take_status(form)
    return take_text(form)


@callbacks.route("/status", methods=["GET", "POST"])
def status() -> Response:
    form, refusal = signed_form()
    return refusal if refusal is not None else take_status(form)


def signed_form() -> tuple[Form, Response | None]:
    """The parameters, and a refusal unless Twilio signed them for our account."""
    config = cast("TwilioConfig", plugin_config())
    form: Form = request.form if request.method == "POST" else request.args
    signature = request.headers.get("X-Twilio-Signature", "")
    signed = request.form if request.method == "POST" else {}
    validator = RequestValidator(config.auth_token.get_secret_value())
    if not signature or not validator.validate(public_url(), signed, signature):
        return form, words(
            403,
            "The signature does not fit. Check that HELIOGRAPH_PUBLIC_URL is the address that "
            "Twilio calls, and that auth_token is the primary auth token.",
        )
    if form.get("AccountSid") != config.account_sid:
        return form, words(403, "AccountSid is not the configured account.")
    return form, None


def take_text(form: Form) -> Response:
    sid = form.get("MessageSid") or form.get("SmsMessageSid") or form.get("SmsSid")
    if not sid:
        return words(400, "MessageSid is missing.")
    if not form.get("From"):
        return words(400, "From is missing.")
    count = form.get("NumMedia", "0")
    media = [
        Media(form[f"MediaUrl{number}"], form.get(f"MediaContentType{number}", ""))
        for number in range(min(int(count) if count.isdecimal() else 0, MOST_MEDIA))
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
    receive_status(
        StatusReport(
            provider_id=sid,
            status=known,
            reference=request.args.get("delivery", ""),
            kind=kind_of_report(code) if failed else None,
            error_code=code if failed else "",
            detail=form.get("ErrorMessage", "") if failed else "",
        )
    )
    return Response(status=204)


def words(status_code: int, text: str) -> Response:
    return Response(text + "\n", status=status_code, mimetype="text/plain")
