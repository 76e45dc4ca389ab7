"""Where lives begin, see `lives`: processes that have everything imported at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.process import BaseProcess

from flask import Flask

from heliograph.installation import settings_of


class Nursery:
    """Forks processes off one that has everything imported, so that lives begin fast."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.campaigns.lives"])

    def begin(
        self,
        live: Callable[[dict[str, str], str, int], None],
        environment: dict[str, str],
        step: str = "",
        countdown: int = 0,
    ) -> BaseProcess:
        process = self._context.Process(
            target=live, args=(environment, step, countdown), daemon=True
        )
        process.start()
        return process


def end(process: BaseProcess) -> bool:
    """Kill it; whether it had died by itself."""
    by_itself = not process.is_alive()
    process.kill()
    process.join()
    return by_itself


def environment_of(app: Flask) -> dict[str, str]:
    settings = settings_of(app)
    return {
        "HELIOGRAPH_DATA_DIR": str(settings.data_dir),
        "HELIOGRAPH_DATABASE_URL": settings.database_url,
        "HELIOGRAPH_SECRET_KEY": settings.secret_key,
    }
