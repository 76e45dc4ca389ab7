"""The command: plays random campaigns, and says where manual and product disagree."""

from __future__ import annotations

import argparse
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import count
from multiprocessing import get_context

from tests.campaigns.randomly.playing import (
    SHARE,
    Tally,
    play_share,
    play_share_alone,
    player_at,
)


def read(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.randomly", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="how many campaigns to compare")
    parser.add_argument("--seed", type=int, default=1, help="of the first; the next have the next")
    parser.add_argument("--server", action="store_true", help="by a server's jobs on a database")
    parser.add_argument("--database", default="", help="URL of an empty one, for one process")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--most", type=int, default=5, help="disagreements after which it ends")
    parser.add_argument("--whole", action="store_true", help="print canvases as they were drawn")
    parser.add_argument("--left-out", action="store_true", help="say why some are not compared")
    return parser.parse_args(arguments)


def shares(options: argparse.Namespace) -> Iterator[tuple[Tally, list[str]]]:
    """Share after share, in the order of their seeds, without an end."""
    firsts = count(options.seed, SHARE)
    how = {"most": options.most, "whole": options.whole}
    if options.processes == 1:
        with player_at(options.database, on_server=options.server) as player:
            yield from (play_share(first, player, **how) for first in firsts)
    play = partial(play_share_alone, on_server=options.server, **how)
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        waiting = deque(pool.submit(play, next(firsts)) for _ in range(options.processes + 1))
        try:
            while True:
                yield waiting.popleft().result()
                waiting.append(pool.submit(play, next(firsts)))
        finally:
            pool.shutdown(cancel_futures=True)


def main(arguments: list[str] | None = None) -> int:
    options, begun = read(arguments), time.monotonic()
    agree = disagree = left_out = 0
    for tally, words in shares(options):
        agree, disagree = agree + len(tally.agree), disagree + len(tally.found)
        left_out += len(tally.left_out)
        for one in words:
            print(one)
        for seed, why in tally.left_out.items() if options.left_out else ():
            print(f"seed {seed} is left out: {why}")
        seconds = time.monotonic() - begun
        print(
            f"{agree} agree, {disagree} disagree, {left_out} left out, {seconds:.0f} s", flush=True
        )
        if agree + disagree >= options.count or disagree >= options.most:
            break
    return 1 if disagree else 0


if __name__ == "__main__":
    sys.exit(main())
