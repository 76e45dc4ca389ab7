"""The simulator as a provider: its network is a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import insert, select

from heliograph.plugin import (
    Check,
    Failure,
    FailureKind,
    GroupCommit,
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
    concurrency = 64
    settles_after = 0.0

    def __init__(self, config: SimulatorConfig) -> None:
        super().__init__(config)
        self._config = config
        self._phones = GroupCommit(self._put)

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
        return Sent(self._phones.submit(text), parts=text.parts)

    def _put(self, texts: Sequence[OutgoingText]) -> list[str]:
        """Put texts on their phones in one transaction; gives the id of each."""
        due_at = utcnow() + timedelta(seconds=self._config.delay_seconds)
        with transaction() as session:
            known = self.kept(texts)
            new = [text for text in texts if key(text) not in known]
            rows = [
                {
                    "direction": "out",
                    "provider_id": known.setdefault(key(text), new_id()),
                    "reference": text.reference,
                    "number": text.to,
                    "sender": text.sender,
                    "text": text.text,
                    "status": "accepted",
                    "due_at": due_at,
                    "created_at": utcnow(),
                }
                for text in new
            ]
            if rows:
                session.execute(insert(SimulatorText), rows)
        return [known[key(text)] for text in texts]

    def find(self, text: OutgoingText) -> list[Sent]:
        ids = list(self.kept([text]).values())
        held = select(SimulatorText.provider_id, SimulatorText.number, SimulatorText.created_at)
        rows = db.session.execute(held.where(SimulatorText.provider_id.in_(ids)))
        return [
            Sent(row.provider_id, parts=text.parts, number=row.number, created_at=row.created_at)
            for row in rows
        ]

    def kept(self, texts: Sequence[OutgoingText]) -> dict[tuple[str, str], str]:
        """Ids of those that are on their phones already."""
        wanted = [text.reference for text in texts]
        held = db.session.execute(
            select(SimulatorText.reference, SimulatorText.number, SimulatorText.provider_id).where(
                SimulatorText.reference.in_(wanted), SimulatorText.direction == "out"
            )
        )
        keys = {key(text) for text in texts}
        found = {(row.reference, row.number): row.provider_id for row in held}
        return {one: provider_id for one, provider_id in found.items() if one in keys}

    def check(self) -> Check:
        return Check(ok=True, text="The simulator is ready: texts go to simulated phones only.")


def ends(number: str, ending: str) -> bool:
    return bool(ending) and number.endswith(ending)


def key(text: OutgoingText) -> tuple[str, str]:
    return text.reference, text.to
