"""The guard around every call of a plugin's code: nothing it does ends the process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class PluginExit(RuntimeError):
    """A plugin's code raised what would have ended the process, `sys.exit()` for one."""

    @classmethod
    def of(cls, error: BaseException) -> PluginExit:
        words = f"{type(error).__name__}({error})" if str(error) else type(error).__name__
        return cls(f"its code raised {words}, which would end the process")


def guarded(call: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs) -> Answer:
    """Call a plugin's code; whatever it raises is an Exception.

    Ctrl-C passes: it reaches the main thread only.
    """
    try:
        return call(*args, **kwargs)
    except Exception:
        raise
    except BaseException as error:
        if is_ours(error):
            raise
        raise PluginExit.of(error) from error


def is_ours(error: BaseException) -> bool:
    """Whether a person at the terminal ends the process."""
    on_main = threading.current_thread() is threading.main_thread()
    return isinstance(error, KeyboardInterrupt) and on_main
