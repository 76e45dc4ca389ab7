"""What docs/reference/events.md promises: a plain interpreter of one person's way.

It shares nothing with the product. People do not meet each other, so each is taken
alone, from one moment at which something is due to the next.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.campaigns.randomly.clocks import later
from tests.campaigns.randomly.contact import OPTED_OUT, Deed, Step
from tests.campaigns.randomly.scenario import Happening, Line, Person, Scenario
from tests.campaigns.randomly.walking import Lots, Walk
from tests.campaigns.randomly.words import fits, is_like, meaning, names_it


def expected(scenario: Scenario, person: Person, lots: Lots) -> list[Line]:
    """What happens to *person*, in order; raises Unclear."""
    return Life(scenario, person, lots).play()


class Life(Walk):
    """What the contact does and what it decides."""

    # -- decisions -------------------------------------------------------

    def open(self, step: Step) -> None:
        step.status, step.until = "open", self.end_of_wait(step, self.now)
        if step.until:
            self.contact.touch("field timezone", step)
        self.decide(step)

    def end_of_wait(self, step: Step, begun: datetime) -> datetime | None:
        """None waits for ever."""
        amount, unit = step.config.get("wait_amount", 0), step.config.get("wait_unit", "days")
        return later(begun, amount, unit, self.contact.zone)[0] if amount else None

    def listen(self) -> None:
        """Whatever was done or reported decides what is open, also in a hold."""
        for step in self.live():
            if step.status == "open":
                self.decide(step)

    def decide(self, step: Step) -> None:
        if step.type in ("delivered", "failed"):
            self.decide_by_fate(step)
        elif any(self.counts(deed, step) for deed in self.deeds):
            self.end(step, path="yes")

    def decide_by_fate(self, step: Step) -> None:
        text, key = step.before, step.key
        if text is None or text.over is None:
            return
        if (key, id(text)) in self.asked and text.over <= self.came_out[key]:
            return
        is_lost = text.fate != "delivered"
        if is_lost == (step.type == "failed"):
            self.end(step, path="yes")
        elif is_lost:
            # whom a jump brings back so soon would go round and round
            last = self.came_out.get(key)
            over = self.end_of_wait(step, last) if last else self.now
            if over and over <= self.now:
                self.end(step, path="no")

    def counts(self, deed: Deed, step: Step) -> bool:
        """Whether it is what the step waits for, and none that it had before."""
        kinds = {"replies": "reply", "clicks": "click", "opted_out": "dnc"}
        used = self.came_out.get(step.key)
        if deed.kind != kinds[step.type] or (used is not None and deed.at <= used):
            return False
        to = "" if step.type == "opted_out" else step.config.get("to", "campaign")
        since = step.parent.began if step.parent else step.laid
        if to == "campaign" and step.before and step.before.went:
            since = min(since, step.before.went)
        about_it = deed.text is not None and deed.text is step.before
        if not about_it and deed.at < since:
            return False
        return step.type == "opted_out" or self.is_meant(deed, step, to, about_it=about_it)

    def is_meant(self, deed: Deed, step: Step, to: str, *, about_it: bool) -> bool:
        if (to == "last" and not about_it) or (to == "campaign" and deed.text is None):
            return False
        if step.type == "clicks":
            address = step.config.get("address", "")
            return not address or is_like(deed.words, address)
        if not fits(deed.words, step.config):
            return False
        asked_for = step.config.get("opt_words") or names_it(deed.words, step.config)
        return not deed.meaning or bool(asked_for)

    # -- what happens ----------------------------------------------------

    def happen(self, one: Happening) -> None:
        getattr(self, f"on_{one.do}")(one.facts)

    def on_outage(self, facts: dict[str, Any]) -> None:
        self.out_until = facts["until"]

    def on_recover(self, _facts: dict[str, Any]) -> None:
        self.out_until = None

    def on_fail(self, facts: dict[str, Any]) -> None:
        self.failing = (facts["how"], facts["kind"])

    def on_heal(self, _facts: dict[str, Any]) -> None:
        self.failing = None

    def on_hold(self, _facts: dict[str, Any]) -> None:
        self.is_held, self.held_at = True, self.now

    def on_publish(self, _facts: dict[str, Any]) -> None:
        self.is_held, self.went_on_at = False, self.now

    def on_disable(self, _facts: dict[str, Any]) -> None:
        self.is_off = True

    def on_enable(self, _facts: dict[str, Any]) -> None:
        self.is_off = False

    def on_edit(self, facts: dict[str, Any]) -> None:
        """Somebody changes the contact's page."""
        self.contact.tags |= set(facts.get("add", ()))
        self.contact.tags -= set(facts.get("remove", ()))
        self.contact.fields |= facts.get("fields", {})

    def on_stop(self, _facts: dict[str, Any]) -> None:
        self.reply("STOP")

    def on_answer(self, facts: dict[str, Any]) -> None:
        self.reply(facts["text"])

    def reply(self, words: str) -> None:
        if self.contact.number == "none":
            return
        meant = meaning(words, is_out=OPTED_OUT in self.contact.dnc)
        last = self.gone[-1] if self.gone else None
        if meant == "out":
            self.put_on_list(OPTED_OUT, None)
        elif meant == "in" and OPTED_OUT in self.contact.dnc:
            self.contact.dnc.remove(OPTED_OUT)
        self.deeds.append(Deed("reply", self.now, words, last, meant))
        self.listen()

    def on_click(self, _facts: dict[str, Any]) -> None:
        linked = [text for text in self.gone if text.link]
        if linked:
            self.deeds.append(Deed("click", self.now, linked[-1].link, linked[-1]))
            self.listen()
