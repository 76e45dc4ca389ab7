"""Sources of plugins: a sound one, and one for each way to break."""

from __future__ import annotations

from pathlib import Path

GOOD = '''"""Acme SMS

Sends through acme.example.
"""
from pydantic import Field, SecretStr
from heliograph.plugin import *
from heliograph.plugin import PluginConfig, Provider, Sent, hookimpl
__version__ = "2.1"
__author__ = "Acme"

class Config(PluginConfig):
    api_key: SecretStr = Field(title="API key", description="Acme > Keys")
    pace: float = Field(1, title="Pace", description="Parts a second", ge=0)

class Acme(Provider):
    name, label = "acme", "Acme"
    def send(self, text):
        with open(self.config.api_key.get_secret_value(), "a") as file:
            file.write(text.to + "\\n")
        return Sent("A" + text.reference)

@hookimpl
def register_config():
    return Config

@hookimpl
def register_providers():
    return [Acme]
'''

HEAD = "from heliograph.plugin import *\nfrom heliograph.plugin import hookimpl\n"
CONFIG = "@hookimpl\ndef register_config():\n    return PluginConfig\n"

BROKEN = {
    "syntax": ("def (:\n", "SyntaxError"),
    "missing": ("import no_such_library\n", "No module named 'no_such_library'"),
    "leaves": ("import sys\nsys.exit(3)\n", "SystemExit"),
    "misspelt": (HEAD + "@hookimpl\ndef register_provider():\n    return []\n", "unknown hook"),
    "argument": (HEAD + "@hookimpl\ndef reply_received(answer):\n    pass\n", "answer"),
    "nothing": ("x = 1\n", "implements no hook"),
    "model": (HEAD + "@hookimpl\ndef register_config():\n    return 7\n", "pydantic model"),
    "named": (
        HEAD
        + CONFIG
        + "class P(Provider):\n    name = 'other'\n    def send(self, text): ...\n"
        + "@hookimpl\ndef register_providers():\n    return [P]\n",
        "must be the plugin's name",
    ),
    "mute": (
        HEAD
        + CONFIG
        + "class P(Provider):\n    name = 'mute'\n"
        + "@hookimpl\ndef register_providers():\n    return [P]\n",
        "no send method",
    ),
    "unlisted": (
        HEAD + "@hookimpl\ndef register_jobs():\n    return 'soon'\n",
        "must return a list",
    ),
    "raises": (HEAD + "@hookimpl\ndef register_actions():\n    1 / 0\n", "ZeroDivisionError"),
    "tables": (
        HEAD
        + "from sqlalchemy.orm import Mapped, mapped_column\n"
        + "class T(Model):\n    __tablename__ = 'elsewhere'\n"
        + "    id: Mapped[int] = mapped_column(primary_key=True)\n"
        + CONFIG,
        "must be called 'tables_...'",
    ),
    "keys": (
        HEAD + "@hookimpl\ndef register_jobs():\n    return [Job('core.x', 1, lambda: None)]\n",
        "must begin with 'keys.'",
    ),
    "routes": (
        HEAD
        + "from flask import Blueprint\n"
        + "one = Blueprint('b', __name__)\ntwo = Blueprint('b', __name__)\n"
        + "@hookimpl\ndef register_blueprints():\n    return [one, two]\n",
        "already registered",
    ),
}


def put(folder: Path, name: str, source: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(source)
