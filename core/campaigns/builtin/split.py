"""The random split: the same contact takes the same path, whenever it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from pydantic import Field, model_validator

from heliograph.events import Batch, Condition, EventConfig, Path

PATHS = ("a", "b", "c", "d", "e")


def weight(path: str, default: int) -> int:
    found: int = Field(
        default=default,
        title=f"Share of {path.upper()}",
        description="How many of all shares together; 0 closes the path",
        ge=0,
        le=1000,
    )
    return found


class Split(EventConfig):
    weight_a: int = weight("a", 50)
    weight_b: int = weight("b", 50)
    weight_c: int = weight("c", 0)
    weight_d: int = weight("d", 0)
    weight_e: int = weight("e", 0)

    @property
    def weights(self) -> tuple[int, ...]:
        return self.weight_a, self.weight_b, self.weight_c, self.weight_d, self.weight_e

    @model_validator(mode="after")
    def has_two(self) -> Split:
        if sum(1 for share in self.weights if share) < 2:
            raise ValueError("two paths at least must have a share")
        return self


def drawn(weights: Sequence[int], contact_id: int, event_id: int, rotation: int) -> str:
    """The path of a contact, by lot: each as often as its weight says."""
    seed = f"{event_id} {contact_id} {rotation}".encode()
    lot = int.from_bytes(blake2b(seed, digest_size=8).digest()) % sum(weights)
    for path, share in zip(PATHS, weights, strict=True):
        if lot < share:
            return path
        lot -= share
    raise AssertionError("the lot is above all shares")


def split(batch: Batch) -> dict[int, str]:
    weights = batch.config.weights
    return {
        place.contact_id: drawn(weights, place.contact_id, batch.event_id, place.rotation)
        for place in batch.places
    }


SPLIT = Condition(
    key="core.split",
    label="Random split",
    config_model=Split,
    choose=split,
    help="Sends contacts along its paths by lot, as their shares say.",
    icon="shuffle",
    group="Campaign",
    paths=tuple(Path(path, path.upper(), only_with=f"weight_{path}") for path in PATHS),
)
