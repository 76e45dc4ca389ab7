"""The plugins: broken ones, and providers that cannot send."""

from __future__ import annotations

from collections.abc import Iterator

from heliograph.checkup.findings import BAD, NOTE, OK, Finding
from heliograph.errors import HeliographError
from heliograph.host import current_host
from heliograph.installation import current_settings
from heliograph.providers import default_provider, enabled_providers, provider_class

ASKED_AGAIN = "Its callbacks are answered with 503 until it is back, so that providers try again."


def look_at_plugins() -> Iterator[Finding]:
    for info in current_host().all():
        if info.fault:
            mend = "heliograph plugins list shows the traceback."
            yield Finding(BAD, f"plugin {info.name}", info.reason, mend)
    for info in current_host().missing() if current_settings().safe_mode == "0" else []:
        yield Finding(BAD, f"plugin {info.name}", info.fault, ASKED_AGAIN)
    for info in current_host().shadowed:
        yield Finding(NOTE, f"plugin {info.name}", info.fault)
    for info in enabled_providers():
        try:
            current_host().config(info.name)
        except HeliographError as error:
            yield Finding(BAD, f"provider {info.name}", *parted(error.message))
    yield look_at_sending_through()


def look_at_sending_through() -> Finding:
    """Which provider texts go through, and whether that may be an oversight."""
    try:
        name = default_provider()
    except HeliographError as error:
        level = BAD if current_host().provider_in_use() else NOTE
        return Finding(level, "provider", *parted(error.message))
    real = [info.name for info in enabled_providers() if not provider_class(info).demo]
    if real and name not in real:
        text = f"Texts go through {name}, which reaches no real phone, though {real[0]} is enabled."
        mend = f"To send through {real[0]}: heliograph plugins enable {real[0]} --default"
        return Finding(NOTE, "provider", text, mend)
    return Finding(OK, "provider", f"texts go through {name}")


def parted(message: str) -> tuple[str, str]:
    """The words of an error, and the command that mends it."""
    words, run, command = message.partition(" Run: ")
    return words, f"Run: {command}" if run else ""
