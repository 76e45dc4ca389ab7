"""The forms of a page, as a browser would send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """`fields` are (name, kind, value); buttons with a name are fields of kind button."""

    method: str = "get"
    action: str = ""
    fields: list[tuple[str, str, str]] = field(default_factory=list)

    def filled(self, text: str | None = None) -> dict[str, str]:
        """As it stands, or with *text* in all that a person types or chooses."""
        values: dict[str, str] = {}
        for name, kind, value in self.fields:
            fixed = kind in ("hidden", "button", "radio", "checkbox", "file")
            values[name] = value if fixed or text is None else text
        return values


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._area = ""

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in given}
        if tag == "form":
            method = attributes.get("method", "get").lower()
            self._form = Form(method, attributes.get("action", ""))
            self.forms.append(self._form)
        elif self._form is not None and attributes.get("name"):
            name = attributes["name"]
            if tag == "input":
                kind = attributes.get("type", "text")
                self._form.fields.append((name, kind, attributes.get("value", "")))
            elif tag in ("select", "textarea"):
                self._form.fields.append((name, tag, ""))
            elif tag == "button":
                self._form.fields.append((name, "button", attributes.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None


def forms_of(page: str) -> list[Form]:
    reader = Reader()
    reader.feed(page)
    return reader.forms
