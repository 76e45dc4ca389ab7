"""Conditions on fields that hold text: any letter case, wildcards taken literally.

PostgreSQL folds the case of all letters that its locale knows, SQLite of ASCII
letters only. So a value with other letters is looked for in each usual spelling
(as written, müller, MÜLLER, Müller); what SQLite misses is mixed case beyond
those, such as mÜLLER.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, func, or_

from heliograph.contacts.fields import Field
from heliograph.contacts.models import Contact
from heliograph.contacts.search import spellings
from heliograph.segments.conditions import Clause, Operand, Operator, both

CANONICAL = ("phone", "email")  # stored in one spelling: compared by their index

Like = Callable[[ColumnElement[Any], str], Clause]


def text_operators(field: Field) -> dict[str, Operator]:
    """Operators of a standard or custom field that holds text."""
    column = column_of(field)

    def among(operand: Operand) -> Clause:
        return same(column, field, operand.items())

    def like(form: Like) -> Callable[[Operand], Clause]:
        return lambda operand: matches(column, pattern(operand, field), form)

    return {
        **both("is", "is_not", lambda operand: same(column, field, [operand])),
        **both("contains", "not_contains", like(contains)),
        "starts_with": Operator(like(starts_with)),
        "ends_with": Operator(like(ends_with)),
        **both("in", "not_in", among),
        **both("empty", "not_empty", lambda _: blank(column), bare=True),
    }


def column_of(field: Field) -> ColumnElement[Any]:
    if field.custom:
        column: ColumnElement[Any] = Contact.custom[field.alias].as_string()
        return column
    standard: ColumnElement[Any] = getattr(Contact, field.alias).expression
    return standard


def same(column: ColumnElement[Any], field: Field, operands: list[Operand]) -> Clause:
    values = [str(operand.parsed(field)) for operand in operands]
    if field.kind in CANONICAL:
        return column.in_(values)
    return is_any(column, values)


def is_any(column: ColumnElement[Any], values: list[str]) -> Clause:
    """The column is one of *values*, in any letter case."""
    wanted: list[Any] = []
    for value in values:
        if value.isascii():
            wanted.append(value.lower())
        else:  # folded where the column is, so that both are folded alike
            wanted += [func.lower(spelling) for spelling in spellings(value)]
    return func.lower(column).in_(wanted)


def pattern(operand: Operand, field: Field) -> str:
    text = operand.text()
    if field.kind != "phone":
        return text
    digits = re.sub(r"[\s().\-/]", "", text)
    if not re.fullmatch(r"\+?\d+|\+", digits, re.ASCII):
        raise operand.refused("is not a part of a number", "Use digits, such as +336.")
    return digits


def matches(column: ColumnElement[Any], text: str, form: Like) -> Clause:
    return or_(*(form(column, spelling) for spelling in spellings(text)))


def contains(column: ColumnElement[Any], text: str) -> Clause:
    return column.icontains(text, autoescape=True)


def starts_with(column: ColumnElement[Any], text: str) -> Clause:
    return column.istartswith(text, autoescape=True)


def ends_with(column: ColumnElement[Any], text: str) -> Clause:
    return column.iendswith(text, autoescape=True)


def blank(column: ColumnElement[Any]) -> Clause:
    return or_(column.is_(None), column == "")
