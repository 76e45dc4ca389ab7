"""Sending a form: once only, refused with all that was typed, and never over another's change."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from heliograph.contacts.profile import LARGEST_ID
from heliograph.errors import BadInput, HeliographError, NotFound
from heliograph.submissions import claim, release, settle

Page = str | Response | tuple[str, int]
Save = Callable[[], str]
Again = Callable[[HeliographError], str]


def submit(save: Save, again: Again) -> Page:
    """Have *save* take the form once; it answers where to go on.

    A form that was taken before leads to what it made. When *save* raises, the
    form is shown by *again* with the error and nothing was stored.
    """
    key = request.form.get("form_key", "")
    earlier = claim(key)
    if earlier is not None:
        flash(_("This form was saved already. Open a new one to add another."), "info")
        return redirect(earlier or url_for("dashboard.show"), 303)
    try:
        location = save()
    except HeliographError as error:
        release(key)
        return again(error), error.status
    except BaseException:
        release(key)
        raise
    settle(key, location)
    return redirect(location, 303)


def errors_of(error: HeliographError | None) -> dict[str, str]:
    """The error by the field that it is about; "" for all of the form."""
    if error is None:
        return {}
    if not isinstance(error, BadInput):
        return {"": error.message}
    return {error.field: words_of(error)}


def words_of(error: BadInput) -> str:
    """For the place below a field: without the field's name and the value in it."""
    problem = error.problem[:1].upper() + error.problem[1:]
    return f"{problem}. {error.mend}".strip()


def seen_version() -> datetime | None:
    """The version of the thing that the form was made from."""
    text = request.form.get("version", "")
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise BadInput("version", "is not one of ours", mend="Open the page again.") from None


def page_number(name: str) -> int | None:
    """An id out of the address, or None when it holds none."""
    text = request.args.get(name, "")
    if not re.fullmatch(r"[0-9]{1,19}", text):
        return None
    return min(int(text), LARGEST_ID)


def form_ids(name: str) -> list[int]:
    """Ids out of a form's field; raises NotFound on what is none."""
    found = []
    for text in request.form.getlist(name):
        if not re.fullmatch(r"[0-9]{1,18}", text):
            raise NotFound(f"There is no {name} {text[:40]!r}.")
        found.append(int(text))
    return found


def differences(
    typed: Mapping[str, object], stands: Mapping[str, object], labels: Mapping[str, str]
) -> list[tuple[str, str]]:
    """What stands now where it differs from what was typed, by label."""
    return [
        (labels.get(name, name), str(value if value is not None else ""))
        for name, value in stands.items()
        if name in typed and str(typed[name] or "") != str(value if value is not None else "")
    ]
