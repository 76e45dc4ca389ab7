"""Validating what people entered by a plugin's own model, whatever its validators do."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from heliograph.host.guard import guarded

log = logging.getLogger(__name__)


def validated(model: type[BaseModel], values: Mapping[str, Any]) -> BaseModel:
    """*values* as *model*; raises pydantic's ValidationError, also where a validator fails."""
    try:
        return guarded(model.model_validate, dict(values))
    except ValidationError:
        raise
    except Exception as error:
        name = type(error).__name__
        report_once(f"{model.__module__}.{model.__qualname__}", f"{name}: {error}")
        words = f"the plugin's own validator failed with {name}"
        fault = InitErrorDetails(type=PydanticCustomError("plugin_fault", words), loc=(), input={})
        raise ValidationError.from_exception_data(model.__name__, [fault]) from error


@cache
def report_once(model: str, words: str) -> None:
    """Once in a process: campaigns read the forms of their events every second."""
    log.error("a validator of %s failed with %s", model, words)
