"""A form out of a pydantic model: one schema for form, command, docs and checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

ENV = "$env:"
TRUE = ("true", "1", "yes", "on")


@dataclass(frozen=True, slots=True)
class FormField:
    """`kind` is text, number, switch, choice or secret; `value` as it stands in the form."""

    name: str
    label: str
    help: str
    kind: str
    value: str
    required: bool
    choices: tuple[str, ...] = ()
    is_set: bool = False
    default: str = ""

    @property
    def on(self) -> bool:
        return self.value.lower() in TRUE


def form_fields(
    model: type[BaseModel], stored: Mapping[str, Any], typed: Mapping[str, str] | None = None
) -> list[FormField]:
    """The fields of *model* with what is *stored*, or with what was *typed* and refused."""
    return [
        one_field(name, info, stored.get(name), typed) for name, info in model.model_fields.items()
    ]


def one_field(
    name: str, info: FieldInfo, stored: Any, typed: Mapping[str, str] | None
) -> FormField:
    kind, choices = kind_of(info.annotation)
    default = "" if info.is_required() or info.default is None else plain(info.default)
    value = plain(stored) if stored is not None else ""
    is_set = kind == "secret" and stored is not None
    if kind == "secret" and value == "set":
        value = ""
    if kind == "switch" and not value:
        value = default
    if typed is not None and kind != "secret":
        value = typed.get(name, "false" if kind == "switch" else "")
    if value.startswith(ENV) and kind != "secret":
        kind = "text"
    return FormField(
        name,
        info.title or name.replace("_", " ").capitalize(),
        info.description or "",
        kind,
        value,
        info.is_required(),
        choices,
        is_set,
        default,
    )


def kind_of(annotation: Any) -> tuple[str, tuple[str, ...]]:
    if get_origin(annotation) in (Union, UnionType):
        inner = [item for item in get_args(annotation) if item is not type(None)]
        annotation = inner[0] if len(inner) == 1 else str
    if annotation is SecretStr:
        return "secret", ()
    if annotation is bool:
        return "switch", ()
    if annotation in (int, float):
        return "number", ()
    if get_origin(annotation) is Literal:
        return "choice", tuple(str(item) for item in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "choice", tuple(str(item.value) for item in annotation)
    return "text", ()


def plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def given_values(model: type[BaseModel], form: Mapping[str, str]) -> dict[str, str | None]:
    """What a sent form says of each field; a secret left blank says nothing.

    Keys that are no field of *model* are left out: they belong to the form itself.
    """
    given: dict[str, str | None] = {}
    for name, info in model.model_fields.items():
        kind, _ = kind_of(info.annotation)
        text = form.get(name, "").strip()
        if kind == "secret" and not text:
            if form.get(f"clear_{name}"):
                given[name] = None
            continue
        blank = "false" if kind == "switch" else None
        given[name] = text or blank
    return given
