"""The simulator as a provider: its network is a table."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from core.plugin import (
    Check,
    Failure,
    FailureKind,
    OutgoingText,
    Provider,
    Sent,
    db,
    transaction,
    utcnow,
)

from .config import SimulatorConfig
from .tables import SimulatorText, new_id


class Simulator(Provider):
    name, label = "simulator", "Simulator"
    demo = True
    concurrency = 20
    settles_after = 0.0

    def __init__(self, config: SimulatorConfig) -> None:
        super().__init__(config)
        self._config = config

    @property
    def sender(self) -> str:
        return self._config.sender

    @property
    def parts_per_second(self) -> float:
        return self._config.parts_per_second

    def send(self, text: OutgoingText) -> Sent:
        """Put the text on the phone; twice for one reference is once."""
        if ends(text.to, self._config.refused_ending):
            raise Failure(FailureKind.BAD_NUMBER, f"No phone has the number {text.to}.")
        with transaction() as session:
            kept = self.kept(text)
            if kept is None:
                kept = SimulatorText(
                    direction="out",
                    provider_id=new_id(),
                    reference=text.reference,
                    number=text.to,
                    sender=text.sender,
                    text=text.text,
                    status="accepted",
                    due_at=utcnow() + timedelta(seconds=self._config.delay_seconds),
                )
                session.add(kept)
                session.flush()
        return Sent(kept.provider_id, parts=text.parts)

    def find(self, text: OutgoingText) -> list[Sent]:
        kept = self.kept(text)
        return [Sent(kept.provider_id, parts=text.parts)] if kept is not None else []

    def kept(self, text: OutgoingText) -> SimulatorText | None:
        return db.session.scalars(
            select(SimulatorText).where(
                SimulatorText.reference == text.reference, SimulatorText.number == text.to
            )
        ).first()

    def check(self) -> Check:
        return Check(ok=True, text="The simulator is ready: texts go to simulated phones only.")


def ends(number: str, ending: str) -> bool:
    return bool(ending) and number.endswith(ending)
