"""What the built-in parts and the enabled plugins add right now, and a guard around each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from heliograph.db import db
from heliograph.host.guard import guarded
from heliograph.host.plugins import PluginInfo, current_host

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


def offered(field: str) -> Iterator[tuple[PluginInfo, Any]]:
    """Each item of that field of Extensions, with whose it is; built-in parts first."""
    host = current_host()
    for info in (*host.built_in(), *host.enabled()):
        for item in getattr(info.contributions.extensions, field):
            yield info, item


def attempt(info: PluginInfo, what: str, call: Callable[[], Answer]) -> Answer | Exception:
    """What *call* returns, or its error: logged, and shown on the Plugins page.

    It runs in a savepoint, so that a failed statement does not end the transaction of a page.
    """
    try:
        with db.session.begin_nested():
            answer = guarded(call)
    except Exception as error:
        log.exception("plugin %s: %s failed and was left out", info.name, what)
        info.troubles[what] = f"{type(error).__name__}: {error}"
        return error
    info.troubles.pop(what, None)
    return answer
