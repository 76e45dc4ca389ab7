"""Which whole messages opt out, and which near misses do not; the data behind it."""

from __future__ import annotations

import json
from configparser import ConfigParser
from fnmatch import fnmatch
from pathlib import Path

import pytest

from heliograph.channel import Opt
from heliograph.replies.keywords import ASSENT, FILE, HELP, IN, OUT, fold
from heliograph.replies.optout import meaning

ROOT = Path(__file__).parents[2]
DATA = json.loads(FILE.read_text(encoding="utf-8"))
GROUPS = [(group["kind"], word) for group in DATA["words"] for word in group["words"]]
MEANS = {OUT: Opt.OUT, IN: Opt.IN, ASSENT: Opt.IN, HELP: Opt.HELP}


@pytest.mark.parametrize(
    "text",
    [
        *("ARRET", "ARRÊT", "arrêt", "STOPP", "BAJA", "ABMELDEN", "PARAR", "Stoppen", "Désabonner"),
        *("OPT-OUT", "opt out", "Opt-Out.", "stop all", "STOP ALL", "stop stop", "remove me"),
        *("STOP merci", "stop please", "please stop", "Stop. Thank you", "Please stop, thank you!"),
        *("STOP s'il vous plaît", "Hola, BAJA por favor", "Bitte abmelden", "yes, stop"),
        *("Stop, thanks - Ada", "STOP – Ada Lovelace", "STOP\n-- \nAda", "STOP\n--\nAda\nACME Ltd"),
        *("STOP\nSent from my iPhone", "STOP\r\nAda", "Hello\nSTOP", "Bonjour\nSTOP\nMerci"),
        *("STOP\ndo not write to me", "Cancel\n\nEnvoyé de mon iPhone"),
        *("ＳＴＯＰ", "🛑 stop 🛑", "«stop»", "STOPPP", "S.T.O.P"),
        *("s t o p", "ST\u200bOP", "\u202bהסר\u202c", "إيقاف", "ايقاف", "退订", "ストップ"),
        *("수신거부", "ΣΤΟΠ", "СТОП", "Rezygnuje", "REZYGNUJĘ", "𝐒𝐓𝐎𝐏", "Ⓢⓣⓞⓟ"),
    ],
)
def test_it_opts_out(text: str) -> None:
    assert meaning(text, opted_out=False) is Opt.OUT


@pytest.mark.parametrize(
    "text",
    [
        *("stop by at 5", "Stop by at 5!", "don't stop", "can you stop the noise", "stop 5"),
        *("cancel my order 5", "Cancel\nmy order 5", "baja calidad", "Arrêtez de m'écrire svp"),
        *("I quit my job", "stop it or not", "end of story - Ada", "stop - by at 5", "the stop"),
        *("NO", "FINE", "ENDE", "PARE", "SALIR", "CANCELAR", "unstoppable", "stopwatch", "weekend"),
        *("please", "merci", "thank you", "thanks - Ada", "Liked “Reply STOP to opt out”", "toppp"),
        *("please stop, all of you", "stop now please all thanks", "🛑", "--", "-- \nStop the war"),
        *("2 stop", "not end", "Hi Ann, see you at the bus stop"),
    ],
)
def test_a_near_miss_does_not(text: str) -> None:
    assert meaning(text, opted_out=False) is None
    assert meaning(text, opted_out=True) is None


@pytest.mark.parametrize(
    ("text", "means"),
    [
        *(("Start please", Opt.IN), ("ＳＴＡＲＴ", Opt.IN), ("start - Ada", Opt.IN)),
        *(("Yes", Opt.IN), ("Help, please", Opt.HELP), ("INFO!", Opt.HELP)),
        *(("start stop", Opt.OUT), ("stop help", Opt.OUT), ("start help", None)),
        *(("START\nSent from my iPhone", None), ("help\nme move", None)),
    ],
)
def test_start_and_help_are_folded_the_same_way_and_stop_wins(text: str, means: Opt | None) -> None:
    assert meaning(text, opted_out=True) is means


@pytest.mark.parametrize(("kind", "word"), GROUPS, ids=[word for _, word in GROUPS])
def test_each_word_means_what_its_file_says(kind: str, word: str) -> None:
    assert meaning(word, opted_out=True) is MEANS[kind]
    assert meaning(word.upper() + " !", opted_out=True) is MEANS[kind]


def test_each_word_names_a_source_and_stands_there_once() -> None:
    for group in DATA["words"]:
        assert set(group["words"].values()) <= set(DATA["sources"]), group
    folded = [fold(word) for _, word in GROUPS]
    assert len(folded) == len(set(folded))
    assert {fold(word) for word in DATA["clear"]} <= set(folded)
    fillers = {fold(word) for words in DATA["fillers"].values() for word in words}
    assert not fillers & set(folded)


def test_a_long_text_is_read_in_no_time() -> None:
    assert meaning("stop please " * 100_000, opted_out=False) is None
    assert meaning(" - A" * 100_000, opted_out=False) is None


def test_an_installed_heliograph_has_the_file_too() -> None:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    shipped = config["options.package_data"]["*"].replace(",", " ").split()
    assert any(fnmatch(FILE.name, pattern) for pattern in shipped)
    assert FILE.is_relative_to(ROOT / "core")


@pytest.mark.parametrize(("text", "opt"), [("YES", Opt.IN), ("yes!", Opt.IN), ("yes please", None)])
def test_only_a_plain_yes_opts_in_again(text: str, opt: Opt | None) -> None:
    assert meaning(text, opted_out=True) is opt
    assert meaning(text, opted_out=False) is None
