"""The server: an account, what it takes and refuses, faults on demand, signed callbacks."""

from __future__ import annotations

import re
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.counterpart.answers import Handler, Refusal
from tests.counterpart.signature import sign
from tests.counterpart.text import Text

CREATE_PARAMETERS = {
    *("To", "From", "MessagingServiceSid", "Body", "MediaUrl", "StatusCallback"),
    *("ValidityPeriod", "ProvideFeedback", "SmartEncoded", "ContentSid", "ContentVariables"),
}
E164 = re.compile(r"\+[1-9]\d{6,14}")


class Server(ThreadingHTTPServer):
    """Clients that go away in the middle are what some tests are about."""

    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)


class Counterpart:
    """Start it, point `api_base_url` at `url`, look at `texts`.

    `faults` are taken one per create call: None for none, a Refusal, or one of
    "hang", "accept_and_hang", "drop" (closed before it was taken), "accept_and_drop",
    "bad_json", "503". `fault_of` names the fault by the recipient's number instead.
    """

    account_sid = "AC" + "0a" * 16
    auth_token = "70ken" + "b" * 27
    key_sid, key_secret = "SK" + "1c" * 16, "key-secret"
    service_sid = "MG" + "2d" * 16
    number = "+15005550006"
    account_status = "active"
    test_credentials = False
    host = "127.0.0.1"

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.texts: list[Text] = []
        self.opted_out: set[str] = set()
        self.faults: list[Refusal | str | None] = []
        self.fault_of: Callable[[str], str | None] | None = None
        self.latency, self.hang_seconds = 0.0, 5.0
        self.hanging = 0
        self.requests: list[tuple[str, str]] = []
        self._lock = threading.Lock()
        self._at_once = self.most_at_once = 0
        self._address = self._public = ""
        handler = type("Handler", (Handler,), {"counterpart": self})
        self._server = Server(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._scheme = "https" if tls else "http"
        if tls:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://{self.host}:{self.port}"

    @property
    def port(self) -> int:
        return self._server.server_port

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def arrived(self) -> None:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)

    def answered(self) -> None:
        with self._lock:
            self._at_once -= 1

    # -- what our side asks ----------------------------------------------

    def create(self, form: dict[str, list[str]]) -> tuple[Text, str | None]:
        """Take a message, or raise Refusal; the fault says how the answer is spoilt."""
        with self._lock:
            if self.fault_of is not None:
                fault: Refusal | str | None = self.fault_of(form.get("To", [""])[0])
            else:
                fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, Refusal):
            raise fault
        if fault in ("drop", "503", "hang"):
            return Text("", "", "", None, None, ""), fault
        self.check_form(form)
        given = {name: values[0] for name, values in form.items()}
        with self._lock:
            text = Text(
                sid=f"SM{len(self.texts) + 1:032x}",
                to=given["To"],
                body=given["Body"],
                from_=given.get("From"),
                service=given.get("MessagingServiceSid"),
                status_callback=given.get("StatusCallback", ""),
                status="accepted" if "MessagingServiceSid" in given else "queued",
            )
            self.texts.append(text)
        return text, fault

    def check_form(self, form: dict[str, list[str]]) -> None:
        unknown = form.keys() - CREATE_PARAMETERS
        if unknown:
            raise Refusal(400, 20001, f"Unknown parameter {sorted(unknown)[0]}")
        given = {name: values[0] for name, values in form.items()}
        if not given.get("To"):
            raise Refusal(400, 21604, "A 'To' phone number is required.")
        if not (given.get("From") or given.get("MessagingServiceSid")):
            raise Refusal(400, 21603, "A 'From' phone number is required.")
        if not given.get("Body"):
            raise Refusal(400, 21602, "Message body is required.")
        if len(given["Body"]) > 1600:
            raise Refusal(400, 21617, "The concatenated message body exceeds 1600 characters")
        self.check_numbers(given)

    def check_numbers(self, given: dict[str, str]) -> None:
        service, number = given.get("MessagingServiceSid"), given.get("From")
        if not E164.fullmatch(given["To"]):
            raise Refusal(400, 21211, f"Invalid 'To' Phone Number: {given['To']}")
        if service and service != self.service_sid:
            raise Refusal(404, 20404, "The Messaging Service was not found")
        if number and number != self.number:
            raise Refusal(400, 21659, f"'From' {number} is not a Twilio phone number")
        callback = given.get("StatusCallback")
        if callback and ("_" in (urlsplit(callback).hostname or "_")):
            raise Refusal(400, 21609, f"The 'StatusCallback' URL {callback} is not a valid URL.")
        if given["To"] in self.opted_out:
            raise Refusal(400, 21610, "Attempt to send to unsubscribed recipient")

    # -- what Twilio does to us ------------------------------------------

    def deliver_to(self, address: str, *, public: str) -> None:
        """Callbacks go to *address*; they are signed for *public*, as behind a proxy."""
        self._address, self._public = address.rstrip("/"), public.rstrip("/")

    def report(
        self, sid: str, status: str, *, error_code: int | None = None, **changes: Any
    ) -> int:
        """Post a status callback to the URL that the text came with; its HTTP status."""
        text = next(text for text in self.texts if text.sid == sid)
        text.status, text.error_code = status, error_code
        form = {
            "MessageSid": sid,
            "SmsSid": sid,
            "AccountSid": self.account_sid,
            "From": text.from_ or "",
            "To": text.to,
            "ApiVersion": "2010-04-01",
            "MessageStatus": status,
            "SmsStatus": status,
        }
        if error_code:
            form["ErrorCode"] = str(error_code)
        return self.post(text.status_callback.partition("#")[0], form, **changes)

    def reply(self, from_: str, body: str, *, sid: str = "", **changes: Any) -> int:
        """Post an inbound text to /sms/twilio/callback; its HTTP status."""
        media = changes.pop("media", ())
        extra = changes.pop("extra", {})
        form = {
            "MessageSid": sid or f"SM{time.monotonic_ns():032x}",
            "AccountSid": self.account_sid,
            "From": from_,
            "To": self.number,
            "Body": body,
            "NumMedia": str(len(media)),
            "NumSegments": "1",
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
            "FromCity": "",
            "FromZip": "",
        }
        for number, url in enumerate(media):
            form[f"MediaUrl{number}"], form[f"MediaContentType{number}"] = url, "image/png"
        return self.post(f"{self._public}/sms/twilio/callback", form | extra, **changes)

    def post(
        self,
        url: str,
        form: dict[str, str],
        *,
        token: str | None = None,
        signature: str | None = None,
        stripped: bool = False,
    ) -> int:
        """POST *form* for the public *url*, signed with our token unless told otherwise."""
        if signature is None:
            signature = sign(token or self.auth_token, url, form)
        path = url.removeprefix(self._public)
        prefix = "" if stripped else urlsplit(self._public).path
        request = urllib.request.Request(
            self._address + prefix + path,
            data=urlencode(form).encode(),
            headers={"X-Twilio-Signature": signature} if signature else {},
        )
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                self.last_answer = (answer.headers.get_content_type(), answer.read().decode())
                return int(answer.status)
        except urllib.error.HTTPError as error:
            self.last_answer = (error.headers.get_content_type(), error.read().decode())
            return error.code
