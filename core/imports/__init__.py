"""CSV imports of contacts."""

from __future__ import annotations

from core.imports.models import Import, ImportContact
from core.imports.runner import (
    cancel_import,
    create_import,
    dry_run,
    get_import,
    run_import,
    run_pending_imports,
)

__all__ = [
    "Import",
    "ImportContact",
    "cancel_import",
    "create_import",
    "dry_run",
    "get_import",
    "run_import",
    "run_pending_imports",
]
