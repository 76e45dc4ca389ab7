"""Environment variables in the headers of webhooks: only those that an admin has allowed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from flask import current_app

from heliograph.errors import HeliographError
from heliograph.host.state import states
from heliograph.installation import current_settings, settings_of
from heliograph.sentences import Sentence

ENV = "$env:"
LEAST_SECRET = 8  # characters; a shorter password may be part of anything
NOT_ALLOWED = Sentence(
    "$env:%(name)s is not allowed in webhooks. An admin can allow it under Settings."
)
NOT_SET = Sentence("$env:%(name)s is not set in the server's environment.")
OUR_SECRET = Sentence("$env:%(name)s holds a secret of Heliograph itself, which no webhook gets.")


class NotAllowed(HeliographError):
    """This variable is not for webhooks."""


def header_value(value: str) -> str:
    """What is sent for the *value* of a header; raises NotAllowed."""
    if not value.startswith(ENV):
        return value
    name = value.removeprefix(ENV).strip()
    refuse_variable(name)
    return os.environ[name]


def refuse_variable(name: str) -> None:
    """Raise NotAllowed, unless an admin has allowed it, it is set, and is no secret of ours.

    Asked again at each call: what is allowed, and what it holds, may have changed since.
    """
    allowed = {one.strip() for one in current_settings().webhook_env.split(",")}
    if not name or name not in allowed:
        raise NotAllowed(NOT_ALLOWED.filled(name=name))
    held = os.environ.get(name, "")
    if not held:
        raise NotAllowed(NOT_SET.filled(name=name))
    if name in variables_of_plugins() or any(secret in held for secret in own_secrets()):
        raise NotAllowed(OUR_SECRET.filled(name=name))


def own_secrets() -> Iterator[str]:
    """Keys, passwords and tokens that this installation runs with."""
    settings = settings_of(current_app)
    found = [*settings.keys(), settings.metrics_token, settings.database_url]
    with suppress(ValueError):
        found.append(unquote(urlsplit(settings.database_url).password or ""))
    yield from (secret for secret in found if len(secret) >= LEAST_SECRET)


def variables_of_plugins() -> set[str]:
    """Names of the variables that configs of plugins are read from, such as a provider's token."""
    values = [value for state in states().values() for value in state.config.values()]
    return {str(value["env"]) for value in values if isinstance(value, dict) and "env" in value}
