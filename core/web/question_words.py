"""Questions before what sends texts: what happens, to how many, and when."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask
from flask_babel import gettext as _
from flask_babel import ngettext

from heliograph.broadcasts.models import Broadcast
from heliograph.broadcasts.resuming import is_ahead, resume_version
from heliograph.campaigns import Campaign
from heliograph.db import utcnow
from heliograph.segments import Segment
from heliograph.web.locale import day_words


def init_questions(app: Flask) -> None:
    for words in (settle_words, resume_words, publish_words, hold_words):
        app.add_template_global(words)
    app.add_template_global(resume_version)


def settle_words(way: str, count: int) -> str:
    """Of texts of which nobody knows whether they went out."""
    if way == "sent":
        words = ngettext("%(num)s text counts as sent.", "%(num)s texts count as sent.", count)
    elif way == "failed":
        words = ngettext("%(num)s text counts as failed.", "%(num)s texts count as failed.", count)
    else:
        words = ngettext(
            "%(num)s text is sent again now. Who got it already gets it twice.",
            "%(num)s texts are sent again now. Who got them already gets them twice.",
            count,
        )
    return str(words)


def resume_words(broadcast: Broadcast, waiting: int) -> str:
    """Of a paused broadcast, that may not have begun yet."""
    at = broadcast.message.publish_up
    if at is not None and is_ahead(broadcast):
        return str(_("It is sent at %(time)s, as scheduled.", time=day_words(at)))
    if broadcast.started_at is None and (at is None or not broadcast.message.is_open(utcnow())):
        return str(
            _(
                "Nothing is sent yet: the message is not published, has no time, or its time "
                "is over."
            )
        )
    if broadcast.planned_at is None:
        return str(_("It is sent now, to all recipients in its segments."))
    words = ngettext(
        "Sending goes on now: %(num)s text is waiting.",
        "Sending goes on now: %(num)s texts are waiting.",
        waiting,
    )
    return str(words)


def publish_words(campaign: Campaign, inside: int, sources: Sequence[Segment]) -> str:
    """Of a campaign that was held: who goes on, who comes in, and from when."""
    count = sum(segment.member_count for segment in sources)
    names = ", ".join(segment.name for segment in sources)
    on = ngettext("%(num)s contact in it goes on.", "%(num)s contacts in it go on.", inside)
    come = ngettext(
        "Of %(num)s member of %(names)s comes in who is not in it yet.",
        "Of %(num)s members of %(names)s those come in who are not in it yet.",
        count,
        names=names,
    )
    parts = [on, come] if sources else [on]
    if campaign.publish_up and campaign.publish_up > utcnow():
        parts.append(_("Nothing happens before %(time)s.", time=day_words(campaign.publish_up)))
    return " ".join(str(part) for part in parts)


def hold_words(inside: int) -> str:
    words = ngettext(
        "%(num)s contact stays where it is: nothing is sent until it is published again.",
        "%(num)s contacts stay where they are: nothing is sent until it is published again.",
        inside,
    )
    return str(words)
