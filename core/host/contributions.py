"""What plugins hand over through the register hooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import click
from flask import Blueprint
from pydantic import BaseModel, ConfigDict

from heliograph.actions import Action
from heliograph.channel import Provider
from heliograph.events import Condition, Decision, WaitConfig
from heliograph.host.extensions import NOTHING, ROLES, Extensions, fault_of
from heliograph.segment_subjects import SegmentSubject
from heliograph.text_filters import TextFilter


class PluginConfig(BaseModel):
    """Config of a plugin: subclass it; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class Callbacks(Blueprint):
    """A blueprint that a provider calls: `/sms/<plugin>/...`, open when disabled.

    It is exempt from CSRF, so each view must check the provider's signature. Of hooks
    before and after a request only the blueprint's own run. An address answers with and
    without a slash at its end: people paste both, and providers follow no redirect of a POST.
    """

    def add_url_rule(self, rule: str, *arguments: Any, **options: Any) -> None:
        options.setdefault("strict_slashes", False)
        super().add_url_rule(rule, *arguments, **options)


class Pages(Blueprint):
    """Pages of a plugin: `/plugins/<plugin>/...`, signed in only, 404 while disabled.

    *menu* is the word in the main menu, which leads to the view called `index`;
    *icon* is a name of bootstrap-icons. Templates extend `layout.html`. *role* is the least
    that may see any of them; `needs_role` narrows a single view.
    """

    def __init__(
        self,
        name: str,
        import_name: str,
        *,
        menu: str,
        icon: str = "puzzle",
        role: str = "reader",
        **options: Any,
    ) -> None:
        if role not in ROLES:
            raise BadContribution(f"role must be one of {ROLES}, not {role!r}")
        super().__init__(name, import_name, **options)
        self.menu, self.icon, self.role = menu, icon, role


@dataclass(frozen=True, slots=True)
class Job:
    """Work for the clock. `every` is in seconds; `run` answers a line of result.

    `key` is `<plugin>.<name>`. One process at a time runs it; a `shared` one all of
    them at once, as it claims what it works on by itself. `wanted` may say that
    there is nothing to do: then the run is not even written down.
    """

    key: str
    every: float
    run: Callable[[], str | None]
    help: str = ""
    shared: bool = False
    wanted: Callable[[], bool] | None = None


@dataclass(slots=True)
class Contributions:
    """All that one plugin handed over."""

    config_model: type[BaseModel] | None = None
    providers: list[type[Provider]] = field(default_factory=list)
    blueprints: list[Blueprint] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    commands: list[click.Command] = field(default_factory=list)
    text_filters: list[TextFilter] = field(default_factory=list)
    segment_subjects: list[SegmentSubject] = field(default_factory=list)
    hooks: list[str] = field(default_factory=list)
    extensions: Extensions = NOTHING

    @property
    def events(self) -> list[Action | Decision | Condition]:
        """All that it brings to the canvas."""
        return [*self.actions, *self.decisions, *self.conditions]


# lists of contributions with the hooks that they come by
LISTS = tuple(
    (one.name, f"register_{one.name}")
    for one in fields(Contributions)
    if one.name not in ("config_model", "hooks", "extensions")
)


class BadContribution(Exception):
    """A plugin handed over something that cannot be used."""


def check_contributions(name: str, given: Contributions, *, built_in: bool = False) -> None:
    """Refuse what would hurt others; raises BadContribution with the mend.

    What is *built in* may be known to stored filters by a short key.
    """
    model = given.config_model
    if model is not None and not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise BadContribution(f"register_config must return a pydantic model class, not {model!r}")
    for provider in given.providers:
        check_provider(name, provider)
    if given.providers and model is None:
        raise BadContribution("a provider needs register_config, even for an empty model")
    expect(given.blueprints, Blueprint, "register_blueprints")
    expect(given.actions, Action, "register_actions")
    expect(given.decisions, Decision, "register_decisions")
    expect(given.conditions, Condition, "register_conditions")
    check_events(given)
    expect(given.jobs, Job, "register_jobs")
    expect(given.commands, click.Command, "register_commands")
    expect(given.text_filters, TextFilter, "register_text_filters")
    expect(given.segment_subjects, SegmentSubject, "register_segment_subjects")
    keys = [one.key for one in (*given.events, *given.jobs, *given.text_filters)]
    if not built_in:
        keys += [subject.key for subject in given.segment_subjects]
    for key in keys:
        if not key.startswith(f"{name}."):
            raise BadContribution(f"key {key!r} must begin with {name + '.'!r}")
        if keys.count(key) > 1:
            raise BadContribution(f"key {key!r} is given twice")
    check_rest(name, given, built_in=built_in)


def check_rest(name: str, given: Contributions, *, built_in: bool) -> None:
    if fault := fault_of(name, given.extensions, built_in=built_in):
        raise BadContribution(fault)
    for job in given.jobs:
        if job.every <= 0:
            raise BadContribution(f"job {job.key!r} must have a positive `every`, in seconds")


def check_events(given: Contributions) -> None:
    for event in given.events:
        if not (isinstance(event.config_model, type) and issubclass(event.config_model, BaseModel)):
            raise BadContribution(f"{event.key} needs a pydantic model class as config_model")
    for action in given.actions:
        if action.run is None and action.run_many is None:
            raise BadContribution(f"action {action.key!r} needs run or run_many")
    for decision in given.decisions:
        if not issubclass(decision.config_model, WaitConfig):
            raise BadContribution(f"the config_model of {decision.key!r} must be a WaitConfig")


def check_provider(name: str, provider: object) -> None:
    if not (isinstance(provider, type) and issubclass(provider, Provider)):
        raise BadContribution(f"register_providers must return Provider classes, not {provider!r}")
    if getattr(provider, "name", None) != name:
        raise BadContribution(
            f"{provider.__name__}.name must be the plugin's name {name!r}, "
            "because its callback URL is made of it"
        )
    if provider.send is Provider.send:
        raise BadContribution(f"{provider.__name__} has no send method")


def expect(items: list[object] | list[Blueprint] | object, kind: type, hook: str) -> None:
    if not isinstance(items, list):
        raise BadContribution(f"{hook} must return a list")
    for item in items:
        if not isinstance(item, kind):
            raise BadContribution(f"{hook} must return {kind.__name__} objects, not {item!r}")
