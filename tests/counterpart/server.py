"""The server: accounts, numbers, messages, faults on demand, signed callbacks."""

from __future__ import annotations

import base64
import json
import re
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.counterpart.signature import sign

PAGE = 50
CREATE_PARAMETERS = {
    *("To", "From", "MessagingServiceSid", "Body", "MediaUrl", "StatusCallback"),
    *("ValidityPeriod", "ProvideFeedback", "SmartEncoded", "ContentSid", "ContentVariables"),
}
E164 = re.compile(r"\+[1-9]\d{6,14}")


@dataclass
class Text:
    """A message as Twilio keeps it."""

    sid: str
    to: str
    body: str
    from_: str | None
    service: str | None
    status_callback: str
    status: str = "queued"
    error_code: int | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_json(self, account: str) -> dict[str, Any]:
        date = format_datetime(self.created)
        return {
            "sid": self.sid,
            "account_sid": account,
            "messaging_service_sid": self.service,
            "to": self.to,
            "from": self.from_,
            "body": self.body,
            "status": self.status,
            "direction": "outbound-api",
            "num_segments": "0" if self.service and not self.from_ else str(segments(self.body)),
            "num_media": "0",
            "price": None,
            "price_unit": "USD",
            "error_code": self.error_code,
            "error_message": None,
            "date_created": date,
            "date_updated": date,
            "date_sent": None,
            "api_version": "2010-04-01",
            "uri": f"/2010-04-01/Accounts/{account}/Messages/{self.sid}.json",
            "subresource_uris": {},
        }


def segments(body: str) -> int:
    one, many = (160, 153) if body.isascii() else (70, 67)
    return 1 if len(body) <= one else -(-len(body) // many)


class Refusal(Exception):
    def __init__(self, status: int, code: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


class Server(ThreadingHTTPServer):
    """Clients that go away in the middle are what some tests are about."""

    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Counterpart:
    """Start it, point `api_base_url` at `url`, look at `texts`.

    `faults` are taken one per create call: None for none, a Refusal, or one of
    "hang", "accept_and_hang", "drop" (closed before it was taken), "accept_and_drop",
    "bad_json", "503".
    """

    account_sid = "AC" + "0a" * 16
    auth_token = "70ken" + "b" * 27
    key_sid, key_secret = "SK" + "1c" * 16, "key-secret"
    service_sid = "MG" + "2d" * 16
    number = "+15005550006"
    account_status = "active"
    test_credentials = False

    def __init__(self) -> None:
        self.texts: list[Text] = []
        self.opted_out: set[str] = set()
        self.faults: list[Refusal | str | None] = []
        self.latency, self.hang_seconds = 0.0, 5.0
        self.hanging = 0
        self.requests: list[tuple[str, str]] = []
        self._lock = threading.Lock()
        self._at_once = self.most_at_once = 0
        self._address = self._public = ""
        handler = type("Handler", (Handler,), {"counterpart": self})
        self._server = Server(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

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


class Handler(BaseHTTPRequestHandler):
    counterpart: Counterpart
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer(self.get)

    def do_POST(self) -> None:
        self.answer(self.create)

    def answer(self, work: Any) -> None:
        self.counterpart.requests.append((self.command, self.path))
        self.counterpart.arrived()
        time.sleep(self.counterpart.latency)
        self.counterpart.answered()
        try:
            self.check_sign_in()
            work()
        except Refusal as refusal:
            body = {
                "code": refusal.code,
                "message": refusal.message,
                "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
                "status": refusal.status,
            }
            self.send(refusal.status, body, refusal.headers)

    def check_sign_in(self) -> None:
        given = self.headers.get("Authorization", "")
        keys = (
            (self.counterpart.account_sid, self.counterpart.auth_token),
            (self.counterpart.key_sid, self.counterpart.key_secret),
        )
        known = {"Basic " + base64.b64encode(":".join(key).encode()).decode() for key in keys}
        if given not in known:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            raise Refusal(401, 20003, "Authenticate")

    def get(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        base = f"/2010-04-01/Accounts/{self.counterpart.account_sid}"
        if parts.path == f"{base}.json":
            self.send_account()
        elif parts.path == f"{base}/Messages.json":
            self.send_messages(query)
        elif parts.path.startswith(f"{base}/Messages/"):
            self.send_message(parts.path.removeprefix(f"{base}/Messages/").removesuffix(".json"))
        elif parts.path == f"{base}/IncomingPhoneNumbers.json":
            ours = query.get("PhoneNumber") == self.counterpart.number
            rows = [{"phone_number": self.counterpart.number, "sid": "PN" + "3e" * 16}]
            rows[0]["capabilities"] = {"sms": True, "voice": True}  # type: ignore[assignment]
            self.send_page("incoming_phone_numbers", rows if ours else [])
        elif parts.path == f"{base}/SMS/ShortCodes.json":
            self.send_page("short_codes", [])
        elif parts.path == f"/v1/Services/{self.counterpart.service_sid}":
            self.send(200, {"sid": self.counterpart.service_sid, "friendly_name": "Ours"})
        else:
            raise Refusal(404, 20404, f"The requested resource {parts.path} was not found")

    def send_account(self) -> None:
        if self.counterpart.test_credentials:
            raise Refusal(403, 20008, "Resource not accessible with Test Account Credentials")
        account = {
            "sid": self.counterpart.account_sid,
            "friendly_name": "Tests",
            "status": self.counterpart.account_status,
            "type": "Full",
            "auth_token": self.counterpart.auth_token,
            "date_created": format_datetime(datetime.now(UTC)),
            "date_updated": format_datetime(datetime.now(UTC)),
        }
        self.send(200, account)

    def send_messages(self, query: dict[str, str]) -> None:
        """Newest first, fifty a page, with a relative address of the next page."""
        found = [text for text in reversed(self.counterpart.texts) if text.to == query.get("To")]
        page = int(query.get("Page", 0))
        rows = found[page * PAGE : (page + 1) * PAGE]
        more = len(found) > (page + 1) * PAGE
        query = {"To": query.get("To", ""), "Page": str(page + 1), "PageToken": "x"}
        path = f"/2010-04-01/Accounts/{self.counterpart.account_sid}/Messages.json"
        messages = [text.as_json(self.counterpart.account_sid) for text in rows]
        self.send_page("messages", messages, f"{path}?{urlencode(query)}" if more else None)

    def send_message(self, sid: str) -> None:
        for text in self.counterpart.texts:
            if text.sid == sid:
                return self.send(200, text.as_json(self.counterpart.account_sid))
        raise Refusal(404, 20404, f"The requested resource {self.path} was not found")

    def send_page(self, name: str, rows: list[Any], following: str | None = None) -> None:
        page = {name: rows, "page": 0, "page_size": PAGE, "start": 0, "end": len(rows)}
        self.send(200, page | {"uri": self.path, "next_page_uri": following})

    def create(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        path = f"/2010-04-01/Accounts/{self.counterpart.account_sid}/Messages.json"
        if self.path != path:
            raise Refusal(404, 20404, f"The requested resource {self.path} was not found")
        kind = self.headers.get("Content-Type", "")
        if not kind.startswith("application/x-www-form-urlencoded"):
            raise Refusal(415, 20001, "Unsupported media type")
        text, fault = self.counterpart.create(parse_qs(raw, keep_blank_values=True))
        if fault in ("hang", "accept_and_hang"):
            self.counterpart.hanging += 1
            time.sleep(self.counterpart.hang_seconds)
        if fault in ("drop", "accept_and_drop", "hang", "accept_and_hang"):
            self.close_connection = True
            self.connection.close()
            return
        if fault == "503":
            self.send_raw(503, b"<html>Service Unavailable</html>", {})
            return
        if fault == "bad_json":
            self.send_raw(201, b'{"sid": "SM', {})
            return
        self.send(201, text.as_json(self.counterpart.account_sid))

    def send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        self.send_raw(status, json.dumps(body).encode(), named)

    def send_raw(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Quiet."""
