"""Footer - a plugin that adds a line to each text of a message.

For tests of core: they reach it as `heliograph.plugins.footer` and fill `faults`.
"""

from __future__ import annotations

from collections.abc import Callable

from heliograph.plugin import Marked, TextFilter, Words, hookimpl

MARK = "\x01"
faults: dict[str, Callable[[], object]] = {}  # by what fails: begin, finish, sample
begun: list[Words] = []


class Line(Marked):
    def __init__(self, text: str, *, sample: bool) -> None:
        self.text = f"{text} Bye {{contactfield=lastname|friend}}, https://acme.example/no {MARK}"
        self.sample = sample

    def finish(self, filled: str, delivery_id: int) -> str:
        if "finish" in faults and not self.sample:
            return faults["finish"]()  # type: ignore[return-value]  # a fault
        return filled.replace(MARK, "#0" if self.sample else f"#{delivery_id}")


class Footer(TextFilter):
    key = "footer.line"

    def begin(self, words: Words) -> Marked | None:
        begun.append(words)
        if "begin" in faults:
            return faults["begin"]()  # type: ignore[return-value]  # a fault
        return None if "plain" in words.text else Line(words.text, sample=False)

    def sample(self, words: Words) -> Marked | None:
        if "sample" in faults:
            faults["sample"]()
        return None if "plain" in words.text else Line(words.text, sample=True)


@hookimpl
def register_text_filters() -> list[TextFilter]:
    return [Footer()]
