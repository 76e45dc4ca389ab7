"""The channel's port: what a provider is given, what it answers, how it fails.

Core owns retry, pacing, opt-out, number format, counting, secrets and the
signatures' plumbing. A provider only carries one text at a time.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel


class FailureKind(StrEnum):
    """Why a text was not taken or not delivered; decides what core does next."""

    BAD_NUMBER = "bad_number"
    UNREACHABLE = "unreachable"
    OPTED_OUT = "opted_out"
    NOT_ALLOWED = "not_allowed"
    THROTTLED = "throttled"
    DAILY_CAP = "daily_cap"
    TRANSIENT = "transient"
    FILTERED = "filtered"
    ACCOUNT = "account"
    CONFIG = "config"
    BAD_CONTENT = "bad_content"
    UNKNOWN_OUTCOME = "unknown_outcome"


class Status(StrEnum):
    """What a provider may report of a text it took."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"


class Opt(StrEnum):
    """What a provider itself says that a reply means."""

    OUT = "out"
    IN = "in"
    HELP = "help"


class Failure(Exception):
    """A provider could not send.

    `kind` decides what happens; `text` is shown to a person; `code` is the
    provider's own; `retry_after` is in seconds. UNKNOWN_OUTCOME means that the
    text may have gone out: core never resends it without asking `find`.
    """

    def __init__(
        self,
        kind: FailureKind,
        text: str,
        *,
        code: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(text)
        self.kind, self.text, self.code, self.retry_after = kind, text, code, retry_after


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """One text, ready to go.

    `to` is E.164; `reference` is our own id of the text, unique to this installation and
    at most 40 characters: hand it to the provider where it keeps one. `callback_url` is
    where statuses are to be posted (absolute; it carries `reference`), empty when none is
    known. `attempted_at` (UTC) is when this attempt was written down, before the call.
    """

    reference: str
    to: str
    text: str = field(repr=False)  # it may end up in a log
    sender: str
    parts: int
    callback_url: str
    attempted_at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took the text. `price` is what it costs, never negative.

    `number` (who it went to) and `created_at` (UTC, when the provider took it) are for what
    `find` returns: without both nobody can tell whose text it is. Answers of `send` need none.
    """

    provider_id: str
    parts: int | None = None
    status: Status = Status.ACCEPTED
    price: Decimal | None = None
    currency: str = ""
    number: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What a provider says of a text it took, in our words.

    `reference` is the one of OutgoingText where the provider gives it back.
    `kind` is set with UNDELIVERED and FAILED. Kinds that hold the sender do so
    for `retry_after` seconds, where the provider's rules tell.
    """

    provider_id: str
    status: Status
    reference: str = ""
    kind: FailureKind | None = None
    error_code: str = ""
    detail: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Media:
    url: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class InboundText:
    """A text that came in. `provider_id` makes it unique: twice is once."""

    provider_id: str
    number: str
    to: str = ""
    text: str = ""
    media: tuple[Media, ...] = ()
    opt: Opt | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Answer of Test connection, in words for an admin."""

    ok: bool
    text: str
    facts: dict[str, str] = field(default_factory=dict)


class Provider:
    """Carries texts. Subclass it, set `name`, write `send`; the rest is optional.

    One instance serves one sender of a process for as long as its config stays;
    it is used by many calls at once. `config` is the plugin's validated
    config model. `send` may be `async def` (many at once on a loop that this
    provider has to itself; it must not block) or plain (run in threads).
    `concurrency` is how many calls may be in flight, `timeout` (seconds) ends a
    call with an unknown outcome, and `settles_after` (seconds) is how long after
    a call `find` can be trusted not to miss its text. A plain
    `send` cannot be ended: give its connection a time-out below `timeout`, or a
    person has to decide on what hangs.
    """

    name: ClassVar[str]
    label: ClassVar[str] = ""
    demo: ClassVar[bool] = False
    concurrency: int = 50
    timeout: ClassVar[float] = 30.0
    settles_after: ClassVar[float] = 5.0

    def __init__(self, config: BaseModel) -> None:
        self.config = config

    @property
    def sender(self) -> str:
        """The number or service that texts come from: the key of pacing and holds."""
        return ""

    @property
    def parts_per_second(self) -> float:
        """Pace of `sender`; 0 is no limit."""
        return 0

    def send(self, text: OutgoingText) -> Sent | Awaitable[Sent]:
        """Hand *text* over; raises Failure. Called outside of any transaction."""
        raise NotImplementedError  # a plugin without it is refused when it loads

    def find(self, text: OutgoingText) -> list[Sent] | Awaitable[list[Sent]]:
        """All texts the provider holds that may be *text*; [] is surely absent.

        Each with its `number` and `created_at`: core leaves out what went to another number
        or is older than the attempt, and what lacks them counts as unknown. Raises
        Failure(UNKNOWN_OUTCOME) when it cannot tell, which is the default.
        """
        raise Failure(
            FailureKind.UNKNOWN_OUTCOME, f"{self.label or self.name} cannot look texts up."
        )

    def status(self, provider_id: str) -> StatusReport | Awaitable[StatusReport]:
        """What became of a text that it took and has not reported on for long.

        Raises Failure(UNKNOWN_OUTCOME) when it cannot tell, which is the default.
        """
        raise Failure(
            FailureKind.UNKNOWN_OUTCOME, f"{self.label or self.name} cannot be asked for statuses."
        )

    @classmethod
    def steps(cls, callback_url: str) -> list[str]:
        """What an admin does at the provider's own site, in order; [] is nothing.

        A classmethod, as it is shown before there is a config. A plain method works
        too: while the config is incomplete it is called on a provider without one.
        """
        return []

    def check(self) -> Check:
        """Test the connection and answer in words; what it raises is a failed check.

        It may be `async def`, and has 30 seconds.
        """
        return Check(ok=True, text="This provider has no test.")

    async def close(self) -> None:
        """Give connections back; called on the loop that `send` ran on."""
