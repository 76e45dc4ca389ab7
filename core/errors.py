"""One root for every error that a person may read.

The class docstring is the default message, so that no error is ever silent.
The edges (web, api, cli) turn these into HTML, JSON or a line on stderr.
"""

from __future__ import annotations


class HeliographError(Exception):
    """Something went wrong in Heliograph."""

    status = 500

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())

    @property
    def message(self) -> str:
        return str(self.args[0])


class BadInput(HeliographError):
    """What was entered cannot be taken.

    Names the *field*, the *value* and the *mend*; all three are shown. *code* is for those
    who count or translate the problem.
    """

    status = 400

    def __init__(
        self, field: str, problem: str, *, value: object = None, mend: str = "", code: str = ""
    ) -> None:
        self.field, self.problem, self.value, self.mend = field, problem, value, mend
        self.code = code
        shown = "" if value is None else f" {str(value)[:80]!r}"
        hint = f" {mend}" if mend else ""
        super().__init__(f"{field}:{shown} {problem}.{hint}")


def plain_words(error: BadInput) -> str:
    """A refusal without the place in a form, and without what to type into a terminal."""
    shown = "" if error.value is None else f"{str(error.value)[:80]!r} "
    where = "" if any(mark in error.field for mark in ".[") else f"{error.field}: "
    mend = error.mend.partition("Run: ")[0].strip()
    return f"{where}{shown}{error.problem}. {mend}".strip()


class NotFound(HeliographError):
    """There is no such thing here."""

    status = 404


class Conflict(HeliographError):
    """The state of things does not allow this now."""

    status = 409


class Changed(Conflict):
    """Somebody changed this meanwhile. Look at both, then save again."""


class Forbidden(HeliographError):
    """This is not allowed."""

    status = 403


class Overloaded(HeliographError):
    """There is too much to do here just now. Try again in a moment."""

    status = 503


class ConfigIncomplete(Conflict):
    """The configuration of this plugin is incomplete."""


class SecretUnreadable(HeliographError):
    """A stored secret cannot be read with this HELIOGRAPH_SECRET_KEY."""


class StartFailed(HeliographError):
    """Heliograph cannot start with these settings."""
