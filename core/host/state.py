"""What is enabled and how it is configured: the plugin_states table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import g
from sqlalchemy import Boolean, String, select
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.db import (
    Json,
    Model,
    UTCDateTime,
    db,
    insert_new,
    refuse_changed,
    transaction,
    utcnow,
)


class PluginState(Model):
    """`config` holds plain values, {"secret": token} or {"env": NAME} per key.

    At most one that is enabled `is_default`: the provider of texts that name none.
    """

    __tablename__ = "plugin_states"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    enabled: Mapped[bool] = mapped_column(Boolean, default=False)
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
    enabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    config: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow, onupdate=utcnow)


def states() -> dict[str, PluginState]:
    """All states by name, read once per request, tick or command."""
    if "plugin_states" not in g:
        g.plugin_states = {state.name: state for state in db.session.scalars(select(PluginState))}
    found: dict[str, PluginState] = g.plugin_states
    return found


def forget_states() -> None:
    """Read them anew next time: after a change, or in a long run."""
    g.pop("plugin_states", None)
    for state in [item for item in db.session if isinstance(item, PluginState)]:
        db.session.expire(state)


def change_state(name: str, *, seen: datetime | None = None, **values: Any) -> PluginState:
    """Store *values* for the plugin, adding its row when it is new; raises Changed."""
    with transaction() as session:
        row = {"name": name, "enabled": False, "is_default": False, "config": {}}
        insert_new(PluginState, [row | {"created_at": utcnow(), "updated_at": utcnow()}])
        state = session.get_one(PluginState, name, with_for_update=True, populate_existing=True)
        refuse_changed(seen, state.updated_at)
        if values.get("is_default"):
            for other in session.scalars(select(PluginState).where(PluginState.name != name)):
                other.is_default = False
        for key, value in values.items():
            setattr(state, key, value)
        session.flush()  # what is not yet written would be forgotten
    forget_states()
    return state
