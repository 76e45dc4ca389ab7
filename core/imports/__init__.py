"""CSV imports of contacts."""

from __future__ import annotations

from core.imports.create import create_import
from core.imports.models import Import, ImportContact
from core.imports.pending import run_pending_imports
from core.imports.plan import Choices
from core.imports.runner import cancel_import, get_import, run_import
from core.imports.trial import Trial, dry_run

__all__ = [
    "Choices",
    "Import",
    "ImportContact",
    "Trial",
    "cancel_import",
    "create_import",
    "dry_run",
    "get_import",
    "run_import",
    "run_pending_imports",
]
