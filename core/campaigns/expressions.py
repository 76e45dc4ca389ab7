"""Regular expressions in decisions: compared in time, and never inside a transaction.

What a transaction asks of an expression and is not known yet ends it; the answers are found
then, and it is begun again with them. So nobody waits for a lock because of an expression.
"""

from __future__ import annotations

import logging
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import NamedTuple, TypeVar

import regex
from flask import has_app_context

from heliograph.campaigns.matcher import MATCHER, Verdict
from heliograph.campaigns.slow import note_slow
from heliograph.db import db, is_writing

log = logging.getLogger(__name__)

LONGEST = 2000  # characters of a reply that are looked at
MOST_KNOWN = 20_000  # answers that one transaction may need
# what makes bad expressions slow: long, almost matching
NASTY = ("a" * 200, "1" * 200, " " * 200, "ab" * 100, "a1 " * 70, "YES " * 50)
ENDS = ("", "!", "\n", "é")
OWN = 4  # words and letters of the expression itself that are tried so, too
TOO_SLOW = "may take too long: avoid a repeat inside a repeat, as (a+)+"

Result = TypeVar("Result")


class Question(NamedTuple):
    """Whether *pattern* is found in *text*; without a text, whether it is sound."""

    pattern: str
    text: str | None


class Unanswered(Exception):
    """The transaction asked what is not known yet."""


class Answers:
    """What is known in one run of a transaction, and what it asked beside."""

    def __init__(self) -> None:
        self.known: dict[Question, Verdict] = {}
        self.asked: set[Question] = set()

    def of(self, question: Question) -> Verdict:
        """The answer; False for the time being where there is none yet."""
        if question not in self.known:
            self.asked.add(question)
            return "" if question.text is None else False
        return self.known[question]

    def refuse_open(self) -> None:
        """Raise Unanswered where something was asked that is not known: nothing is to be kept."""
        if self.asked:
            raise Unanswered

    def find(self) -> None:
        """Answer what was asked. Outside of transactions."""
        self.known |= evaluated(self.asked)
        self.asked.clear()


ANSWERS: ContextVar[Answers | None] = ContextVar("heliograph_answers", default=None)


def regex_matches(pattern: str, text: str) -> bool:
    """Whether *pattern* is found in *text*; one whose time is over is not."""
    return verdict(Question(pattern, plain_text(text))) is True


def why_not_sound(pattern: str) -> str:
    """Why the expression cannot be used: it is none, or may take too long; "" when it can."""
    return str(verdict(Question(pattern, None)) or "")


def verdict(question: Question) -> Verdict:
    answers = ANSWERS.get()
    return evaluated([question])[question] if answers is None else answers.of(question)


def answered(work: Callable[[Answers], Result]) -> Result:
    """Run *work* until it asks nothing that is not known.

    It calls `refuse_open` at the end of its transaction, so that what was decided without
    an answer is undone. Inside another transaction, that one's answers are asked for.
    """
    if is_writing() or ANSWERS.get() is not None:
        return work(ANSWERS.get() or Known())
    with answering() as answers:
        while True:
            try:
                return work(answers)
            except Unanswered:
                db.session.rollback()
                answers.find()


@contextmanager
def answering() -> Iterator[Answers]:
    answers = Answers()
    token = ANSWERS.set(answers)
    try:
        yield answers
    finally:
        ANSWERS.reset(token)


class Known(Answers):
    """For a transaction that cannot be begun again here: it is answered at once."""

    def refuse_open(self) -> None:
        return


def evaluated(questions: Collection[Question]) -> dict[Question, Verdict]:
    """The answers, expression by expression, so that a slow one costs the others little."""
    by_pattern: dict[str, list[str]] = defaultdict(list)
    found: dict[Question, Verdict] = {}
    for pattern, text in questions:
        if text is None:
            found[Question(pattern, None)] = soundness(pattern)
        else:
            by_pattern[pattern].append(text)
    late: list[str] = []
    for pattern, texts in by_pattern.items():
        verdicts = MATCHER.verdicts(plain_pattern(pattern), texts)
        found |= {Question(pattern, text): one for text, one in zip(texts, verdicts, strict=True)}
        late += [pattern for one in verdicts if one is None]
    if late and has_app_context() and not is_writing():
        log.warning("expressions ran out of time: %s", sorted(set(late)))
        note_slow(late)
    return found


@lru_cache(maxsize=512)
def soundness(pattern: str) -> str:
    """Tried once per process: an expression is as good the next time."""
    plain = plain_pattern(pattern)
    for verdict in MATCHER.verdicts(plain, nasty_texts(plain)):
        if isinstance(verdict, str):
            return f"is no regular expression: {verdict}"
        if verdict is None:
            return TOO_SLOW
    return ""


def nasty_texts(pattern: str) -> list[str]:
    """Long texts that almost match, of usual letters and of the expression's own words."""
    words = sorted(set(literals_of(pattern)), key=len)[:OWN]
    letters = list(dict.fromkeys("".join(literals_of(pattern))))[:OWN]
    own = [one * (1000 // len(one)) for one in (*letters, *words)]
    own += [f"{one} " * 50 for one in words]
    return ["", *(text + end for text in NASTY for end in ENDS), *own]


def literals_of(pattern: str) -> list[str]:
    """The words that a regular expression names.

    >>> literals_of(r"^(stop|no more)\\b")
    ['stop', 'no more']
    """
    found: list[str] = regex.findall(r"\w+(?: \w+)*", regex.sub(r"\\.", "|", pattern))
    return found


def plain_text(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:LONGEST])


def plain_pattern(pattern: str) -> str:
    return unicodedata.normalize("NFKC", pattern)
