"""What a condition can be about, and the operators that each knows."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar

from heliograph.contacts.fields import Field, find_field
from heliograph.errors import BadInput
from heliograph.host import current_host
from heliograph.host.calling import running_plugin
from heliograph.host.guard import guarded
from heliograph.segment_subjects import SegmentSubject
from heliograph.segments.conditions import Operator, Scope, Subject
from heliograph.segments.dates import field_operators
from heliograph.segments.numbers import boolean_operators, number_operators
from heliograph.segments.texts import text_operators

log = logging.getLogger(__name__)

Operators = dict[str, Operator]
Given = ParamSpec("Given")
Answer = TypeVar("Answer")

BY_KIND: dict[str, Callable[[Field], Operators]] = {
    "number": number_operators,
    "boolean": boolean_operators,
    "date": field_operators,
    "datetime": field_operators,
}


def known_subjects() -> dict[str, SegmentSubject]:
    """All but the fields of contacts, by key: those of core, then those of enabled plugins."""
    return {one.key: one for _, one in current_host().segment_subjects()}


def find_subject(name: object, path: str, scope: Scope) -> Subject:
    """The subject called *name*; raises BadInput with the nearest name there is."""
    if not isinstance(name, str) or not name.strip():
        shown = None if name is None else name
        raise BadInput(path, "is not the name of a field", value=shown, mend=all_names(scope))
    if name in scope.subjects:
        return made_subject(scope.subjects[name], path)
    field = find_field(name, dict(scope.fields))
    if field is None:
        raise unknown(name, path, scope)
    return Subject(field.alias, BY_KIND.get(field.kind, text_operators)(field))


def made_subject(given: SegmentSubject, path: str) -> Subject:
    """The subject with its operators; those of a plugin are guarded."""
    owner, dot, _ = given.key.partition(".")
    if not dot:
        return Subject(given.key, given.operators())
    guard = PluginCalls(owner, path)
    operators = {
        name: replace(one, test=guard.around(one.test), keep=guard.around(one.keep))
        for name, one in guard.around(given.operators)().items()
    }
    return Subject(given.key, operators)


@dataclass(frozen=True, slots=True)
class PluginCalls:
    """Calls of one plugin's code for the condition at *path*."""

    owner: str
    path: str

    def around(self, call: Callable[Given, Answer]) -> Callable[Given, Answer]:
        """*call*, which raises BadInput where it fails."""

        def asked(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
            try:
                with running_plugin(self.owner):
                    return guarded(call, *args, **kwargs)
            except BadInput:
                raise
            except Exception as error:
                log.exception("plugin %s failed in a filter", self.owner)
                failed = f"the plugin {self.owner} failed with {type(error).__name__}"
                raise BadInput(self.path, f"cannot be read: {failed}") from error

        return asked


def unknown(name: str, path: str, scope: Scope) -> BadInput:
    """An error that says what is meant, or which plugin it needs."""
    owner, dot, _ = name.partition(".")
    if not dot:
        return BadInput(path, "is no field", value=name, mend=nearest(name, scope))
    problem = f"belongs to the plugin {owner}, which is disabled or missing"
    return BadInput(path, problem, value=name, mend=f"Run: heliograph plugins enable {owner}")


def find_operator(name: object, path: str, subject: Subject) -> Operator:
    """The operator called *name*; raises BadInput with those there are."""
    found = subject.operators.get(name) if isinstance(name, str) else None
    if found is None:
        mend = f"Use one of {', '.join(subject.operators)}."
        raise BadInput(path, f"is no operator of {subject.name}", value=name, mend=mend)
    return found


def nearest(name: str, scope: Scope) -> str:
    names = [*scope.fields, *scope.subjects]
    close = difflib.get_close_matches(name.lower(), names, n=1)
    return f"Did you mean {close[0]}?" if close else all_names(scope)


def all_names(scope: Scope) -> str:
    return f"Use one of {', '.join([*scope.fields, *scope.subjects])}."
