"""CSV imports of contacts."""

from __future__ import annotations

from heliograph.imports.create import create_import
from heliograph.imports.models import Import, ImportContact
from heliograph.imports.pending import run_pending_imports
from heliograph.imports.plan import Choices
from heliograph.imports.runner import cancel_import, get_import, run_import
from heliograph.imports.trial import Trial, dry_run

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
