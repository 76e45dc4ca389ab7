"""What the contact page and the do-not-contact page do to the list."""

from __future__ import annotations

from flask import flash
from flask_babel import gettext as _

from heliograph.dnc import add_dnc, find_dnc, lift_dnc
from heliograph.web.access import actor


def put_on_list(number: str, reason: str, comment: str) -> None:
    add_dnc(number, reason=reason, comment=comment.strip()[:500], source=source())
    flash(_("%(number)s is on do-not-contact.", number=number))


def take_off_list(number: str, comment: str = "") -> None:
    """Lift all but a STOP, and say what is left."""
    lifted = lift_dnc(number, comment=comment.strip()[:500], source=source())
    if find_dnc(number) is None:
        flash(_("%(number)s may be contacted again.", number=number))
    elif lifted:
        flash(
            _(
                "The other entries are lifted. %(number)s opted out and stays on the list until "
                "that phone sends START.",
                number=number,
            )
        )
    else:
        flash(
            _(
                "%(number)s opted out: it stays on the list until that phone sends START.",
                number=number,
            ),
            "error",
        )


def source() -> str:
    return f"user {actor().email}"[:60]
