"""Where a thread stands right now."""

from __future__ import annotations

import sys
from pathlib import Path


def place_of(thread: int | None, folder: str) -> str:
    """`acme/__init__.py:31 in send`: the innermost line of *folder*, else of anything.

    *thread* is its `ident`.
    """
    innermost = frame = sys._current_frames().get(thread or 0)  # noqa: SLF001  its only way
    if innermost is None:
        return "an unknown place"
    while frame is not None:
        if folder and frame.f_code.co_filename.startswith(folder):
            innermost = frame
            break
        frame = frame.f_back
    path = Path(innermost.f_code.co_filename)
    return f"{path.parent.name}/{path.name}:{innermost.f_lineno} in {innermost.f_code.co_name}"
