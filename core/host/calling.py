"""Calling hooks: each implementation of a plugin is guarded when it is registered.

`register_*` hooks stay as they are: what they raise quarantines the plugin.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import wraps
from types import ModuleType
from typing import Any, NamedTuple

import pluggy

from heliograph.db import db, dialect_name, is_writing, let_go
from heliograph.errors import BadInput
from heliograph.hookspecs import PROJECT, SPECS
from heliograph.hookspecs.markers import ANSWERS, IN_TRANSACTION
from heliograph.host.contributions import BadContribution
from heliograph.host.guard import guarded

log = logging.getLogger(__name__)

REGISTER = "register_"

Hook = Callable[..., Any]


class HookFailure(NamedTuple):
    """What a plugin raised in a hook."""

    plugin: str
    error: Exception


class HookAnswers(NamedTuple):
    """What the plugins answered to a hook, None left out, and which of them failed."""

    values: list[Any]
    failures: list[HookFailure]


class TransactionEnded(RuntimeError):
    """A plugin committed or rolled back a transaction that is not its own."""

    def __init__(self, plugin: str, hook: str) -> None:
        super().__init__(f"the plugin {plugin} ended the transaction that called {hook}")


current_plugin: ContextVar[str] = ContextVar("current_plugin", default="")
failures_so_far: ContextVar[list[HookFailure] | None] = ContextVar("failures", default=None)


@contextmanager
def running_plugin(name: str) -> Iterator[None]:
    """What runs meanwhile is code of that plugin."""
    token = current_plugin.set(name)
    try:
        yield
    finally:
        current_plugin.reset(token)


class Hooks:
    """The hooks of one process and who implements them."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        for spec in SPECS:
            self._manager.add_hookspecs(spec)
        self._callers: dict[tuple[str, frozenset[str]], Hook] = {}

    def register(self, name: str, module: ModuleType, *, guard: bool = True) -> list[str]:
        """Take in the hooks of a plugin; returns their names. Raises what pluggy raises.

        Without *guard* its errors reach the caller: core's own are no plugin's.
        """
        plugin = GuardedPlugin(name, module, self._manager) if guard else module
        self._callers.clear()
        self._manager.register(plugin, name)
        self._manager.check_pending()
        return sorted(caller.name for caller in self._manager.get_hookcallers(plugin) or [])

    def unregister(self, name: str) -> None:
        self._callers.clear()
        if self._manager.has_plugin(name):
            self._manager.unregister(name=name)

    def ask(self, name: str, hook: str) -> list[Any]:
        """The answer of one plugin to a `register_*` hook, in a list; empty without one."""
        others = [plugin for other, plugin in self._manager.list_name_plugin() if other != name]
        answers: list[Any] = self._manager.subset_hook_caller(hook, others)()
        return answers

    def call(self, hook: str, off: Collection[str], arguments: Mapping[str, object]) -> HookAnswers:
        """Ask all plugins but those that are *off*; what fails is logged and left out."""
        caller = self._caller(hook, frozenset(off))
        failures: list[HookFailure] = []
        token = failures_so_far.set(failures)
        try:
            answer = caller(**arguments)
        finally:
            failures_so_far.reset(token)
        if isinstance(answer, list):
            return HookAnswers(answer, failures)
        return HookAnswers([] if answer is None else [answer], failures)

    def implements(self, hook: str, off: Collection[str]) -> bool:
        """Whether a plugin that is not *off* has the hook."""
        return any(impl.plugin_name not in off for impl in self._declared(hook).get_hookimpls())

    def _caller(self, hook: str, off: frozenset[str]) -> Hook:
        """Finding it costs more than calling it, so it is kept."""
        found = self._callers.get((hook, off))
        if found is None:
            found = self._callers[hook, off] = self._made_caller(hook, off)
        return found

    def _made_caller(self, hook: str, off: frozenset[str]) -> Hook:
        caller = self._declared(hook)
        impls = [impl for impl in caller.get_hookimpls() if impl.plugin_name not in off]
        if off:
            plugins = (self._manager.get_plugin(name) for name in off)
            caller = self._manager.subset_hook_caller(hook, [one for one in plugins if one])
        wrappers = [impl.plugin_name for impl in impls if impl.wrapper or impl.hookwrapper]
        if not wrappers:
            return caller
        return guarded_hook(" or ".join(wrappers), hook, caller, kind=object)

    def _declared(self, hook: str) -> pluggy.HookCaller:
        caller: pluggy.HookCaller | None = getattr(self._manager.hook, hook, None)
        if caller is None:
            raise BadInput("hook", "is not declared", value=hook)
        return caller


class GuardedPlugin:
    """The implementations of one plugin as pluggy gets them."""

    def __init__(self, name: str, module: ModuleType, manager: pluggy.PluginManager) -> None:
        for attribute in dir(module):
            options = manager.parse_hookimpl_opts(module, attribute)
            if options is None:
                continue
            function = getattr(module, attribute)
            hook = options.get("specname") or attribute
            wraps_others = bool(options.get("wrapper") or options.get("hookwrapper"))
            refuse_unfit(hook, function, wraps_others=wraps_others)
            # a wrapper must reach the calls that it wraps; `Hooks` guards these as a whole
            as_it_is = wraps_others or hook.startswith(REGISTER)
            guard = function if as_it_is else guarded_hook(name, hook, function)
            setattr(self, attribute, guard)


def refuse_unfit(hook: str, function: Hook, *, wraps_others: bool) -> None:
    """Raise BadContribution for a function that would answer without having run."""
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise BadContribution(f"{hook} is async, and hooks are not awaited: write it with def")
    if inspect.isgeneratorfunction(function) and not wraps_others:
        raise BadContribution(f"{hook} yields: return a list, or mark it as hookimpl(wrapper=True)")


def guarded_hook(plugin: str, hook: str, function: Hook, *, kind: type | None = None) -> Hook:
    """*function*, whose errors are logged and left out: then it answers None.

    In a hook that is called inside a transaction its SQL is undone by that, and nothing else.
    Raises TransactionEnded where it has ended that transaction.
    """
    in_transaction = hook in IN_TRANSACTION
    expected = kind or ANSWERS.get(hook, object)

    @wraps(function)
    def guard(*arguments: Any, **named: Any) -> Any:
        if in_transaction:
            db.session.flush()  # an error of what core has changed is no plugin's
        outer = db.session().get_transaction() if in_transaction and is_writing() else None
        try:
            with running_plugin(plugin), savepoint() if in_transaction else nullcontext():
                answer = guarded(function, *arguments, **named)
                if answer is not None and not isinstance(answer, expected):
                    raise TypeError(f"it answered {answer!r:.60}, not a {expected.__name__}")
                return answer
        except Exception as error:
            log.exception("plugin %s failed in %s", plugin, hook)
            failures = failures_so_far.get()
            if failures is not None:
                failures.append(HookFailure(plugin, error))
            if not in_transaction:
                forget_broken_reading()
            if outer is not None and db.session().get_transaction() is not outer:
                # locks are gone by that: nobody may go on as if they were held
                raise TransactionEnded(plugin, hook) from error
            return None

    return guard


@contextmanager
def savepoint() -> Iterator[None]:
    """All or nothing of what happens meanwhile; raises where PostgreSQL cannot go on."""
    session = db.session()
    with session.begin_nested():
        yield
        session.flush()
        driver: Any = session.connection().connection.driver_connection
        # the end of a savepoint in which a statement failed would fail, and undo nothing
        if dialect_name() == "postgresql" and driver.info.transaction_status.name == "INERROR":
            raise RuntimeError("it went on after an error of its SQL")


def forget_broken_reading() -> None:
    """PostgreSQL answers nothing more in a transaction in which a statement failed."""
    if not is_writing():
        let_go()
