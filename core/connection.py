"""Asking a provider's code for what pages and commands show: its check, its steps.

That code is a plugin's: it may raise, answer nonsense or never come back. Here it
becomes words.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Flask

from heliograph.channel import Check, Failure, Provider
from heliograph.db import db
from heliograph.errors import HeliographError
from heliograph.host.guard import guarded
from heliograph.installation import running_app
from heliograph.providers import open_provider

log = logging.getLogger(__name__)

CHECK_SECONDS = 30.0
LONGEST = 1000
MOST_STEPS = 20


def check_connection(name: str) -> Check:
    """Test the connection of the provider *name*, enabled or not; raises nothing of its code.

    Raises HeliographError when there is no such provider, or its config is incomplete.
    """
    provider = open_provider(name, even_disabled=True)
    db.session.rollback()  # nothing stays open across the call
    answers: list[Check] = []
    work = partial(check_in_thread, running_app(), provider, answers)
    thread = threading.Thread(target=work, name=f"heliograph-check-{name}", daemon=True)
    thread.start()
    thread.join(CHECK_SECONDS)
    if answers:
        return answers[0]
    log.warning("the check of provider %s did not come back", name, extra={"provider": name})
    label = shown_name(provider)
    return Check(ok=False, text=f"{label} gave no answer within {CHECK_SECONDS:g} seconds.")


def check_in_thread(app: Flask, provider: Provider, answers: list[Check]) -> None:
    with app.app_context():
        answers.append(asked(provider))


def asked(provider: Provider) -> Check:
    try:
        return as_check(guarded(result_of, provider.check))
    except Failure as failure:
        return Check(ok=False, text=words_of(failure.text) or "The provider refused.")
    except HeliographError as error:
        return Check(ok=False, text=error.message)
    except Exception as error:
        log.exception("provider %s failed in check", provider.name)
        return Check(ok=False, text=f"The test itself failed: {fault_of(error)}")


def result_of(method: Callable[[], Any]) -> object:
    """What *method* returns; that of an async one is waited for."""
    found = method()
    if inspect.isawaitable(found):
        return asyncio.run(awaited(found))
    return found


async def awaited(found: Any) -> object:
    return await found


def as_check(given: object) -> Check:
    """The answer with what can be shown of it."""
    if not isinstance(given, Check):
        text = f"check answered with {words_of(repr(given))}, which is no Check."
        return Check(ok=False, text=text)
    text, facts = words_of(given.text), given.facts
    known = facts.items() if isinstance(facts, Mapping) else ()
    shown = {words_of(name): words_of(value) for name, value in known}
    return Check(ok=given.ok is True, text=text or "It said nothing.", facts=shown)


def setup_steps(made_by: type[Provider], callback_url: str) -> list[str]:
    """What an admin does at the provider's own site; words when its code fails."""
    try:
        given: object = guarded(steps_of, made_by, callback_url)
    except Exception as error:
        log.exception("provider %s failed in steps", made_by.name)
        return [f"The plugin cannot tell the steps: {fault_of(error)}"]
    if isinstance(given, str):
        return [words_of(given)]
    if not isinstance(given, list | tuple):
        if given is not None:
            log.warning("steps of provider %s answered with %r", made_by.name, given)
        return []
    return [words_of(step) for step in given[:MOST_STEPS]]


def steps_of(made_by: type[Provider], callback_url: str) -> object:
    """Call `steps` on the class, or on a provider where it is a plain method."""
    kind = inspect.getattr_static(made_by, "steps")
    if isinstance(kind, classmethod | staticmethod):
        return made_by.steps(callback_url)
    try:
        provider = open_provider(made_by.name, even_disabled=True)
    except HeliographError:  # not configured yet
        provider = made_by.__new__(made_by)
    return provider.steps(callback_url)


def shown_name(provider: Provider) -> str:
    return words_of(provider.label) or provider.name


def fault_of(error: Exception) -> str:
    name, words = type(error).__name__, words_of(error)
    return f"{name}: {words}" if words else name


def words_of(given: object) -> str:
    """Any object as words of a bearable length; it may not know its own."""
    try:
        words = given if isinstance(given, str) else "" if given is None else str(given)
    except Exception:
        return f"(a {type(given).__name__} that cannot be shown)"
    return words[:LONGEST].encode("utf-8", "replace").decode().replace("\x00", "?")
