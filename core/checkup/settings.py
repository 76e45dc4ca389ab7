"""The settings: rules that can be read, an address that providers reach."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from flask import current_app

from heliograph.checkup.findings import BAD, NOTE, OK, Finding
from heliograph.deliveries.rules import parse_frequency_cap, parse_quiet_hours
from heliograph.errors import BadInput, HeliographError
from heliograph.host.contributions import Callbacks
from heliograph.host.plugins import PluginInfo
from heliograph.installation import current_settings, settings_of
from heliograph.providers import enabled_providers, provider_class
from heliograph.proxies import proxy_for, tls_context
from heliograph.stored_settings import DEFAULT, ENVIRONMENT, STORED, list_settings, stored_values

NAME = "HELIOGRAPH_PUBLIC_URL"
SOURCES = {ENVIRONMENT: "set by {}", STORED: "stored", DEFAULT: "the default"}


def look_at_settings() -> Iterator[Finding]:
    found = current_settings()
    for check, value in (
        (parse_quiet_hours, found.quiet_hours),
        (parse_frequency_cap, found.frequency_cap),
    ):
        try:
            check(value)
        except HeliographError as error:
            yield Finding(BAD, "settings", error.message)
    if found.quiet_hours and found.timezone == "UTC":
        yield Finding(
            NOTE,
            "time zone",
            "Quiet hours are those of UTC for contacts without a time zone.",
            "Run: heliograph settings set timezone Europe/Paris, unless they live by UTC.",
        )
    yield from look_at_stored()
    yield from look_at_address(found.public_url)
    yield from look_at_way_out()
    if not found.secret_key:
        kept = found.folder / "secret_key"
        yield Finding(OK, "secret key", f"kept in {kept}: back it up with the database")
    if found.scheduler == "off":
        yield Finding(NOTE, "scheduler", "It is off here.", "Run heliograph worker somewhere.")


def look_at_way_out() -> Iterator[Finding]:
    """Which proxy requests to other systems take; what of it cannot be used."""
    for scheme in ("https", "http"):
        try:
            proxy = proxy_for(f"{scheme}://heliograph.invalid/")
        except BadInput as error:
            yield Finding(BAD, "proxy", f"{error.field} {error.problem}.", error.mend)
            continue
        if proxy is not None:
            text = f"{scheme} goes through {proxy.address} ({proxy.variable})"
            yield Finding(OK, "proxy", text)
    try:
        tls_context()
    except BadInput as error:
        text = f"{error.field}={error.value} {error.problem}."
        yield Finding(BAD, "certificate authorities", text, error.mend)


def look_at_stored() -> Iterator[Finding]:
    """Where each setting that can be stored comes from; what is stored and unusable."""
    stored = stored_values()
    for one in list_settings(settings_of(current_app)):
        what = str(one.key.label).lower()
        kept = stored.get(one.key.name, "")
        if one.source == DEFAULT and kept:
            text = f"The stored one, {kept!r}, is not known on this machine: {one.value} is used."
            mend = f"Run: heliograph settings set {one.key.name} {one.key.default}, or another one."
            yield Finding(BAD, what, text, mend)
        else:
            yield Finding(
                OK, what, f"{one.value or 'none'} ({SOURCES[one.source].format(one.key.variable)})"
            )


def look_at_address(address: str) -> Iterator[Finding]:
    """Whether the public URL has the shape by which each enabled provider reaches us."""
    callers = [info for info in enabled_providers() if has_callbacks(info)]
    if not address:
        text = "It is not set: providers cannot report statuses and replies, nor STOP."
        yield Finding(NOTE, "public URL", text, f"Set {NAME} to the address that people use.")
        return
    wrong = what_is_wrong(address)
    if wrong is not None:
        yield wrong
        return
    if address.startswith("http://"):
        text = f"{address} is not https: texts and replies pass in the clear."
        yield Finding(NOTE, "public URL", text, "Put a proxy with TLS before the server.")
    else:
        yield Finding(OK, "public URL", address)
    for info in callers:
        callback = f"{address.rstrip('/')}/sms/{info.name}/callback"
        if is_local(address) and not provider_class(info).demo:
            text = f"{callback} can be reached from this machine or network only."
            mend = f"Set {NAME} to an address that {info.title} reaches from the internet."
            yield Finding(NOTE, f"callbacks of {info.name}", text, mend)
        else:
            yield Finding(OK, f"callbacks of {info.name}", callback)


def has_callbacks(info: PluginInfo) -> bool:
    return any(isinstance(one, Callbacks) for one in info.contributions.blueprints)


def what_is_wrong(address: str) -> Finding | None:
    parts = urlsplit(address)
    whole = f"{parts.scheme}://{parts.netloc}{parts.path.partition('/sms/')[0].rstrip('/')}"
    if not parts.hostname:
        mend = f"Set {NAME} to something like https://sms.example.com."
        return Finding(BAD, "public URL", f"{address} names no host.", mend)
    if "/sms/" in f"{parts.path}/" or parts.query or parts.fragment:
        text = f"{address} is not the address of Heliograph itself: callbacks would not be found."
        return Finding(BAD, "public URL", text, f"Set {NAME} to {whole}.")
    return None


def is_local(address: str) -> bool:
    """Whether only this machine or its network knows the host."""
    host = urlsplit(address).hostname or ""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost"))
    return found.is_private or found.is_loopback or found.is_link_local
