"""The table of jobs: when each last ran, in any process, and what came of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.db import Model, UTCDateTime


class JobRun(Model):
    """`lease_until` keeps a second process from running the job at the same time.

    `owner` is the process that runs it, see core/owners.py.
    """

    __tablename__ = "job_runs"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    owner: Mapped[str | None] = mapped_column(String(160))
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seconds: Mapped[float | None] = mapped_column(Float)
    result: Mapped[str] = mapped_column(Text, default="")
    error: Mapped[str] = mapped_column(Text, default="")
