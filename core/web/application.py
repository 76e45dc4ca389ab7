"""The Flask application: its hooks are for pages, callbacks have only those of their blueprint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response
from flask.typing import ResponseReturnValue

from heliograph.host.guard import guarded
from heliograph.web.access import is_callback
from heliograph.web.metrics import count_callback
from heliograph.web.mount import gate
from heliograph.web.rules import IdConverter

Before = TypeVar("Before", bound=Callable[..., Any])
After = TypeVar("After", bound=Callable[..., Any])


class Application(Flask):
    """Hooks that are registered here, by us or by an extension, run for pages only.

    Callbacks come by the thousand and from no browser: sessions, tokens, sign-in, headers
    and the audit trail are nothing to them, and took a sixth of their time.
    """

    def __init__(self, name: str) -> None:
        self._before_pages: list[Callable[..., Any]] = []
        self._after_pages: list[Callable[..., Any]] = []
        super().__init__(name)
        self.url_map.converters["int"] = IdConverter

    def before_request(self, f: Before) -> Before:
        self._before_pages.append(f)
        return f

    def after_request(self, f: After) -> After:
        self._after_pages.insert(0, f)
        return f

    def preprocess_request(self) -> ResponseReturnValue | None:
        if is_callback():
            refusal = gate()
            if refusal is not None:
                return refusal
        else:
            for hook in self._before_pages:
                answer: ResponseReturnValue | None = hook()
                if answer is not None:
                    return answer
        return guarded(super().preprocess_request)

    def dispatch_request(self) -> ResponseReturnValue:
        """The view; one of a plugin that calls `sys.exit()` is an error as any other."""
        return guarded(super().dispatch_request)

    def process_response(self, response: Response) -> Response:
        if is_callback():
            count_callback(response)
        else:
            for hook in self._after_pages:
                response = hook(response)
        return guarded(super().process_response, response)
