"""Sources of plugins that load well and misbehave when they are called."""

from __future__ import annotations

from tests.plugins.sources import CONFIG, HEAD

EXITING = (
    '"""Exiting\n"""\n'
    + "import sys\nimport pathlib\nfrom pydantic import model_validator\n"
    + HEAD
    + """
callbacks = Callbacks("callbacks", __name__)
leaving = Callbacks("leaving", __name__)

@callbacks.post("/callback")
def callback():
    sys.exit("callback")

@leaving.before_request
def before():
    raise KeyboardInterrupt

@leaving.get("/early")
def early():
    return "never"

def work():
    sys.exit("job")

def wanted():
    sys.exit("wanted")

def act(context):
    sys.exit("action")

class Picked(EventConfig):
    @model_validator(mode="after")
    def look(self):
        return self if pathlib.Path(__file__).with_name("sound").exists() else {}["secret"]

@hookimpl
def register_blueprints():
    return [callbacks, leaving]

@hookimpl
def register_jobs():
    return [Job("exiting.work", 1, work), Job("exiting.wish", 1, lambda: 7, wanted=wanted)]

@hookimpl
def register_actions():
    return [
        Action("exiting.act", "Act", EventConfig, act),
        Action("exiting.pick", "Pick", Picked, lambda context: None),
    ]

@hookimpl
def contact_changed(contact_id, change):
    sys.exit("hook")

@hookimpl
def timeline_entries(contact, before, limit):
    sys.exit("timeline")
"""
)

PROVIDER = (
    HEAD
    + CONFIG
    + "class Odd(Provider):\n    name, label = 'odd', 'Odd'\n"
    + "    def send(self, text): ...\n"
    + "{}\n"
    + "@hookimpl\ndef register_providers():\n    return [Odd]\n"
)

# what `check` does, and the words for the admin
CHECKS = {
    "raise Failure(FailureKind.ACCOUNT, 'Odd refused the key')": "Odd refused the key",
    "return 'fine'": "check answered with 'fine', which is no Check",
    "return None": "check answered with None, which is no Check",
    "return {'ok': True}": "which is no Check",
    "{}['id']": "The test itself failed: KeyError: 'id'",
    "import sys; sys.exit(2)": "The test itself failed: PluginExit: its code raised SystemExit(2)",
    "raise KeyboardInterrupt": "its code raised KeyboardInterrupt",
    "import time; time.sleep(30)": "Odd gave no answer within 1 seconds",
    "return Check(ok='yes', text=None, facts=[1])": "It said nothing.",
}

# what `steps` is, and what the page shows
STEPS = {
    "    def steps(self, url): return ['Paste ' + url]": "Paste https://",
    "    def steps(self, url): return [self.config.nothing]": "The plugin cannot tell the steps",
    "    @classmethod\n    def steps(cls, url): 1 / 0": "ZeroDivisionError",
    "    @classmethod\n    def steps(cls, url): raise SystemExit": "PluginExit",
    "    @classmethod\n    def steps(cls, url): return 'Paste it'": "Paste it",
    "    @classmethod\n    def steps(cls, url): return [None, 7, 'Third']": "Third",
    "    @staticmethod\n    def steps(url): return ('Paste',)": "Paste",
}

# facts that core cannot reckon with, and the words
FACTS = {
    "    sender = None": "its sender is None, which is no text",
    "    sender = 15551234567": "its sender is 15551234567, which is no text",
    "    sender = 'x' * 65": "its sender is longer than 64 characters",
    "    @property\n    def sender(self): return self.config.nothing": "AttributeError",
    "    @property\n    def sender(self): raise SystemExit": "PluginExit",
    "    parts_per_second = '5'": "its parts_per_second is '5', which is no number",
    "    parts_per_second = -1": "must be at least 0",
    "    parts_per_second = float('nan')": "must be at least 0",
    "    concurrency = 0": "must be at least 1",
    "    timeout = None": "its timeout is None, which is no number",
}
