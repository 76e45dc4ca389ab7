"""What imports add: the page of each."""

from __future__ import annotations

from heliograph.hookspecs import hookimpl
from heliograph.host.extensions import ObjectPage


@hookimpl
def register_object_pages() -> list[ObjectPage]:
    return [ObjectPage("import", "imports.show", "import_id")]
