"""The phones on a page: read what arrived, answer, opt out."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from heliograph.plugin import BadInput, HeliographError, Pages, db

from .reports import answer
from .tables import SimulatorText

pages = Pages("phones", __name__, menu="Phones", icon="phone", template_folder="templates")

PHONES, TEXTS = 40, 60
LONGEST = 1600


@pages.get("/")
def index() -> str:
    """All phones, and one of them opened."""
    return render_template("simulator/phones.html", **facts(chosen_number()))


@pages.get("/screen")
def screen() -> str:
    """The screens alone, for the page that keeps itself up to date."""
    return render_template("simulator/screen.html", **facts(chosen_number()))


def chosen_number() -> str:
    return request.args.get("number", "").replace("\x00", "")[:32]


def facts(number: str) -> dict[str, object]:
    newest = (
        select(func.max(SimulatorText.id))
        .group_by(SimulatorText.number)
        .order_by(func.max(SimulatorText.id).desc())
        .limit(PHONES)
    )
    last = db.session.scalars(
        select(SimulatorText).where(SimulatorText.id.in_(newest)).order_by(SimulatorText.id.desc())
    ).all()
    number = number or (last[0].number if last else "")
    texts = db.session.scalars(
        select(SimulatorText)
        .where(SimulatorText.number == number)
        .order_by(SimulatorText.id.desc())
        .limit(TEXTS)
    ).all()
    return {"phones": last, "number": number, "texts": texts[::-1]}


@pages.post("/answer")
def reply() -> Response:
    """Answer from a phone: it goes the way of a real callback."""
    number, text = (
        request.form.get("number", ""),
        request.form.get("text", "").replace("\x00", "").strip(),
    )
    if not number.startswith("+") or not number[1:].isdecimal():
        raise BadInput("number", "is not written in full", value=number, mend="Choose a phone.")
    if len(text) > LONGEST:
        raise BadInput("text", "is too long", mend=f"Use {LONGEST} characters at most.")
    try:
        if text:
            answer(number, text)
    except HeliographError as error:
        flash(error.message, "error")
    return redirect(url_for(".index", number=number) + "#answer", 303)
