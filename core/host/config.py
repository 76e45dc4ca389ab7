"""A plugin's config: checked by its model, secrets encrypted, `$env:` resolved."""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from heliograph.encryption import Cipher
from heliograph.errors import BadInput, ConfigIncomplete
from heliograph.host.guard import guarded
from heliograph.settings import PREFIX, Settings

log = logging.getLogger(__name__)

ENV = "$env:"
DESTINATION = "secret_destination"


def is_secret(model: type[BaseModel], key: str) -> bool:
    annotation = model.model_fields[key].annotation
    return annotation is SecretStr or SecretStr in get_args(annotation)


def merge_config(
    name: str,
    model: type[BaseModel],
    stored: Mapping[str, Any],
    given: Mapping[str, str | None],
    cipher: Cipher,
) -> tuple[dict[str, Any], list[str]]:
    """Lay *given* over *stored*; None or "" takes a key out.

    Returns the config to store and, in words, what is still missing. Raises
    BadInput for an unknown key or a bad value: then nothing is to be stored.
    """
    merged = dict(stored)
    refuse_new_destination(model, stored, given)
    for key, value in given.items():
        if key not in model.model_fields:
            raise BadInput(key, f"is not a setting of {name}", mend=suggest(key, model))
        if value is None or value == "":
            merged.pop(key, None)
        else:
            merged[key] = stored_value(model, key, value, cipher)
    plain, unset = resolve(name, merged, cipher)
    missing = [f"{key}: the environment variable {variable} is not set" for key, variable in unset]
    waiting = {key for key, _ in unset}
    for error in errors_of(model, plain):
        key = str(error["loc"][0]) if error["loc"] else ""
        if key in waiting and error["type"] == "missing":
            continue
        if key and error["type"] != "missing":
            raise BadInput(key, words_of(error), value=shown(model, key, plain))
        missing.append(f"{key}: is required" if key else words_of(error))
    return merged, missing


def refuse_new_destination(
    model: type[BaseModel], stored: Mapping[str, Any], given: Mapping[str, str | None]
) -> None:
    """Have stored secrets entered again before they are sent to another place.

    A field declares that it decides where secrets go by
    `json_schema_extra={"secret_destination": True}`. Raises BadInput about the secret.
    """
    moved = [
        key for key in given if is_destination(model, key) and moves(model, key, stored, given)
    ]
    for key in model.model_fields:
        if moved and is_secret(model, key) and key in stored and key not in given:
            raise BadInput(
                key,
                f"must be entered again, because {moved[0]} changes and decides where it is sent",
                mend="Enter it again beside the new address.",
            )


def is_destination(model: type[BaseModel], key: str) -> bool:
    field = model.model_fields.get(key)
    extra = field.json_schema_extra if field else None
    return isinstance(extra, dict) and bool(extra.get(DESTINATION))


def moves(
    model: type[BaseModel],
    key: str,
    stored: Mapping[str, Any],
    given: Mapping[str, str | None],
) -> bool:
    """Whether the value of *key* would be another one than it is."""
    default = model.model_fields[key].default
    before, after = stored.get(key, default), given[key] or default
    if isinstance(before, dict):
        before = ENV + before.get("env", "")
    return str(before).rstrip("/") != str(after).rstrip("/")


def stored_value(model: type[BaseModel], key: str, value: str, cipher: Cipher) -> Any:
    if value.startswith(ENV):
        variable = value.removeprefix(ENV).strip()
        if variable in own_variables():
            raise BadInput(
                key,
                "is a setting of Heliograph itself and goes to no plugin",
                value=value,
                mend="Use a variable of another name.",
            )
        return {"env": variable}
    if is_secret(model, key):
        return {"secret": cipher.encrypt(value)}
    return value


def own_variables() -> set[str]:
    return {PREFIX + field.name.upper() for field in fields(Settings)}


def resolve(
    name: str, stored: Mapping[str, Any], cipher: Cipher
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The plain values, and the (key, variable) pairs whose variable is not set."""
    plain: dict[str, Any] = {}
    unset: list[tuple[str, str]] = []
    for key, value in stored.items():
        if not isinstance(value, dict):
            plain[key] = value
        elif "secret" in value:
            plain[key] = cipher.decrypt(value["secret"], what=f"{name}.{key}")
        elif value["env"] in os.environ:
            plain[key] = os.environ[value["env"]]
        else:
            unset.append((key, value["env"]))
    return plain, unset


def load_config(
    name: str, model: type[BaseModel], stored: Mapping[str, Any], cipher: Cipher
) -> BaseModel:
    """The validated config; raises ConfigIncomplete that says what is missing."""
    plain, unset = resolve(name, stored, cipher)
    if unset:
        key, variable = unset[0]
        raise ConfigIncomplete(f"{name}.{key}: the environment variable {variable} is not set.")
    known = {key: value for key, value in plain.items() if key in model.model_fields}
    problems = [
        f"{'.'.join(map(str, error['loc'])) or name}: {words_of(error)}"
        for error in errors_of(model, known)
    ]
    if problems:
        raise ConfigIncomplete(
            f"The configuration of {name} is incomplete. {'; '.join(problems)}. "
            f"Run: heliograph plugins configure {name} KEY=VALUE"
        )
    return model.model_validate(known)


def shown_config(model: type[BaseModel] | None, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The config for people: secrets only as "set", env values by their name."""
    view: dict[str, Any] = {}
    for key in model.model_fields if model else ():
        value = stored.get(key)
        if isinstance(value, dict):
            view[key] = "set" if "secret" in value else ENV + value["env"]
        else:
            view[key] = value
    return view


def rotate_config(stored: Mapping[str, Any], cipher: Cipher) -> dict[str, Any]:
    """The same config with its secrets encrypted by the newest key."""
    return {
        key: {"secret": cipher.rotate(value["secret"])}
        if isinstance(value, dict) and "secret" in value
        else value
        for key, value in stored.items()
    }


def errors_of(model: type[BaseModel], plain: Mapping[str, Any]) -> list[ErrorDetails]:
    try:
        guarded(model.model_validate, dict(plain))
    except ValidationError as error:
        # without input: an error must never carry a secret
        return error.errors(include_input=False, include_url=False, include_context=False)
    except Exception as error:  # neither may the words of this one
        name = type(error).__name__
        log.error("the validators of %s failed with %s", model.__name__, name)
        words = f"cannot be checked: the plugin's own validator failed with {name}"
        return [{"type": "plugin_fault", "loc": (), "msg": words, "input": None}]
    return []


def words_of(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "is required"
    return error["msg"].removeprefix("Value error, ").rstrip(".")


def shown(model: type[BaseModel], key: str, plain: Mapping[str, Any]) -> object:
    if key not in model.model_fields or is_secret(model, key):
        return None
    return plain.get(key)


def suggest(key: str, model: type[BaseModel]) -> str:
    close = difflib.get_close_matches(key, model.model_fields, n=1)
    return f"Did you mean {close[0]}?" if close else f"Use one of {', '.join(model.model_fields)}."
