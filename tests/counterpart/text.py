"""A message as Twilio keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any


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
