"""What a condition can be about, and the operators that each knows."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from heliograph.contacts.fields import Field, find_field
from heliograph.contacts.models import Contact
from heliograph.errors import BadInput
from heliograph.segments.conditions import Operator, Scope, Subject
from heliograph.segments.dates import column_operators, field_operators
from heliograph.segments.numbers import boolean_operators, number_operators
from heliograph.segments.relations import (
    click_operators,
    dnc_operators,
    received_operators,
    reply_operators,
    segment_operators,
    status_operators,
    tag_operators,
)
from heliograph.segments.texts import text_operators

Operators = dict[str, Operator]

BY_KIND: dict[str, Callable[[Field], Operators]] = {
    "number": number_operators,
    "boolean": boolean_operators,
    "date": field_operators,
    "datetime": field_operators,
}
OTHERS: dict[str, Callable[[], Operators]] = {
    "tag": tag_operators,
    "segment": segment_operators,
    "dnc": dnc_operators,
    "number_status": status_operators,
    "created_at": lambda: column_operators(Contact.created_at.expression),
    "updated_at": lambda: column_operators(Contact.updated_at.expression),
    "received_message": received_operators,
    "replied": reply_operators,
    "clicked": click_operators,
}


def find_subject(name: object, path: str, scope: Scope) -> Subject:
    """The subject called *name*; raises BadInput with the nearest name there is."""
    if not isinstance(name, str) or not name.strip():
        shown = None if name is None else name
        raise BadInput(path, "is not the name of a field", value=shown, mend=all_names(scope))
    if name in OTHERS:
        return Subject(name, OTHERS[name]())
    field = find_field(name, dict(scope.fields))
    if field is None:
        raise BadInput(path, "is no field", value=name, mend=nearest(name, scope))
    return Subject(field.alias, BY_KIND.get(field.kind, text_operators)(field))


def find_operator(name: object, path: str, subject: Subject) -> Operator:
    """The operator called *name*; raises BadInput with those there are."""
    found = subject.operators.get(name) if isinstance(name, str) else None
    if found is None:
        mend = f"Use one of {', '.join(subject.operators)}."
        raise BadInput(path, f"is no operator of {subject.name}", value=name, mend=mend)
    return found


def nearest(name: str, scope: Scope) -> str:
    names = [*scope.fields, *OTHERS]
    close = difflib.get_close_matches(name.lower(), names, n=1)
    return f"Did you mean {close[0]}?" if close else all_names(scope)


def all_names(scope: Scope) -> str:
    return f"Use one of {', '.join([*scope.fields, *OTHERS])}."
