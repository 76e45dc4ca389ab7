"""What the simulated network reports, by the signed callbacks of a real one."""

from __future__ import annotations

import hashlib
import hmac
from typing import cast

from sqlalchemy import select

from core.plugin import HeliographError, db, plugin_config, post_callback, transaction, utcnow

from .config import SimulatorConfig
from .provider import ends
from .tables import SimulatorText, new_id, signing_key

BATCH = 200
HEADER = "X-Simulator-Signature"


def sign(key: str, path: str, form: dict[str, str]) -> str:
    """HMAC-SHA256 over the path and the sorted fields."""
    text = path + "".join(f"\n{name}={form[name]}" for name in sorted(form))
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def call(path: str, form: dict[str, str]) -> int:
    """Post a signed callback; returns its HTTP status."""
    key = signing_key()
    db.session.rollback()
    return post_callback(path, form, {HEADER: sign(key, path, form)})


def post_reports() -> str | None:
    """Job: report each text whose time has come; what fails stays for the next tick."""
    config = cast("SimulatorConfig", plugin_config("simulator"))
    due = db.session.scalars(
        select(SimulatorText)
        .where(SimulatorText.due_at <= utcnow())
        .order_by(SimulatorText.due_at)
        .limit(BATCH)
    ).all()
    reports = [(item.id, item.provider_id, item.reference, item.number) for item in due]
    done: dict[int, str] = {}
    for text_id, provider_id, reference, number in reports:
        status = "undelivered" if ends(number, config.unreachable_ending) else "delivered"
        form = {"id": provider_id, "status": status, "delivery": reference}
        if call("/status", form) < 400:
            done[text_id] = status
    with transaction() as session:
        for text_id, status in done.items():
            item = session.get_one(SimulatorText, text_id)
            item.status, item.due_at = status, None
    return f"reported {len(done)}" if done else None


def answer(number: str, text: str) -> None:
    """A phone answers; raises HeliographError when the callback was refused."""
    provider_id = new_id()
    config = cast("SimulatorConfig", plugin_config("simulator"))
    form = {"id": provider_id, "from": number, "to": config.sender, "text": text}
    status = call("/callback", form)
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
