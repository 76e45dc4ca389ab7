"""What our side asks over HTTP, and the answers to it."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

if TYPE_CHECKING:
    from tests.counterpart.server import Counterpart

PAGE = 50


class Refusal(Exception):
    def __init__(self, status: int, code: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


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
