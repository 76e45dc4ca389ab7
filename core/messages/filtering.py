"""Sending a text through the text filters of core and of the enabled plugins."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from heliograph.errors import Conflict
from heliograph.host import current_host
from heliograph.host.calling import forget_broken_reading, running_plugin, savepoint
from heliograph.host.guard import guarded
from heliograph.sentences import Sentence
from heliograph.text_filters import Marked, Words

log = logging.getLogger(__name__)

FAILED = Sentence("The plugin %(plugin)s, which changes texts, failed: %(why)s")
LONGEST = 300

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class FilterFailed(Conflict):
    """A filter could not do its part, so the text must not go out without it."""

    def __init__(self, plugin: str, error: Exception) -> None:
        why = f"{type(error).__name__}: {error}".replace("\x00", "")[:LONGEST]
        super().__init__(FAILED.filled(plugin=plugin, why=why))


class Filtered:
    """A text that filters have begun; `text` is what its tokens are filled into."""

    def __init__(self, text: str, begun: Sequence[tuple[str, Marked]]) -> None:
        self.text = text
        self._begun = begun

    def finish(self, filled: str, delivery_id: int) -> str:
        """The text of one delivery; the filter that began last ends first.

        Raises FilterFailed.
        """
        for plugin, marked in reversed(self._begun):
            filled = asked(plugin, str, marked.finish, filled, delivery_id)
        return filled


def filter_words(words: Words) -> Filtered | None:
    """*words* as all filters have begun them, None when none wants to; raises FilterFailed.

    Runs inside the transaction that is open.
    """
    text, begun = words.text, []
    for plugin, one in current_host().text_filters():
        with savepoint():
            marked = asked(plugin, Marked, one.begin, with_text(words, text))
        if marked is not None:
            text = marked.text
            begun.append((plugin, marked))
    return Filtered(text, begun) if begun else None


def sample_words(words: Words) -> Filtered | None:
    """The same for counting and previews; a filter that fails is left out."""
    text, begun = words.text, []
    for plugin, one in current_host().text_filters():
        try:
            marked = asked(plugin, Marked, one.sample, with_text(words, text))
        except FilterFailed:
            forget_broken_reading()
            continue
        if marked is not None:
            text = marked.text
            begun.append((plugin, marked))
    return Filtered(text, begun) if begun else None


def sample_text(text: str, *, track: bool) -> str:
    """*text* as written, with all that filters add: for counting."""
    found = sample_words(Words(text, track_links=track))
    return text if found is None else finish_sample(found, found.text, text)


def finish_sample(found: Filtered, filled: str, otherwise: str) -> str:
    """*filled* as it would be sent; *otherwise* where a filter fails."""
    try:
        return found.finish(filled, 0)
    except FilterFailed:
        return otherwise


def with_text(words: Words, text: str) -> Words:
    return words if text is words.text else Words(text, words.message_id, words.track_links)


def asked(
    plugin: str,
    kind: type,
    call: Callable[Given, Answer],
    *args: Given.args,
    **kwargs: Given.kwargs,
) -> Answer:
    """What a filter answers; raises FilterFailed, and logs why."""
    try:
        with running_plugin(plugin):
            answer = guarded(call, *args, **kwargs)
        if answer is None and kind is not str:
            return answer
        if not isinstance(answer, kind):
            raise TypeError(f"it answered {answer!r:.60}, not a {kind.__name__}")
    except Exception as error:
        log.exception("plugin %s failed in %s", plugin, getattr(call, "__qualname__", call))
        raise FilterFailed(plugin, error) from error
    return answer
