"""The types of events there are: ours and the plugins', by the same hooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from heliograph.actions import Action
from heliograph.campaigns.models import ACTION, CONDITION, DECISION
from heliograph.errors import NotFound
from heliograph.events import Condition, Decision, Path, WaitConfig
from heliograph.host import PluginInfo, current_host
from heliograph.host.validation import validated
from heliograph.sentences import Sentence

BUILT_IN = "core"


@dataclass(frozen=True, slots=True)
class EventType:
    """What an event of the canvas is an instance of; `why_not` when it cannot run now."""

    made: Action | Decision | Condition
    plugin: str
    why_not: str = ""

    @property
    def key(self) -> str:
        return self.made.key

    @property
    def kind(self) -> str:
        if isinstance(self.made, Action):
            return ACTION
        return DECISION if isinstance(self.made, Decision) else CONDITION

    @property
    def available(self) -> bool:
        return not self.why_not

    @property
    def paths(self) -> tuple[Path, ...]:
        return self.made.paths

    def open_paths(self, config: Mapping[str, Any]) -> list[str]:
        """Keys of the paths that *config* leaves open."""
        return [path.key for path in self.paths if is_open_path(self, path, config)]

    def read(self, config: Mapping[str, Any]) -> BaseModel:
        """*config* validated; raises pydantic's ValidationError, see `validated`."""
        return validated(self.made.config_model, config)


def is_open_path(type_: EventType, path: Path, config: Mapping[str, Any]) -> bool:
    if not path.only_with:
        return True
    default = type_.made.config_model.model_fields[path.only_with].default
    return bool(config.get(path.only_with, default))


class EventTypes:
    """All types of one moment: what is enabled is read once, when it is made."""

    def __init__(self) -> None:
        self._types: dict[str, EventType] = {}
        host = current_host()
        enabled = {info.name for info in host.enabled()}
        for info in host.built_in():
            self._take(info, "")
        for info in host.sound():
            words = Sentence("The plugin %(name)s is disabled.", name=info.title or info.name)
            self._take(info, "" if info.name in enabled else words)

    def _take(self, info: PluginInfo, why_not: str) -> None:
        for made in info.contributions.events:
            self._types[made.key] = EventType(made, info.name, why_not)

    def all(self) -> list[EventType]:
        return list(self._types.values())

    def get(self, key: str) -> EventType | None:
        """The type, or None when no plugin here brings it."""
        return self._types.get(key)

    def find(self, key: str) -> EventType:
        """The type; raises NotFound with the keys there are."""
        found = self._types.get(key)
        if found is None:
            keys = ", ".join(self._types)
            raise NotFound(f"There is no event {key!r}. Events: {keys}.")
        return found

    def why_not(self, key: str) -> str:
        """Why events of this type cannot run now; "" when they can."""
        found = self._types.get(key)
        if found is None:
            return Sentence("No plugin here brings %(event)s.", event=key)
        return found.why_not


def palette() -> list[dict[str, Any]]:
    """What the builder offers: each type with its paths and the JSON schema of its form."""
    return [described(type_) for type_ in EventTypes().all()]


def described(type_: EventType) -> dict[str, Any]:
    made = type_.made
    return {
        "key": made.key,
        "kind": type_.kind,
        "label": made.label,
        "help": made.help,
        "icon": made.icon,
        "group": made.group,
        "paths": [shown_path(path) for path in made.paths],
        "fields": schema_of(type_),
        "available": type_.available,
        "why_not": type_.why_not,
    }


def schema_of(type_: EventType) -> dict[str, Any]:
    """The JSON schema of its form; how long a decision waits comes last."""
    schema = type_.made.config_model.model_json_schema()
    fields = schema.get("properties", {})
    last = [name for name in WaitConfig.model_fields if name in fields]
    schema["properties"] = {name: fields[name] for name in fields if name not in last}
    schema["properties"] |= {name: fields[name] for name in last}
    return schema


def shown_path(path: Path) -> dict[str, str]:
    shown = {"key": path.key, "label": path.label}
    return shown | {"only_with": path.only_with} if path.only_with else shown
