"""`heliograph serve` and `heliograph worker`."""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication

from heliograph import create_app
from heliograph.cli.context import told_errors
from heliograph.db import db
from heliograph.demo import set_up_demo
from heliograph.installation import settings_of
from heliograph.jobs.clock import Clock, start_clock
from heliograph.setup_token import needs_token, setup_token
from heliograph.upgrades import upgrade_schema
from heliograph.users import user_count

log = logging.getLogger(__name__)

THREADS = 256  # at the most: each is begun when it is needed, and a slow client holds one
GRACE_SECONDS = 9  # from SIGTERM to the end, whatever hangs


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with threads; each worker has a clock of its own."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for key, value in self._options.items():
            self.cfg.set(key, value)

    def load(self) -> Flask:
        return create_app()


def begin_clock(worker: Any) -> None:
    """Start the clock of a gunicorn worker; at SIGTERM it ends beside the open requests."""
    clock = worker.heliograph_clock = start_clock(worker.app.wsgi())
    if clock is None:
        return

    def ended(number: int, frame: Any) -> None:
        threading.Thread(target=clock.stop, daemon=True).start()
        worker.handle_exit(number, frame)

    signal.signal(signal.SIGTERM, ended)


def end_clock(_server: Any, worker: Any) -> None:
    clock: Clock | None = getattr(worker, "heliograph_clock", None)
    if clock is not None:
        clock.stop()


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option("--threads", type=click.IntRange(1, 1024), default=THREADS, show_default=True)
@click.option("--demo", is_flag=True, help="On a new installation, enable the simulator")
def serve(host: str, port: int, workers: int, threads: int, demo: bool) -> None:
    """Serve the web, run the jobs and send, until SIGTERM.

    Brings the schema up to date first.
    """
    with told_errors():
        app = create_app()
        with app.app_context():
            upgrade_schema()
            if demo:
                set_up_demo()
            first = first_account(app, host)
            db.session.remove()
            db.engine.dispose()
    click.echo(f"Heliograph answers at http://{host}:{port}/ – stop it with Ctrl+C.", err=True)
    if first:
        click.echo(first, err=True)
    options = options_for(f"{host}:{port}", workers=workers, threads=threads)
    Server(options | {"post_worker_init": begin_clock, "worker_exit": end_clock}).run()


def first_account(app: Flask, host: str) -> str:
    """How the first account of a server that others can reach is made; "" when not needed."""
    settings = settings_of(app)
    if user_count() or not needs_token(settings, host):
        return ""
    where = settings.public_url.rstrip("/") or "the address of this server"
    page = f"{where}/welcome?setup_token={setup_token(settings)}"
    return f"Nobody has an account yet. Make the first one at {page}"


def options_for(address: str, *, workers: int = 1, threads: int = THREADS) -> dict[str, Any]:
    """gunicorn's settings as `serve` uses them."""
    return {
        "bind": address,
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "graceful_timeout": GRACE_SECONDS,
        "timeout": 60,
        "proc_name": "heliograph",
        "loglevel": "warning",
    }


@click.command()
def worker() -> None:
    """Run the jobs and send, without the web, until SIGTERM."""
    with told_errors():
        app = create_app()
        with app.app_context():
            upgrade_schema()
            db.session.remove()
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        clock = start_clock(app)
        if clock is None:
            raise click.UsageError("HELIOGRAPH_SCHEDULER is off: a worker would do nothing")
        click.echo("The worker runs – stop it with Ctrl+C.", err=True)
        stopped.wait()
        end_within(GRACE_SECONDS)
        clock.stop()


def end_within(seconds: float) -> None:
    """End this process by then, also while a job hangs: all it holds is claimed with a lease."""
    timer = threading.Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()
