"""Conditions on custom fields that hold a number, or yes and no."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_

from heliograph.contacts.fields import Field
from heliograph.contacts.models import Contact
from heliograph.db import dialect_name
from heliograph.segments.conditions import Clause, Operand, Operator, both, opposite


def number_operators(field: Field) -> dict[str, Operator]:
    column = number_in(field.alias)

    def against(compare: Callable[[Any, Any], Any]) -> Callable[[Operand], Clause]:
        def test(operand: Operand) -> Clause:
            clause: Clause = compare(column, number(operand, field))
            return clause

        return test

    def between(operand: Operand) -> Clause:
        low, high = (number(end, field) for end in operand.pair())
        if low > high:
            raise operand.refused("begins after its end", "Use [smaller, larger].")
        return and_(column >= low, column <= high)

    return {
        **both("=", "!=", against(operator.eq)),
        "<": Operator(against(operator.lt)),
        "<=": Operator(against(operator.le)),
        ">": Operator(against(operator.gt)),
        ">=": Operator(against(operator.ge)),
        "between": Operator(between),
        **both("empty", "not_empty", lambda _: column.is_(None), bare=True),
    }


def number(operand: Operand, field: Field) -> float:
    value = operand.parsed(field)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise operand.refused("is not a number", "Use digits, as in 12.5.")
    return float(value)


def number_in(alias: str) -> ColumnElement[Any]:
    """The number under *alias*, NULL for anything else: PostgreSQL would fail on it."""
    element = Contact.custom[alias]
    if dialect_name() == "sqlite":
        return case((json_type(alias).in_(("integer", "real")), element.as_float()))
    return case((func.jsonb_typeof(element) == "number", element.as_float()))


def json_type(alias: str) -> ColumnElement[Any]:
    """SQLite's word for what is under *alias*."""
    return func.json_type(Contact.custom, f'$."{alias}"')


def boolean_operators(field: Field) -> dict[str, Operator]:
    """What was never answered counts as no; `empty` tells the two apart."""

    def answered(word: str) -> Clause:
        if dialect_name() == "sqlite":
            return json_type(field.alias) == word
        said: Clause = Contact.custom[field.alias].as_string() == word
        return said

    def test(operand: Operand) -> Clause:
        if not isinstance(operand.raw, bool):
            raise operand.refused("is neither true nor false", "Use true or false.")
        return answered("true") if operand.raw else opposite(answered("true"))

    def some(_: Operand) -> Clause:
        return or_(answered("true"), answered("false"))

    return {"is": Operator(test), **both("not_empty", "empty", some, bare=True)}
