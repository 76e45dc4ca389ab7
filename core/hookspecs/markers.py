"""The two markers of pluggy, alone so that the spec files can import them."""

from __future__ import annotations

import pluggy

PROJECT = "heliograph"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
