"""What stands in for the outside: providers that reach nobody, actions that are not done."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from heliograph.actions import Action, ActionBatch, Outcome, Outcomes, Result
from heliograph.channel import (
    Failure,
    FailureKind,
    OutgoingText,
    Provider,
    Sent,
    Status,
    StatusReport,
)
from heliograph.db import utcnow
from heliograph.encryption import Cipher
from heliograph.host import PluginConfig, PluginHost, PluginInfo
from heliograph.host.contributions import Contributions
from heliograph.sentences import Sentence

WEBHOOK = "core.webhook"
# reasons of what is not done here, and codes of failures that the script has chosen
WOULD_CALL, WOULD_DO = "would_call", "would_do"
SWITCHED_OFF, CHOSEN = "switched_off", "chosen"
# how long the provider is out by now, and how soon it is tried again then
TRIES = (
    (timedelta(hours=1), timedelta(minutes=15)),
    (timedelta(hours=6), timedelta(hours=1)),
    (timedelta.max, timedelta(days=1)),
)
OUT = Sentence("The provider takes no texts: you have switched it off here.")
REFUSED = Sentence("It was refused: %(why)s, as you have chosen here.")
NOT_ARRIVED = Sentence("It did not arrive: %(why)s, as you have chosen here.")
# what a page offers to be chosen
KINDS = {
    FailureKind.BAD_NUMBER: Sentence("bad number"),
    FailureKind.UNREACHABLE: Sentence("unreachable"),
    FailureKind.OPTED_OUT: Sentence("opted out"),
    FailureKind.FILTERED: Sentence("filtered"),
    FailureKind.TRANSIENT: Sentence("transient"),
}


@dataclass(slots=True)
class Phones:
    """The providers and all phones of a simulation: who takes texts, and what is reported.

    Reports come at once, when all that the texts led to is done: seconds tell nobody anything.
    """

    out_since: datetime | None = None
    out_until: datetime | None = None
    failing: dict[str, tuple[str, FailureKind, datetime | None]] = field(default_factory=dict)
    reports: list[tuple[str, StatusReport]] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def is_out(self) -> bool:
        over = self.out_until is not None and self.out_until <= utcnow()
        return self.out_since is not None and not over

    def take(self, provider: str, text: OutgoingText) -> Sent:
        """As a provider takes it; raises Failure."""
        if self.is_out:
            wait = self._seconds()
            raise Failure(FailureKind.THROTTLED, OUT, code=SWITCHED_OFF, retry_after=wait)
        how, kind = self._failure(text.to)
        if how == "refused":
            words = REFUSED.filled(why=words_of(kind))
            raise Failure(kind, words, code=CHOSEN)
        sent = Sent(f"simulated-{next(self.numbers)}", text.parts)
        report = StatusReport(sent.provider_id, Status.DELIVERED)
        if how:
            words = NOT_ARRIVED.filled(why=words_of(kind))
            report = StatusReport(sent.provider_id, Status.UNDELIVERED, kind=kind, detail=words)
        self.reports.append((provider, report))
        return sent

    def _failure(self, number: str) -> tuple[str, FailureKind]:
        how, kind, until = self.failing.get(number, ("", FailureKind.UNREACHABLE, None))
        return ("", kind) if until is not None and until <= utcnow() else (how, kind)

    def _seconds(self) -> float:
        now = utcnow()
        since = now - (self.out_since or now)
        wait = next(wait for limit, wait in TRIES if since < limit)
        return ((self.out_until - now) if self.out_until else wait).total_seconds()


def words_of(kind: FailureKind) -> str:
    return KINDS.get(kind) or kind.value.replace("_", " ")


class StandInConfig(PluginConfig):
    """Nothing to be set."""


class StandIn(Provider):
    """A provider by the name of a real one."""

    phones: ClassVar[Phones]

    @property
    def sender(self) -> str:
        return self.name

    def send(self, text: OutgoingText) -> Sent:
        return self.phones.take(self.name, text)


def stand_in_for(info: PluginInfo, phones: Phones) -> PluginInfo:
    """The plugin with nothing in it that reaches out: its decisions and conditions only look."""
    given = info.contributions
    providers: list[type[Provider]] = [
        type("StandIn", (StandIn,), {"name": one.name, "demo": one.demo, "phones": phones})
        for one in given.providers
    ]
    contributions = Contributions(
        config_model=StandInConfig,
        providers=providers,
        actions=[action if action.sends else not_done(action) for action in given.actions],
        decisions=given.decisions,
        conditions=given.conditions,
    )
    return replace(info, module=None, contributions=contributions)


def without_webhook(info: PluginInfo) -> PluginInfo:
    """Core's own events; the webhook is told of, not called."""
    given = info.contributions
    actions = [not_done(one) if one.key == WEBHOOK else one for one in given.actions]
    return replace(info, contributions=replace(given, actions=actions))


def not_done(action: Action) -> Action:
    """The action, which says what it would do."""

    def run_many(batch: ActionBatch) -> Outcomes:
        url = getattr(batch.config, "url", "") if action.key == WEBHOOK else ""
        reason = WOULD_CALL if url else WOULD_DO
        return Outcomes(Outcome(Result.DONE, url or action.label, reason=reason))

    return replace(action, run=None, run_many=run_many)


class StageHost(PluginHost):
    """The host of a simulation, in which no plugin is switched on or off."""

    def __init__(
        self,
        plugins: Sequence[PluginInfo],
        enabled: Collection[str],
        built_in: Sequence[PluginInfo],
        phones: Phones,
    ) -> None:
        super().__init__(Cipher(["nothing is kept here"]))
        self._plugins = {info.name: stand_in_for(info, phones) for info in plugins}
        self._built_in = [without_webhook(info) for info in built_in]
        for info in built_in:
            if info.module is not None:
                self._hooks.register(info.name, info.module, guard=False)
        self._enabled = [info for info in self.sound() if info.name in enabled]

    def enabled(self) -> list[PluginInfo]:
        return self._enabled
