"""What the races came to, and whether the promise was kept."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

PROMISED = 1.0  # seconds after the commit of a STOP until no call begins any more
BOUNDS = (0.1, 0.25, 0.5, 0.75, PROMISED)


@dataclass
class Verdict:
    """Counts over any number of races.

    A STOP whose text had gone already is no race. `late` has for each call that began
    after the commit by how many seconds; `unclaimed` are texts that were claimed after
    the commit all the same; `unsettled` were neither sent nor skipped in time; `wrong`
    are contacts without a STOP who did not get exactly one text.
    """

    gone: int = 0
    waiting: int = 0  # STOPs whose text nobody had claimed yet
    claimed: int = 0  # STOPs whose text was claimed
    late: list[float] = field(default_factory=list)
    unclaimed: int = 0
    unsettled: int = 0
    wrong: int = 0

    @property
    def races(self) -> int:
        return self.waiting + self.claimed

    @property
    def worst(self) -> float:
        return max(self.late, default=0.0)

    @property
    def kept(self) -> bool:
        broken = self.unclaimed or self.unsettled or self.wrong
        return self.worst <= PROMISED and not broken

    def add(self, other: Verdict) -> None:
        self.gone += other.gone
        self.waiting += other.waiting
        self.claimed += other.claimed
        self.late += other.late
        self.unclaimed += other.unclaimed
        self.unsettled += other.unsettled
        self.wrong += other.wrong

    def lines(self) -> list[str]:
        buckets = [0] * (len(BOUNDS) + 1)
        for seconds in self.late:
            buckets[bisect_left(BOUNDS, seconds)] += 1
        names = [f"up to {bound:g} s" for bound in BOUNDS] + [f"more than {PROMISED:g} s"]
        return [
            f"{self.races} races ({self.claimed} texts claimed, {self.waiting} not yet), "
            f"{self.gone} texts had gone before their STOP",
            f"{len(self.late)} calls began after the commit, the latest {self.worst:.2f} s:",
            *(f"  {count:6} {name}" for name, count in zip(names, buckets, strict=True)),
            f"{self.unclaimed} texts were claimed after the commit",
            f"{self.unsettled} texts were neither sent nor skipped",
            f"{self.wrong} others did not get exactly one text",
        ]
