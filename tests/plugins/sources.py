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

NEWER = "from heliograph.plugin import SomethingOfTomorrow\n"  # what such a plugin begins with

BROKEN = {
    "newer": (
        NEWER + HEAD + "requires_api = 99\n" + CONFIG,
        "needs plugin API 99, this Heliograph has 1: upgrade Heliograph",
    ),
    "computed": (
        HEAD + "if True:\n    requires_api: int = API_VERSION + 1\n" + CONFIG,
        "needs plugin API 2, this Heliograph has 1: upgrade Heliograph",
    ),
    "worded": (
        HEAD + "requires_api = 'two'\n" + CONFIG,
        "requires_api is 'two' and must be a whole number from 1 on, such as requires_api = 1",
    ),
    "zeroth": (HEAD + "requires_api: int = 0\n" + CONFIG, "requires_api is 0 and must be a whole"),
    "yes": (HEAD + "requires_api = True\n" + CONFIG, "requires_api is True and must be a whole"),
    "called": (
        HEAD + "def latest(): return 1.5\nrequires_api = latest()\n" + CONFIG,
        "requires_api is 'latest()' and must be a whole number",
    ),
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
