"""The host: loads plugins once, calls the enabled ones, never falls with them."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import ModuleType
from typing import Any

from flask import current_app
from pydantic import BaseModel

from heliograph.encryption import Cipher
from heliograph.errors import Conflict, NotFound
from heliograph.host.calling import HookAnswers, Hooks
from heliograph.host.config import load_config, merge_config, rotate_config, shown_config
from heliograph.host.contributions import (
    LISTS,
    BadContribution,
    Contributions,
    check_contributions,
)
from heliograph.host.discovery import import_plugin
from heliograph.host.extensions import HOOKS, Extensions
from heliograph.host.guard import guarded
from heliograph.host.schema import check_tables, migration_folder, upgrade_plugin
from heliograph.host.state import change_state, states
from heliograph.host.switching import (
    Switched,
    first_enabled,
    provider_in_use,
    switch_off,
    switch_on,
)
from heliograph.plugin_files import BUNDLED, Candidate
from heliograph.segment_subjects import SegmentSubject
from heliograph.text_filters import TextFilter

log = logging.getLogger(__name__)
EXTENSION = "heliograph_plugins"
MISSING = "It is enabled and was not found: its folder or package is gone. Install it again."


@dataclass(slots=True)
class PluginInfo:
    """One plugin that was found, loaded or not. `fault` is a traceback or ""."""

    name: str
    origin: str
    where: str
    title: str = ""
    description: str = ""
    version: str = ""
    author: str = ""
    fault: str = ""
    module: ModuleType | None = None
    contributions: Contributions = field(default_factory=Contributions)
    troubles: dict[str, str] = field(default_factory=dict)  # what failed since the start

    @property
    def reason(self) -> str:
        """The last line of the fault; words of ours without the name of their class."""
        last = self.fault.strip().splitlines()[-1] if self.fault else ""
        return last.removeprefix(f"{BadContribution.__module__}.{BadContribution.__name__}: ")


class PluginHost:
    """All plugins of one process."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher
        self._hooks = Hooks()
        self._plugins: dict[str, PluginInfo] = {}
        self._built_in: list[PluginInfo] = []
        self.shadowed: list[PluginInfo] = []
        self._recent: dict[str, tuple[float, BaseModel]] = {}

    # -- loading ---------------------------------------------------------

    def load(self, found: Iterable[Candidate]) -> None:
        """Load each candidate; a broken one is kept with its fault, none raises."""
        for candidate in found:
            info = PluginInfo(candidate.name, candidate.origin, candidate.where)
            if any(candidate.name == one.name for one in self._built_in):
                info.fault = f"the name {candidate.name} belongs to a part of Heliograph"
                self.shadowed.append(info)
                continue
            if candidate.name in self._plugins:
                info.fault = shadowed_by(self._plugins[candidate.name])
                self.shadowed.append(info)
                continue
            self._plugins[candidate.name] = info
            try:
                self._load(info, candidate)
            except KeyboardInterrupt:
                raise
            except BaseException:  # a plugin may even call sys.exit at import
                self.quarantine(info)

    def load_built_in(self, name: str, module: ModuleType) -> None:
        """Take in a part of core by the hooks that plugins use: always on, never listed."""
        info = PluginInfo(name, "core", module.__name__, module=module)
        hooks = self._hooks.register(name, module, guard=False)
        info.contributions = self._collect(info, hooks)
        check_contributions(name, info.contributions, built_in=True)
        self._built_in.append(info)

    def _load(self, info: PluginInfo, candidate: Candidate) -> None:
        module = import_plugin(candidate)
        info.module = module
        info.title, _, info.description = (module.__doc__ or info.name).strip().partition("\n")
        info.version = str(getattr(module, "__version__", ""))
        info.author = str(getattr(module, "__author__", ""))
        check_tables(info.name, module.__name__)
        hooks = self._hooks.register(info.name, module)
        if not hooks:
            raise BadContribution("the plugin implements no hook: is @hookimpl missing?")
        info.contributions = self._collect(info, hooks)
        check_contributions(info.name, info.contributions)

    def _collect(self, info: PluginInfo, hooks: list[str]) -> Contributions:
        models = self._hooks.ask(info.name, "register_config")
        lists = {kind: listed(self._hooks.ask(info.name, hook), hook) for kind, hook in LISTS}
        added = Extensions(
            **{
                field: listed(self._hooks.ask(info.name, hook), hook)
                for field, (hook, _) in HOOKS.items()
            }
        )
        return Contributions(models[0] if models else None, **lists, hooks=hooks, extensions=added)

    def quarantine(self, info: PluginInfo) -> None:
        """Keep the fault that is being handled and take the plugin out of the hall."""
        info.fault = traceback.format_exc()
        info.contributions = Contributions()
        self._hooks.unregister(info.name)
        log.error("plugin %s is broken and was left out: %s", info.name, info.reason)

    def upgrade_tables(self) -> None:
        """Run the migrations of each sound plugin that brings tables."""
        for info in self.sound():
            folder = migration_folder(getattr(info.module, "__file__", None))
            if folder is None:
                continue
            try:
                guarded(upgrade_plugin, info.name, folder)
            except Exception:
                self.quarantine(info)

    # -- reading ---------------------------------------------------------

    def all(self) -> list[PluginInfo]:
        return sorted(self._plugins.values(), key=lambda info: info.name)

    def sound(self) -> list[PluginInfo]:
        return [info for info in self.all() if not info.fault]

    def built_in(self) -> list[PluginInfo]:
        """Parts of core that came by the hooks."""
        return list(self._built_in)

    def enabled(self) -> list[PluginInfo]:
        """Sound plugins that are switched on, as the database says right now."""
        known = states()
        return [info for info in self.sound() if info.name in known and known[info.name].enabled]

    def text_filters(self) -> list[tuple[str, TextFilter]]:
        """Text filters with the names of their plugins; those of core come last."""
        return [
            (info.name, one)
            for info in (*self.enabled(), *self._built_in)
            for one in info.contributions.text_filters
        ]

    def segment_subjects(self) -> list[tuple[str, SegmentSubject]]:
        """Subjects of filters with the names of their plugins; those of core come first."""
        return [
            (info.name, one)
            for info in (*reversed(self._built_in), *self.enabled())
            for one in info.contributions.segment_subjects
        ]

    def missing(self) -> list[PluginInfo]:
        """Plugins that are switched on in the database and were not found at the start."""
        return [
            PluginInfo(name, "", "", fault=MISSING)
            for name, state in sorted(states().items())
            if state.enabled and name not in self._plugins
        ]

    def is_enabled(self, name: str) -> bool:
        return any(info.name == name for info in self.enabled())

    def get(self, name: str) -> PluginInfo:
        """The plugin called *name*; raises NotFound with the names there are."""
        try:
            return self._plugins[name]
        except KeyError:
            names = ", ".join(sorted(self._plugins)) or "none"
            raise NotFound(f"There is no plugin {name!r}. Found: {names}.") from None

    def config(self, name: str) -> BaseModel:
        """The validated config of the plugin; raises ConfigIncomplete."""
        model = self.get(name).contributions.config_model
        if model is None:
            raise Conflict(f"The plugin {name} has no configuration.")
        return load_config(name, model, self._stored(name), self._cipher)

    def recent_config(self, name: str, seconds: float) -> BaseModel:
        """The same, as it stood at most *seconds* ago: spares reading and decrypting it."""
        begun = time.monotonic()
        known = self._recent.get(name)
        if known is None or begun - known[0] > seconds:
            known = self._recent[name] = (begun, self.config(name))
        return known[1]

    def shown_config(self, name: str) -> dict[str, Any]:
        return shown_config(self.get(name).contributions.config_model, self._stored(name))

    def _stored(self, name: str) -> dict[str, Any]:
        state = states().get(name)
        return dict(state.config) if state else {}

    # -- changing --------------------------------------------------------

    def enable(self, name: str, *, default: bool = False) -> Switched:
        """Switch the plugin on, in every process; raises Conflict when it is broken.

        Texts go on through the provider in use, unless *default* says otherwise.
        """
        return switch_on(self, name, default=default)

    def disable(self, name: str) -> Switched:
        """Switch it off: it cannot send, but its callbacks still verify and record."""
        return switch_off(self, name)

    def provider_in_use(self) -> str:
        """Name of the provider that texts go through, loaded or not; "" for none."""
        return provider_in_use(self)

    def successor(self, name: str) -> str:
        """The provider in use once *name* is disabled; "" for none."""
        used = provider_in_use(self)
        return used if used != name else first_enabled(self, but=name)

    def title(self, name: str) -> str:
        """What people call the plugin; its name when it is not loaded."""
        info = self._plugins.get(name)
        return (info.title if info else "") or name

    def configure(
        self, name: str, given: Mapping[str, str | None], *, seen: datetime | None = None
    ) -> list[str]:
        """Store config values; returns what is still missing. Raises BadInput, Changed."""
        info = self.get(name)
        model = info.contributions.config_model
        if model is None:
            raise Conflict(f"The plugin {name} has no configuration. {info.reason}".strip())
        state = states().get(name)
        merged, missing = merge_config(name, model, self._stored(name), given, self._cipher)
        # what was merged into must still stand: somebody else may store beside us
        change_state(name, seen=seen or (state.updated_at if state else None), config=merged)
        return missing

    def rotate_secrets(self) -> int:
        """Encrypt all secrets with the newest key; returns how many plugins that were."""
        rotated = 0
        for name, state in list(states().items()):
            change_state(name, config=rotate_config(state.config, self._cipher))
            rotated += 1
        return rotated

    # -- calling ---------------------------------------------------------

    def call(self, hook: str, **arguments: object) -> HookAnswers:
        """Ask each enabled plugin; one that fails is logged and named in the answer.

        Once for all that is to be asked about, not once for each text of many.
        """
        return self._hooks.call(hook, self._off(), arguments)

    def implements(self, hook: str) -> bool:
        """Whether any enabled plugin has *hook*: spares work on hot paths."""
        if not self._hooks.implements(hook, ()):
            return False  # without asking the database who is on: callbacks come by the thousand
        return self._hooks.implements(hook, self._off())

    def _off(self) -> frozenset[str]:
        on = {name for name, state in states().items() if state.enabled}
        return frozenset(self._plugins.keys() - on)


def shadowed_by(first: PluginInfo) -> str:
    if first.origin == BUNDLED:
        return (
            f"shadowed: the name {first.name} is reserved for the plugin that comes with "
            "Heliograph. Give this one another name."
        )
    return f"shadowed: {first.name} is already loaded from {first.where}"


def listed(answers: list[Any], hook: str) -> list[Any]:
    if not answers:
        return []
    if not isinstance(answers[0], list):
        raise BadContribution(f"{hook} must return a list, not {answers[0]!r}")
    return answers[0]


def current_host() -> PluginHost:
    host: PluginHost = current_app.extensions[EXTENSION]
    return host
