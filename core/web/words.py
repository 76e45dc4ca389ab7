"""Words and tones of states, and icons of happenings, as pages show them."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from heliograph.deliveries import obstacles
from heliograph.deliveries.obstacles import Obstacle
from heliograph.web.sentence_words import kept, told

# tone: good, bad, warn, busy, calm
STATUSES: dict[str, tuple[LazyString, str]] = {
    "draft": (_l("Draft"), "calm"),
    "scheduled": (_l("Scheduled"), "busy"),
    "running": (_l("Running"), "busy"),
    "paused": (_l("Paused"), "warn"),
    "held": (_l("Held"), "warn"),
    "ended": (_l("Ended"), "calm"),
    "finished": (_l("Finished"), "good"),
    "finished_rejected": (_l("Partly imported"), "warn"),
    "finished_nothing": (_l("Nothing imported"), "bad"),
    "cancelled": (_l("Cancelled"), "calm"),
    "failed": (_l("Failed"), "bad"),
    "queued": (_l("Waiting"), "calm"),
    "sending": (_l("Being sent"), "busy"),
    "unknown": (_l("Unclear"), "warn"),
    "accepted": (_l("Accepted"), "busy"),
    "sent": (_l("Sent"), "busy"),
    "delivered": (_l("Delivered"), "good"),
    "undelivered": (_l("Not delivered"), "bad"),
    "skipped": (_l("Skipped"), "calm"),
    "new": (_l("Just came in"), "calm"),
    "active": (_l("In it"), "busy"),
    "left": (_l("Left"), "calm"),
    "removed": (_l("Taken out"), "calm"),
    "waiting": (_l("Waiting"), "calm"),
    "open": (_l("Waits for the contact"), "busy"),
    "done": (_l("Done"), "good"),
    "uploaded": (_l("Not started"), "calm"),
    "pending": (_l("Waiting"), "calm"),
    "undoing": (_l("Being undone"), "busy"),
    "undone": (_l("Undone"), "calm"),
    "enabled": (_l("Enabled"), "good"),
    "disabled": (_l("Disabled"), "calm"),
    "broken": (_l("Broken"), "bad"),
    "shadowed": (_l("Shadowed"), "warn"),
    "missing": (_l("Missing"), "bad"),
    "admin": (_l("Admin"), "busy"),
    "marketer": (_l("Marketer"), "calm"),
    "reader": (_l("Read-only"), "calm"),
    "ok": (_l("OK"), "good"),
    "template": (_l("Template"), "calm"),
    "segment": (_l("For segments"), "busy"),
    "unsubscribed": (_l("Unsubscribed"), "bad"),
    "elsewhere": (_l("Unsubscribed elsewhere"), "bad"),
    "bounced": (_l("Bounced"), "bad"),
    "manual": (_l("Manual"), "warn"),
}
SKIPPED: dict[str, LazyString] = {
    "no_number": _l("No mobile number"),
    "invalid_number": _l("Number was marked invalid"),
    "dnc": _l("On do-not-contact"),
    "already_received": _l("Has already received this message"),
    "shared_number": _l("Shares the number of a contact who gets it"),
    "frequency_cap": _l("Has had its share of texts for now"),
    "contact_deleted": _l("Was deleted meanwhile"),
    "number_changed": _l("Has another number since the plan"),
    "empty_text": _l("Text would be empty for this contact"),
    "too_long": _l("Text would be too long for this contact"),
    "bad_token": _l("A token could not be filled"),
    "vetoed": _l("A plugin held it back"),
    "late": _l("Was held until it was too late"),
    "campaign_gone": _l("Was in a campaign that is deleted"),
}
FAILED: dict[str, LazyString] = {
    "bad_number": _l("No such number"),
    "unreachable": _l("Phone could not be reached"),
    "opted_out": _l("Had opted out at the provider"),
    "not_allowed": _l("Not allowed to send there"),
    "throttled": _l("Provider slowed us down"),
    "daily_cap": _l("Daily limit of the sender reached"),
    "transient": _l("Trouble at the provider"),
    "filtered": _l("Held back as spam"),
    "account": _l("Trouble with the account"),
    "config": _l("Wrong configuration"),
    "bad_content": _l("Text was refused"),
    "unknown_outcome": _l("Nobody knows whether it went out"),
    "unknown": _l("No reason was given"),
}
# where a page says it otherwise than a command
OBSTACLES: dict[str, LazyString] = {
    obstacles.PAUSED: _l("It is paused."),
    obstacles.NOBODY: _l(
        "It is due, and nothing happens: no process of the server seems to send. Ask an admin to "
        "look at the jobs."
    ),
}
CLICKS: dict[str, tuple[LazyString, str]] = {
    "person": (_l("Person"), "good"),
    "test": (_l("Test"), "calm"),
    "head": (_l("Machine"), "calm"),
    "prefetch": (_l("Loaded ahead"), "calm"),
    "robot": (_l("Machine"), "calm"),
    "early": (_l("Too soon for a person"), "calm"),
}
ENTRY_ICONS = {
    "clock": "clock",
    "send": "send",
    "check": "check2-all",
    "warning": "exclamation-triangle",
    "skip": "skip-forward",
    "question": "question-circle",
    "reply": "reply",
    "link": "link-45deg",
    "ban": "slash-circle",
    "allow": "check2",
    "import": "file-earmark-arrow-up",
    "edit": "pencil",
    "campaign": "diagram-3",
}
# how a member came into a campaign
ORIGINS: dict[str, LazyString] = {
    "segment": _l("a segment"),
    "hand": _l("hand"),
    "campaign": _l("another campaign"),
}
KINDS: dict[str, LazyString] = {
    "text": _l("Texts"),
    "reply": _l("Replies"),
    "campaign": _l("Campaigns"),
    "click": _l("Clicks"),
    "dnc": _l("Do-not-contact"),
    "import": _l("Imports"),
    "change": _l("Changes"),
}


def init_words(app: Flask) -> None:
    app.add_template_global(status_words)
    app.add_template_global(reason_words)
    app.add_template_global(obstacle_words)
    names = {"entry_icons": ENTRY_ICONS, "entry_kinds": KINDS, "click_kinds": CLICKS}
    app.jinja_env.globals.update(names, member_origins=ORIGINS)


def status_words(status: str) -> tuple[str, str]:
    """The word and the tone of a state; an unknown one stands for itself."""
    known = STATUSES.get(status)
    return (str(known[0]), known[1]) if known else (status.replace("_", " "), "calm")


def reason_words(reason: str) -> str:
    """Why a text was skipped or failed."""
    known = SKIPPED.get(reason) or FAILED.get(reason)
    return str(known) if known else reason.replace("_", " ")


def obstacle_words(obstacle: Obstacle) -> str:
    """Why a broadcast stands still."""
    detail = obstacle.detail.partition(" Run: ")[0]
    if obstacle.kind == obstacles.PAUSED and detail:
        return kept(detail)
    known = OBSTACLES.get(obstacle.kind)
    return str(known) if known else told(replace(obstacle, detail=detail).words)
