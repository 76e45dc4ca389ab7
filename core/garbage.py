"""Python's search for garbage in cycles, spared where there is none to be found."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Not to be looked for meanwhile, as what is made now is kept, or has no cycles."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def loading() -> Iterator[None]:
    """What is made now stays as long as the process, and is never looked through."""
    with uncollected():
        yield
        gc.freeze()


def collect_less_often() -> None:
    """Spare the garbage collector's looking for cycles: a fifth of the time of sending.

    What is loaded by now stays, so it need not be looked through; and a batch of texts
    makes thousands of objects that live only until it is recorded.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
