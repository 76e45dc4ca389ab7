"""Core's own checks, handed over by the hook that plugins use."""

from __future__ import annotations

from heliograph.checkup.database import look_at_database
from heliograph.checkup.machine import look_at_machine
from heliograph.checkup.plugins import look_at_plugins
from heliograph.checkup.replies import look_at_replies
from heliograph.checkup.sending import look_at_sending
from heliograph.checkup.settings import look_at_settings
from heliograph.hookspecs import hookimpl
from heliograph.host.extensions import DoctorCheck


@hookimpl
def register_checks() -> list[DoctorCheck]:
    return [
        DoctorCheck("checkup.database", look_at_database),
        DoctorCheck("checkup.machine", look_at_machine),
        DoctorCheck("checkup.settings", look_at_settings),
        DoctorCheck("checkup.plugins", look_at_plugins),
        DoctorCheck("checkup.sending", look_at_sending),
        DoctorCheck("checkup.replies", look_at_replies),
    ]
