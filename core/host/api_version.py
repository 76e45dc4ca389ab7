"""The version of the plugin API, and whether a plugin needs a newer one."""

from __future__ import annotations

import ast
from pathlib import Path

from heliograph.host.contributions import BadContribution

API_VERSION = 1  # rises when heliograph.plugin gains a name or a hook an argument
ATTRIBUTE = "requires_api"


def check_source(path: Path) -> None:
    """Raise BadContribution when the module at *path* requires an API that is not there.

    The source is read, not run: a plugin that needs a newer API fails in its first import.
    """
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return  # the import says it in better words
    for statement in tree.body:
        value = assigned(statement)
        if value is not None:
            check_required(literal(value))


def assigned(statement: ast.stmt) -> ast.expr | None:
    """The expression that *statement* assigns to `requires_api`, if it does."""
    if isinstance(statement, ast.Assign):
        names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        names = [statement.target.id]
    else:
        return None
    return statement.value if ATTRIBUTE in names else None


def literal(value: ast.expr) -> object:
    """The value as it stands in the source; a computed one as its text, which is refused."""
    try:
        found: object = ast.literal_eval(value)
    except ValueError:
        return ast.unparse(value)
    return found


def check_required(value: object) -> None:
    """Raise BadContribution unless *value* is a version that this Heliograph has."""
    if type(value) is not int or value < 1:
        raise BadContribution(
            f"{ATTRIBUTE} is {value!r} and must be a whole number from 1 on, "
            f"such as {ATTRIBUTE} = {API_VERSION}"
        )
    if value > API_VERSION:
        raise BadContribution(
            f"needs plugin API {value}, this Heliograph has {API_VERSION}: upgrade Heliograph"
        )
