"""Playing many random campaigns, one seed after the other."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from tests.campaigns.randomly.comparing import Disagreement, Player, compared, smaller
from tests.campaigns.randomly.contact import Unclear
from tests.campaigns.randomly.drawing import drawn
from tests.campaigns.randomly.house import House, Refused
from tests.campaigns.randomly.served import served
from tests.campaigns.randomly.simulated import simulated

SHARE = 20  # campaigns of one task
TOLD = frozenset({"step", "text", "staff"})


@dataclass
class Tally:
    """Seeds by what came of them; `left_out` says why a campaign is not compared.

    That is where its canvas cannot be published, or where two things happen at one
    moment of which the manual does not say which comes first.
    """

    agree: list[int] = field(default_factory=list)
    left_out: dict[int, str] = field(default_factory=dict)
    found: list[Disagreement] = field(default_factory=list)

    @property
    def compared(self) -> int:
        return len(self.agree) + len(self.found)


def simulator(house: House) -> Player:
    """The simulation, on a clock of its own."""
    return Player(partial(simulated, house), TOLD | {"joined", "ended"}, on_server=False)


def server(house: House) -> Player:
    """The jobs of a server, on the database of *house*."""
    return Player(partial(served, house), TOLD | {"stands"}, on_server=True)


def play_many(player: Player, seeds: Iterable[int], *, most: int) -> Tally:
    """Compare the campaign of each seed; end after *most* disagreements."""
    tally = Tally()
    for seed in seeds:
        try:
            found = compared(drawn(seed, on_server=player.on_server), player)
        except (Unclear, Refused) as reason:
            tally.left_out[seed] = str(reason)
            continue
        tally.found += found[:1]
        if not found:
            tally.agree.append(seed)
        if len(tally.found) == most:
            break
    return tally


@contextmanager
def player_at(database: str, *, on_server: bool) -> Iterator[Player]:
    """A player in a house of its own, whose database is at the URL, or SQLite."""
    logging.getLogger().setLevel(logging.ERROR)
    settings = {"database_url": database} if database else {}
    with House.built(**settings) as house:
        yield server(house) if on_server else simulator(house)


def play_share(first: int, player: Player, *, most: int, whole: bool) -> tuple[Tally, list[str]]:
    """The campaigns of SHARE seeds, and words on those that disagree: made small or whole."""
    tally = play_many(player, range(first, first + SHARE), most=most)
    shown = tally.found if whole else [smaller(one, player) for one in tally.found]
    return tally, [str(one) for one in shown]


def play_share_alone(
    first: int, *, on_server: bool, most: int, whole: bool
) -> tuple[Tally, list[str]]:
    """The same in a process of its own."""
    with player_at("", on_server=on_server) as player:
        return play_share(first, player, most=most, whole=whole)
