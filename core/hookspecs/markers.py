"""The markers of pluggy, alone so that the spec files can import them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pluggy

PROJECT = "heliograph"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

IN_TRANSACTION: set[str] = set()  # names of the hooks that are called inside a transaction

ANSWERS: dict[str, type] = {}  # what a hook must answer, where another type is an error

Spec = TypeVar("Spec", bound=Callable[..., Any])


def in_transaction(spec: Spec) -> Spec:
    """Mark a hook that is called inside a transaction: each implementation gets a savepoint."""
    IN_TRANSACTION.add(spec.__name__)
    return spec


def answers(kind: type) -> Callable[[Spec], Spec]:
    """Mark a hook whose answers of another type count as failures of the plugin."""

    def mark(spec: Spec) -> Spec:
        ANSWERS[spec.__name__] = kind
        return spec

    return mark
