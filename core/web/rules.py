"""The rules of the URL map: cheap to make, and with ids that a database can hold."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import IntegerConverter, Rule

Builder = Callable[..., tuple[str, str]]


class LateRule(Rule):
    """Writes the code that builds its address when the first address is asked for.

    Werkzeug writes it for each rule at once, which was more than half of making an application.
    Should it call that step otherwise one day, rules are merely made early again.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Builder:  # noqa: FBT001, FBT002  its signature
        made: list[Builder] = []

        def build(rule: Rule, **values: object) -> tuple[str, str]:
            if not made:
                made.append(super(LateRule, self)._compile_builder(append_unknown))
            return made[0](rule, **values)

        return build


class IdConverter(IntegerConverter):
    """`<int:...>` of every page, also of plugins: no database holds an id that is longer."""

    regex = r"[0-9]{1,18}"
