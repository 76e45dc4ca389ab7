"""What filters of segments can ask about contacts, as it is handed over by hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heliograph.segments.conditions import Operator


@dataclass(frozen=True, slots=True)
class SegmentSubject:
    """Something that a condition can be about, such as the replies of a contact.

    `key` is what stored filters call it: `<plugin>.<name>`. `operators` gives the operators by
    name. `inputs` says, by operator, what the filter builder shows for its value: none, one,
    text, list, many, number, numbers, yesno, day, days or span; an operator without an input is
    not offered there. `words` are names of operators for people, where they are the plugin's own.
    `options` gives the values to choose from, each with its label.
    """

    key: str
    label: str
    operators: Callable[[], Mapping[str, Operator]]
    inputs: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    options: Callable[[], Sequence[tuple[str, str]]] | None = None
