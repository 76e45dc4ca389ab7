"""A canvas is read with care: what is no canvas is refused, and says why."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.campaigns.canvas import MAX_EVENTS, read_canvas
from heliograph.errors import BadInput
from tests.campaigns.drawing import event, tag


def test_what_the_builder_sends_comes_back_the_same() -> None:
    sent = {
        "sources": [3, 4],
        "source_at": {"x": 10.5, "y": -3},
        "events": [
            {
                "key": "e1",
                "kind": "action",
                "type": "twilio.send_text",
                "name": "Welcome",
                "config": {"message_id": 4},
                "parent": None,
                "path": "",
                "timing": {
                    "mode": "interval",
                    "amount": 3,
                    "unit": "days",
                    "date": None,
                    "hour": "10:00",
                    "begin": None,
                    "end": None,
                    "weekdays": [0, 1],
                },
                "x": 1,
                "y": 2,
            }
        ],
    }
    assert read_canvas(sent).stored() == sent


def test_an_empty_canvas_is_one() -> None:
    assert read_canvas({}).events == []


@pytest.mark.parametrize(
    ("canvas", "words"),
    [
        ([], "is no canvas"),
        ({"events": {}}, "events"),
        ({"other": 1}, "other"),
        ({"sources": ["x"]}, "sources"),
        ({"sources": [0]}, "no id of a segment"),
        ({"sources": [2**70]}, "no id of a segment"),
        ({"events": [{"kind": "action", "type": "x"}]}, "event number 1: key"),
        ({"events": [tag("a") | {"kind": "wish"}]}, "event 'a': kind"),
        ({"events": [tag("a") | {"name": "Hello", "parent": ["b", "c"]}]}, "'Hello'.*two parents"),
        ({"events": [tag("a") | {"timing": {"mode": "later"}}]}, "event 'a': timing.mode"),
        ({"events": [tag("a") | {"timing": {"amount": 10**9}}]}, "event 'a': timing.amount"),
        ({"events": [tag("a") | {"config": [1]}]}, "event 'a': config"),
        ({"events": [tag("a b")]}, "event 'a b': key"),
        ({"events": [tag("a") | {"x": float("nan")}]}, "no JSON"),
        ({"events": [tag("a") | {"name": "nul \x00"}]}, "broken character"),
        ({"events": [tag("a") | {"name": "half \ud83d"}]}, "broken character"),
        ({"events": [tag("a") | {"name": "the other \udc00"}]}, "broken character"),
        ({"events": [tag("a") | {"name": "late \udb7f"}]}, "broken character"),
        ({"events": [tag(f"e{n}") for n in range(MAX_EVENTS + 1)]}, "events"),
        ({"events": [event("a", "x", config={"text": "y" * 1_100_000})]}, "too large"),
    ],
)
def test_what_is_no_canvas_is_refused_with_the_event_and_the_mend(canvas: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_canvas(canvas)


def test_a_whole_sign_outside_of_the_basic_plane_is_fine() -> None:
    assert read_canvas({"events": [tag("a") | {"name": "👍"}]}).events[0].name == "👍"
