"""The public door: all that a plugin imports from Heliograph.

A provider in one file, `plugins/acme/__init__.py`::

    \"\"\"Acme SMS - sends through acme.example.\"\"\"

    from pydantic import Field, SecretStr
    from heliograph.plugin import PluginConfig, Provider, Sent, hookimpl

    class Config(PluginConfig):
        api_key: SecretStr = Field(title="API key", description="Acme > Settings > Keys")

    class Acme(Provider):
        name, label = "acme", "Acme SMS"

        async def send(self, text):
            ...                       # raise Failure(kind, words) when it fails
            return Sent(provider_id="...")

    @hookimpl
    def register_config(): return Config

    @hookimpl
    def register_providers(): return [Acme]

Core itself never imports this module. Names leave it only after a release that
deprecates them; hooks gain arguments but never lose them (an implementation may
take fewer). `API_VERSION` rises with each such change; a plugin that needs what version 2 brought
says `requires_api = 2` in its module, and is left out, in words, by an older Heliograph.
"""

from __future__ import annotations

from heliograph.actions import (
    Action,
    ActionBatch,
    ActionContext,
    Outcome,
    Outcomes,
    Result,
    send_text_action,
)
from heliograph.channel import (
    Check,
    Failure,
    FailureKind,
    InboundText,
    Media,
    Opt,
    OutgoingText,
    Provider,
    Sent,
    Status,
    StatusReport,
)
from heliograph.db import Id, Json, Model, UTCDateTime, db, transaction, utcnow
from heliograph.deliveries.group_commit import GroupCommit
from heliograph.errors import BadInput, Conflict, HeliographError, NotFound
from heliograph.events import (
    Batch,
    Condition,
    Decision,
    EventConfig,
    Path,
    Place,
    Signal,
    SignalKind,
    WaitConfig,
    yes_or_no,
)
from heliograph.hookspecs.markers import hookimpl
from heliograph.host.api_version import API_VERSION
from heliograph.host.contributions import Callbacks, Job, Pages, PluginConfig
from heliograph.host.extensions import (
    Card,
    DoctorCheck,
    Finding,
    MenuEntry,
    Metric,
    ObjectPage,
    needs_role,
)
from heliograph.http_session import NotConnected, open_session
from heliograph.plugin.services import (
    plugin_config,
    post_callbacks,
    public_url,
    receive_reply,
    receive_status,
)
from heliograph.proxies import Proxy, proxy_for, tls_context
from heliograph.segment_subjects import SegmentSubject
from heliograph.segments.conditions import Operand, Operator
from heliograph.text_filters import Marked, TextFilter, Words
from heliograph.timeline import TimelineEntry

__all__ = [
    "API_VERSION",
    "Action",
    "ActionBatch",
    "ActionContext",
    "BadInput",
    "Batch",
    "Callbacks",
    "Card",
    "Check",
    "Condition",
    "Conflict",
    "Decision",
    "DoctorCheck",
    "EventConfig",
    "Failure",
    "FailureKind",
    "Finding",
    "GroupCommit",
    "HeliographError",
    "Id",
    "InboundText",
    "Job",
    "Json",
    "Marked",
    "Media",
    "MenuEntry",
    "Metric",
    "Model",
    "NotConnected",
    "NotFound",
    "ObjectPage",
    "Operand",
    "Operator",
    "Opt",
    "Outcome",
    "Outcomes",
    "OutgoingText",
    "Pages",
    "Path",
    "Place",
    "PluginConfig",
    "Provider",
    "Proxy",
    "Result",
    "SegmentSubject",
    "Sent",
    "Signal",
    "SignalKind",
    "Status",
    "StatusReport",
    "TextFilter",
    "TimelineEntry",
    "UTCDateTime",
    "WaitConfig",
    "Words",
    "db",
    "hookimpl",
    "needs_role",
    "open_session",
    "plugin_config",
    "post_callbacks",
    "proxy_for",
    "public_url",
    "receive_reply",
    "receive_status",
    "send_text_action",
    "tls_context",
    "transaction",
    "utcnow",
    "yes_or_no",
]
