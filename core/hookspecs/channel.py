"""Hooks of the channel: providers, and what happens to texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heliograph.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from heliograph.channel import OutgoingText, Provider
    from heliograph.deliveries.models import Delivery
    from heliograph.replies.models import Reply


@hookspec
def register_providers() -> list[type[Provider]]:  # type: ignore[empty-body]  # a spec
    """Provider classes. Asked once per process at start.

    The name of a provider is the plugin's name, so that its callback URL is
    `/sms/<plugin>/callback`. An exception quarantines the plugin.
    """


@hookspec
def filter_text(text: OutgoingText) -> str | None:
    """May veto a text: the reason in words, or None to let it go.

    Called for each text in the process that sends, before it is marked as
    sending, inside the claim's transaction: be quick, call nobody. An exception
    holds the text: it waits, says why, and is asked about again after five minutes.
    """


@hookspec
def delivery_changed(delivery: Delivery) -> None:
    """A delivery reached a new status.

    Called after the commit, in the process that learnt of it (web or sending),
    at least once per change seen there. An exception is logged and ignored.
    """


@hookspec
def link_clicked(delivery: Delivery, url: str) -> None:
    """A person clicked a link of a text; *url* is the address as it stands in the message.

    Called after the commit in the web process, once per click that is kept, not
    for clicks of machines and of test texts. An exception is logged and ignored.
    """


@hookspec
def reply_received(reply: Reply) -> None:
    """A text came in and is stored, with its opt-out or opt-in already applied.

    Called after the commit in the web process, once per reply. An exception is
    logged and ignored; the provider gets its answer all the same.
    """
