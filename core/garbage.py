"""Python's search for garbage in cycles, spared where there is none to be found."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """What is made now stays as long as the process: a sixth of the start of a command."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def collect_less_often() -> None:
    """Spare looking for cycles: a tenth of the work of sending, a twentieth of a callback's.

    What is loaded by now stays, so it need not be looked through; and a batch of texts
    makes thousands of objects that live only until it is recorded.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
