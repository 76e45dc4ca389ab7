"""What the simulated network reports, by the signed callbacks of a real one."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import cast

from sqlalchemy import select, update

from heliograph.plugin import (
    HeliographError,
    db,
    plugin_config,
    post_callbacks,
    transaction,
    utcnow,
)

from .config import SimulatorConfig
from .provider import ends
from .tables import SimulatorText, new_id, signing_key

BATCH = 500
HEADER = "X-Simulator-Signature"


def sign(key: str, path: str, form: dict[str, str]) -> str:
    """HMAC-SHA256 over the path and the sorted fields."""
    text = path + "".join(f"\n{name}={form[name]}" for name in sorted(form))
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def call(path: str, forms: Sequence[dict[str, str]]) -> list[int]:
    """Post signed callbacks; returns their HTTP statuses."""
    key = signing_key()
    return post_callbacks(path, forms, [{HEADER: sign(key, path, form)} for form in forms])


def is_any_due() -> bool:
    """Whether a text is to be reported by now."""
    due = select(SimulatorText.id).where(SimulatorText.due_at <= utcnow())
    return db.session.execute(due.limit(1)).first() is not None


def post_reports() -> str | None:
    """Job: report each text whose time has come; what fails stays for the next tick."""
    config = cast("SimulatorConfig", plugin_config("simulator"))
    due = db.session.execute(
        select(
            SimulatorText.id,
            SimulatorText.provider_id,
            SimulatorText.reference,
            SimulatorText.number,
        )
        .where(SimulatorText.due_at <= utcnow())
        .order_by(SimulatorText.due_at)
        .limit(BATCH)
    ).all()
    words = [
        "undelivered" if ends(item.number, config.unreachable_ending) else "delivered"
        for item in due
    ]
    forms = [
        {"id": item.provider_id, "status": word, "delivery": item.reference}
        for item, word in zip(due, words, strict=True)
    ]
    done: dict[str, list[int]] = {}
    for item, word, answered in zip(due, words, call("/status", forms), strict=True):
        if answered < 400:
            done.setdefault(word, []).append(item.id)
    with transaction() as session:
        for word, ids in done.items():
            told = update(SimulatorText).where(SimulatorText.id.in_(ids))
            session.execute(told.values(status=word, due_at=None))
    count = sum(map(len, done.values()))
    return f"reported {count}" if count else None


def answer(number: str, text: str) -> None:
    """A phone answers; raises HeliographError when the callback was refused."""
    provider_id = new_id()
    config = cast("SimulatorConfig", plugin_config("simulator"))
    form = {"id": provider_id, "from": number, "to": config.sender, "text": text}
    [status] = call("/callback", [form])
    if status >= 400:
        raise HeliographError(f"The callback was answered with {status}; see the log.")
    with transaction() as session:
        session.add(
            SimulatorText(
                direction="in",
                provider_id=provider_id,
                number=number,
                sender=config.sender,
                text=text,
                status="received",
            )
        )
