"""Hooks of the channel: providers, and what happens to texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from heliograph.hookspecs.markers import answers, hookspec, in_transaction

if TYPE_CHECKING:
    from heliograph.channel import OutgoingText, Provider
    from heliograph.deliveries.models import Delivery
    from heliograph.replies.models import Reply
    from heliograph.text_filters import TextFilter


@hookspec
def register_providers() -> list[type[Provider]]:  # type: ignore[empty-body]  # a spec
    """Provider classes. Asked once per process at start.

    The name of a provider is the plugin's name, so that its callback URL is
    `/sms/<plugin>/callback`. An exception quarantines the plugin.
    """


@hookspec
@in_transaction
@answers(Mapping)
def filter_texts(  # type: ignore[empty-body]  # a spec
    texts: Sequence[OutgoingText],
) -> Mapping[str, str]:
    """May hold texts back: reasons in words, by `reference`; texts not named go.

    Called for the texts of one claim at once, in the process that sends, before they are
    marked as sending, inside the claim's transaction: be quick, call nobody. After an
    exception, or an answer that is no mapping, it is asked about each text alone. Texts
    about which it fails then are held: they wait, say why, and are asked about again after
    five minutes.
    """


@hookspec
def register_text_filters() -> list[TextFilter]:  # type: ignore[empty-body]  # a spec
    """Text filters, which change the words of texts on their way out.

    Asked once per process at start; keys must begin with the plugin's name. An exception
    quarantines the plugin. `begin` is called once for each text and batch, within the
    transaction that renders it, in a savepoint; `finish` for each text; `sample` for counting
    and previews. Filters run by the names of their plugins, and link tracking comes last. When
    a filter fails, the text does not go without it: it waits, says why, and is tried again
    after five minutes.
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
