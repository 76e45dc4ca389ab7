"""Writers take turns in the order in which they came; nobody is passed over."""

from __future__ import annotations

import threading
import time

from heliograph.turns import Turns


def test_the_turn_goes_to_whoever_has_waited_longest() -> None:
    turns, order = Turns(), []
    threads = []

    def work(number: int) -> None:
        with turns.turn(30) as mine:
            assert mine
            order.append(number)

    with turns.turn(1):
        for number in range(5):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            while len(turns._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_who_waits_in_vain_goes_on_without_and_holds_nobody_up() -> None:
    turns = Turns()
    with turns.turn(1):
        with turns.turn(0.01) as mine:
            assert not mine
        assert not turns._waiting
    with turns.turn(0.01) as mine:
        assert mine


def test_the_turn_is_passed_on_after_an_error() -> None:
    turns = Turns()
    try:
        with turns.turn(1):
            raise ValueError
    except ValueError:
        pass
    with turns.turn(0.01) as mine:
        assert mine
