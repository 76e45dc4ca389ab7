"""The rules of the URL map: with ids that a database can hold."""

from __future__ import annotations

from werkzeug.routing import IntegerConverter


class IdConverter(IntegerConverter):
    """`<int:...>` of every page, also of plugins: no database holds an id that is longer."""

    regex = r"[0-9]{1,18}"
