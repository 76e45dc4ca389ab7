"""Text messages: content, tokens, and what they cost in parts."""

from __future__ import annotations

from heliograph.messages.faults import NotOurs
from heliograph.messages.library import (
    Preview,
    clone_message,
    create_message,
    delete_message,
    edit_message,
    get_message,
    list_messages,
    newest_messages,
    preview,
)
from heliograph.messages.parts import MAX_CHARACTERS, Measure, Offender, measure
from heliograph.messages.scheduling import review_version, send_now, unschedule
from heliograph.messages.tokens import CompiledText, check_text, compile_text, keep_placeholders
from heliograph.messages.values import Values, values_of

__all__ = [
    "MAX_CHARACTERS",
    "CompiledText",
    "Measure",
    "NotOurs",
    "Offender",
    "Preview",
    "Values",
    "check_text",
    "clone_message",
    "compile_text",
    "create_message",
    "delete_message",
    "edit_message",
    "get_message",
    "keep_placeholders",
    "list_messages",
    "measure",
    "newest_messages",
    "preview",
    "review_version",
    "send_now",
    "unschedule",
    "values_of",
]
