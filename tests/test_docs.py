"""The manual is held to the code: settings, hooks and commands."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from flask import Flask

from heliograph.actions import Action, send_text_action
from heliograph.campaigns import builtin
from heliograph.cli import main
from heliograph.cli.group import COMMANDS
from heliograph.contacts.fields import STANDARD, Field
from heliograph.contacts.models import Contact
from heliograph.events import Condition, Decision
from heliograph.hookspecs import SPECS
from heliograph.hookspecs.markers import IN_TRANSACTION
from heliograph.host import current_host
from heliograph.imports.reasons import WORDS
from heliograph.messages.library import preview
from heliograph.plugin import API_VERSION
from heliograph.segments.subjects import BY_KIND, known_subjects
from heliograph.segments.texts import text_operators
from heliograph.setting_keys import KEYS, Key
from heliograph.settings import Settings
from heliograph.version import __version__

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text()


@pytest.mark.parametrize("setting", dataclasses.fields(Settings), ids=lambda field: field.name)
def test_each_setting_is_documented(setting: dataclasses.Field[str]) -> None:
    default = f"`{setting.default}`" if setting.default else ""
    row = f"| `HELIOGRAPH_{setting.name.upper()}` | {default} | {setting.metadata['help']} |"
    assert row in page("reference/settings.md")


def test_no_setting_is_documented_that_is_not_there() -> None:
    named = set(re.findall(r"^\| `HELIOGRAPH_(\w+)`", page("reference/settings.md"), re.MULTILINE))
    assert named == {field.name.upper() for field in dataclasses.fields(Settings)}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_each_setting_that_is_stored_is_documented(key: Key) -> None:
    default = f"`{key.default}`" if key.default else ""
    row = f"| `{key.name}` | `{key.variable}` | {default} | {key.help} | {key.effect} |"
    assert row in page("reference/settings.md")


def test_no_stored_setting_is_documented_that_is_not_there() -> None:
    named = re.findall(r"^\| `(\w+)` \| `HELIOGRAPH_", page("reference/settings.md"), re.MULTILINE)
    assert named == [key.name for key in KEYS]


def hooks() -> dict[str, str]:
    found = {}
    for spec in SPECS:
        for name, function in vars(spec).items():
            if inspect.isfunction(function) and function.__module__ == spec.__name__:
                found[name] = f"### `{name}{inspect.signature(function)}`".replace("'", "")
    return found


def test_each_hook_is_documented_with_its_signature_and_nothing_else_is() -> None:
    headings = re.findall(r"^### .*$", page("reference/hooks.md"), re.MULTILINE)
    assert sorted(headings) == sorted(hooks().values())


def test_each_hook_has_its_docstring_in_the_manual() -> None:
    text = page("reference/hooks.md")
    for spec in SPECS:
        for name in hooks():
            function = getattr(spec, name, None)
            if function is not None:
                assert inspect.getdoc(function) in text, name


@pytest.mark.parametrize("name", hooks())
def test_a_hook_that_is_called_inside_a_transaction_says_so_and_no_other(name: str) -> None:
    section = page("reference/hooks.md").split(f"### `{name}(", 1)[1].split("\n### ", 1)[0]
    says = re.search(r"inside (a|an|the)\s[\w' ]*\s?transaction", section)
    assert (says is not None) == (name in IN_TRANSACTION)


def commands(group: click.Group, path: str) -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for name in COMMANDS if group is main else group.commands:
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if isinstance(command, click.Group):
            found |= commands(command, f"{path} {name}")
        else:
            found[f"{path} {name}"] = command
    return found


@pytest.mark.parametrize(("path", "command"), commands(main, "heliograph").items())
def test_each_command_is_documented_with_its_options(path: str, command: click.Command) -> None:
    text = page("reference/commands.md")
    assert f"### `{path}" in text
    section = text.split(f"### `{path}", 1)[1].split("\n### ", 1)[0]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert f"`{parameter.opts[-1]}" in section, parameter.name
    assert command.help
    assert command.help.splitlines()[0] in section


def test_no_command_is_documented_that_is_not_there() -> None:
    named = re.findall(r"^### `(heliograph(?: [a-z-]+)+)", page("reference/commands.md"), re.M)
    assert sorted(named) == sorted(commands(main, "heliograph"))


def operators() -> dict[str, list[str]]:
    """The rows of the table of fields: each name with its operators."""
    rows = re.findall(r"^\| ([^|]+) \| (`.+`) \|$", page("reference/filters.md"), re.MULTILINE)
    found = {}
    for names, listed in rows:
        for name in names.replace("`", "").split(", "):
            found[name] = re.findall(r"`([^`]+)`", listed)
    return found


def test_each_operator_of_filters_is_documented(app: Flask) -> None:
    documented = operators()
    for name, subject in known_subjects().items():
        assert list(subject.operators()) == documented.pop(name), name
    for kind, documented_operators in documented.items():
        field = Field("x", "X", "phone" if kind == "mobile" else kind, custom=kind != "mobile")
        field = fields_by_name().get(kind, field)
        assert list(BY_KIND.get(field.kind, text_operators)(field)) == documented_operators, kind


def fields_by_name() -> dict[str, Field]:
    return {field.alias: field for field in STANDARD}


def event_section(event: Action | Decision | Condition) -> str:
    """What the manual says of an event, out of its declaration."""
    lines = [f"### {event.label}", "", f"`{event.key}` · {event.help}", ""]
    paths = [path.label for path in event.paths]
    lines += [f"Paths: {', '.join(paths)}." if paths else "Nothing may follow it.", ""]
    if event.config_model.model_fields:
        lines += ["| field | | meaning |", "|---|---|---|"]
    for name, info in event.config_model.model_fields.items():
        meaning = (info.description or "").replace("*", "\\*")
        lines.append(f"| `{name}` | {info.title} | {meaning} |".replace("  |", " |"))
    return "\n".join(lines).rstrip() + "\n"


EVENTS = [
    send_text_action("<provider>", "Send Text Message"),
    *builtin.register_actions(),
    *builtin.register_decisions(),
    *builtin.register_conditions(),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.key)
def test_each_event_is_documented_with_its_fields(event: Action | Decision | Condition) -> None:
    assert event_section(event) in page("reference/events.md")


def test_no_event_is_documented_that_is_not_there() -> None:
    named = re.findall(r"^`([\w<>]+\.\w+)` · ", page("reference/events.md"), re.MULTILINE)
    assert sorted(named) == sorted(event.key for event in EVENTS)


def test_each_reason_of_imports_is_documented_and_no_other_is() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", page("reference/imports.md"), re.MULTILINE)
    assert rows == [(code, str(words)) for code, words in WORDS.items()]


def test_the_changelog_names_the_version_and_when_each_one_came() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0].startswith(f"[{__version__}] - ")
    for heading in headings:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - (unreleased|\d{4}-\d\d-\d\d)", heading), heading


def test_the_versions_of_python_are_the_same_everywhere() -> None:
    """In what is installed, in what GitHub runs and in what people read."""
    declared = re.findall(r"Python :: (3\.\d+)$", (ROOT / "setup.cfg").read_text(), re.MULTILINE)
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text()
    (matrix,) = re.findall(r"python: \[(.*)\]", workflow)
    assert re.findall(r"3\.\d+", matrix) == declared
    words = f"Python {', '.join(declared[:-1])}"
    for name in ("SECURITY.md", "docs/how-to/install.md"):
        assert re.search(rf"{re.escape(words)} (and|or) {declared[-1]}", (ROOT / name).read_text())


def test_the_api_version_has_a_row_in_the_manual() -> None:
    rows = re.findall(r"^\| (\d+) \| \d", page("reference/hooks.md"), re.MULTILINE)
    assert [int(row) for row in rows] == list(range(1, API_VERSION + 1))


def test_links_between_pages_lead_somewhere() -> None:
    names = ("README.md", "CONTRIBUTING.md", "SECURITY.md")
    pages = [*DOCS.rglob("*.md"), *(ROOT / name for name in names)]
    for file in pages:
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", file.read_text()):
            assert (file.parent / target).exists(), f"{file.name} links to {target}"


def test_the_text_filter_of_the_manual_works(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    source = page("how-to/change-texts.md").split("```python\n")[1].split("```")[0]
    (tmp_path / "more" / "footer").mkdir(parents=True)
    (tmp_path / "more" / "footer" / "__init__.py").write_text(source)
    with make_app(plugin_dirs=str(tmp_path / "more")).app_context():
        current_host().enable("footer")
        shown = preview("Hi", Contact(last_name="Lee", first_name="Ann", custom={})).text
    assert shown == "Hi\nGoodbye, Ann: reply STOP to leave."
