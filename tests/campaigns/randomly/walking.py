"""The steps of one person: when each is taken, and what comes of actions and texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from tests.campaigns.randomly.clocks import again, due, free, quiet_end
from tests.campaigns.randomly.contact import OPTED_OUT, Contact, Deed, Step, Text, Unclear
from tests.campaigns.randomly.scenario import (
    LINKS,
    Event,
    Happening,
    Line,
    Person,
    Scenario,
    second,
)

MOST_AT_ONCE = 500  # things that one person does in one moment
A_MOMENT = timedelta(minutes=1)  # what is due that long ago was delayed by something
CONDITIONS = ("field_value", "has_tag", "in_segment", "on_dnc", "valid_mobile", "country")
CONDITIONS += ("in_campaign", "received_message")
DECISIONS = ("replies", "clicks", "delivered", "failed", "opted_out")
# for whom, at which event, for the how manieth time: the path that the lot has drawn
Lots = Callable[[str, str, int], str]


class Walk:
    """One person in one scenario; what it does and decides is up to a subclass."""

    def __init__(self, scenario: Scenario, person: Person, lots: Lots) -> None:
        self.scenario, self.person, self.lots = scenario, person, lots
        self.now = scenario.start
        self.contact = Contact(person, scenario)
        self.lines: list[Line] = []
        self.steps: list[Step] = []
        self.gone: list[Text] = []  # texts, in the order in which they went
        self.deeds: list[Deed] = []
        self.reports: list[tuple[datetime, Text, str]] = []
        self.status, self.rotation, self.is_by_hand = "", 0, False
        self.drawn: dict[str, int] = {}
        self.came_out: dict[str, datetime] = {}
        self.asked: set[tuple[str, int]] = set()
        self.is_off = self.is_held = self.has_moved = False
        self.out_until: datetime | None = None
        self.held_at = self.went_on_at = None  # type: datetime | None
        self.failing: tuple[str, str] | None = None
        self.below: dict[tuple[str | None, str], list[Event]] = {}
        for event in scenario.events:
            above = event.get("parent")
            path = event.get("path", "") if above else ""
            self.below.setdefault((above, path), []).append(event)
        self.by_key = {event["key"]: event for event in scenario.events}

    # -- time ------------------------------------------------------------

    def play(self) -> list[Line]:
        script = whole_script(self.scenario, self.person.key)
        while True:
            self.contact.touched, self.has_moved = {}, False
            while script and script[0].at <= self.now and self.comes_first(script[0]):
                self.happen(script.pop(0))
            self.settle()
            while script and script[0].at <= self.now:
                if self.has_moved and self.now != self.scenario.start:
                    raise Unclear(f"{script[0].do} comes in the moment of a step")
                self.happen(script.pop(0))
                self.settle()
            moments = [*self.moments(), *(one.at for one in script[:1])]
            moment = min((one for one in moments if one > self.now), default=None)
            if moment is None or moment > self.scenario.until:
                self.now = self.scenario.until
                if self.status:
                    self.write("stands", how=self.status)
                return self.lines
            self.now = moment

    def comes_first(self, one: Happening) -> bool:
        """What is over is over, and what fails from the beginning fails then already."""
        is_first = self.now == self.scenario.start
        return is_over(one) or (is_first and one.do in ("outage", "fail"))

    def moments(self) -> Iterator[datetime]:
        for step in self.steps:
            if step.status == "waiting":
                yield step.due
            elif step.status == "open" and step.until:
                yield step.until
            elif step.text and step.text.look_at:
                yield step.text.look_at
        yield from (at for at, _, _ in self.reports)
        yield from (one for one in (self.scenario.publish_up, self.scenario.publish_down) if one)

    @property
    def is_open(self) -> bool:
        up, down = self.scenario.publish_up, self.scenario.publish_down
        in_time = (not up or up <= self.now) and (not down or self.now < down)
        return in_time and not self.is_held

    def settle(self) -> None:
        """All that there is to be done now; raises Unclear where that has no end."""
        for _ in range(MOST_AT_ONCE):
            if not (self.come_and_go() or self.work() or self.send() or self.take_report()):
                return
            self.has_moved = True
        raise Unclear("it goes round without a delay, so it is not published")

    def write(self, what: str, name: str = "", how: str = "") -> None:
        self.lines.append(Line(second(self.now), what, name, how))

    # -- members ---------------------------------------------------------

    def come_and_go(self) -> bool:
        if not self.is_open:
            return False
        belongs = self.contact.belongs
        if self.status in ("active", "finished") and not belongs:
            self.leave("left")
            return True
        is_new = not self.status or (self.status == "left" and self.scenario.allow_restart)
        if not (is_new and belongs):
            return False
        self.status, self.rotation = "active", self.rotation + 1
        self.write("joined")
        for event in self.below[None, ""]:
            self.lay(event, None, self.rotation, None)
        return True

    def leave(self, how: str, by: Step | None = None) -> None:
        """Out of it: what was still to come is not done, queued texts neither."""
        for step in self.live():
            soon = step.status == "waiting" and step.due <= self.now
            soon = soon or (step.status == "open" and step.until and step.until <= self.now)
            if soon and step is not by:
                raise Unclear(f"it leaves in the moment of {step.key}")
            step.status = "over"
            if step.text and step.text.fate == "queued":
                if step.text.look_at and step.text.look_at <= self.now:
                    raise Unclear("it leaves in the moment of a text")
                step.text.fate = "cancelled"
        self.status = how
        self.write("ended", how=how)

    def live(self) -> list[Step]:
        return [step for step in self.steps if step.status != "over"]

    # -- steps -----------------------------------------------------------

    def lay(self, event: Event, parent: Step | None, rotation: int, before: Text | None) -> None:
        timing = event.get("timing", {})
        if timing.get("mode", "immediate") != "immediate" or len(timing) > 1:
            self.contact.touch("field timezone", parent)
        at = due(timing, self.now, self.contact.zone)
        self.steps.append(Step(event, rotation, self.now, at, parent, before))

    def work(self) -> bool:
        """Do one step that is due; False when none is."""
        if not self.is_open:
            return False
        for step in self.live():
            if step.status == "open" and step.until and step.until <= self.now:
                self.end(step, path="no")
                return True
            if step.status == "waiting" and step.due <= self.now and self.take(step):
                return True
        return False

    def take(self, step: Step) -> bool:
        """Do the step; False when it has to wait."""
        sends = step.type == "send_text"
        if self.is_off and step.type in ("send_text", "text_staff"):
            return False
        late = sends and self.is_late(step.due)
        if step.due < self.now - A_MOMENT and not late:
            opens = again(step.timing, self.now, self.contact.zone)
            if opens > self.now:
                step.due = opens
                return False
        step.begun = self.now
        self.contact.touch("membership", step)
        if late:
            step.text = Text(step.event, self.now, "", fate="failed", over=self.now)
            self.end(step, how="skipped")
        elif step.type in CONDITIONS:
            self.end(step, path="yes" if self.contact.is_so(step) else "no")
        elif step.type in DECISIONS:
            self.open(step)
        elif sends or step.type == "text_staff":
            self.queue(step)
        else:
            getattr(self, f"do_{step.type}", self.change)(step)
        return True

    def is_late(self, at: datetime) -> bool:
        """Whether a hold has made what was due then too late to be sent."""
        hours = self.scenario.late_hours
        if hours is None or self.held_at is None or self.went_on_at is None:
            return False
        limit = self.went_on_at - timedelta(hours=hours)
        return self.held_at < limit and at < limit

    def change(self, step: Step) -> None:
        self.contact.change(step)
        self.end(step)

    def do_split(self, step: Step) -> None:
        count = self.drawn[step.key] = self.drawn.get(step.key, 0) + 1
        self.end(step, path=self.lots(self.person.key, step.key, count))

    def do_add_dnc(self, step: Step) -> None:
        self.put_on_list("manual", step)
        self.end(step)

    def do_change_campaigns(self, step: Step) -> None:
        self.contact.change(step)
        if "this" not in step.config.get("remove_from", ()):
            self.end(step)
            return
        self.contact.touch("membership", step, writes=True)
        step.status = "over"
        self.write("step", step.key, "done")
        self.leave("removed", step)

    def do_jump(self, step: Step) -> None:
        self.rotation += 1
        self.lay(self.by_key[step.config["event"]], step, self.rotation, step.before)
        self.end(step)

    def end(self, step: Step, *, path: str = "", how: str = "done") -> None:
        step.status = "over"
        self.came_out[step.key] = self.now
        self.asked.add((step.key, id(step.before)))
        self.write("step", step.key, f"{how} {path}".strip())
        before = step.text if step.text and not step.text.to_staff else step.before
        for event in self.below.get((step.key, path), ()):
            self.lay(event, step, step.rotation, before)
        if self.status == "active" and not self.live():
            self.status = "finished"
            self.write("ended", how="finished")

    # -- texts -----------------------------------------------------------

    def queue(self, step: Step) -> None:
        if step.type == "text_staff":
            name = step.config["text"].split()[0]
            step.text = Text(step.event, self.now, name, to_staff=True)
        else:
            name = step.config["message"]
            link = LINKS.get(name, "")
            step.text = Text(step.event, self.now, name, link)
            if self.contact.why_no_text(step):
                self.fail(step)
                return
        step.status = "sending"

    def may_go(self, text: Text) -> datetime:
        """The first moment from now on; staff may be texted in quiet hours too."""
        quiet = "" if text.to_staff else self.scenario.quiet
        return free(text.event.get("timing", {}), quiet, self.now, self.contact.zone)

    def ends_of_delay(self, text: Text) -> list[datetime]:
        """When the hours of its event begin, and when the quiet ones are over: each alone."""
        quiet = "" if text.to_staff else self.scenario.quiet
        zone, timing = self.contact.zone, text.event.get("timing", {})
        ends = [quiet_end(quiet, self.now, zone), again(timing, self.now, zone)]
        return [one for one in ends if one > self.now]

    def send(self) -> bool:
        """Look at one text whose time has come; False when there is none to look at."""
        for step in self.live():
            text = step.text
            if step.status != "sending" or text is None or self.is_off:
                continue
            refused = not text.to_staff and self.contact.why_no_text(step)
            if not self.is_open:
                if refused:
                    raise Unclear("a text that a hold keeps can go no more")
                continue
            if text.look_at and text.look_at > self.now:
                continue
            text.look_at = None
            if not text.to_staff and self.is_late(text.queued):
                text.fate, text.over = "failed", self.now
                self.end(step, how="skipped")
            elif refused and text.by_steps:
                raise Unclear("a text is refused, of which nobody says when it is looked at")
            elif refused:
                self.fail(step)
            elif not self.wait(text):
                self.hand_over(step, text)
            else:
                continue
            return True
        return False

    def wait(self, text: Text) -> bool:
        """Whether the text has to wait, and then until when it is not looked at."""
        text.look_at = self.may_go(text)
        text.by_steps = any(end != text.look_at for end in self.ends_of_delay(text))
        if text.look_at == self.now and self.out_until:
            text.look_at = self.out_until
        return text.look_at > self.now

    def hand_over(self, step: Step, text: Text) -> None:
        self.contact.touch("membership", step)
        if text.to_staff:
            text.fate, text.went = "went", self.now
            self.write("staff", text.name)
            self.end(step)
            return
        how, kind = self.failing or ("", "")
        if how == "refused":
            self.number_fails(kind, step)
            self.fail(step)
            return
        for other in self.steps:
            at_once = other.text is not None and other.text.went == self.now
            if at_once and not step.comes_after(other):
                raise Unclear(f"the texts of {other.key} and {step.key} go at once")
        text.fate, text.went = "went", self.now
        self.gone.append(text)
        self.contact.touch(f"got {text.name}", step, writes=True)
        self.contact.got.add(text.name)
        self.write("text", text.name)
        after = timedelta(seconds=self.scenario.report_after)
        self.reports.append((self.now + after, text, kind if how else "delivered"))
        self.end(step)

    def number_fails(self, kind: str, by: Step | None) -> None:
        if kind == "bad_number":
            self.contact.touch("number", by, writes=True)
            self.contact.number = "invalid"
        if kind == "opted_out":
            self.put_on_list(OPTED_OUT, by)

    def fail(self, step: Step) -> None:
        if step.text:
            step.text.fate, step.text.over = "failed", self.now
        drawn = (step.key, "failed") in self.below
        self.end(step, path="failed" if drawn else "", how="failed")

    def take_report(self) -> bool:
        for report in self.reports:
            at, text, what = report
            if at > self.now:
                continue
            self.reports.remove(report)
            text.fate, text.over = what if what == "delivered" else "undelivered", self.now
            self.number_fails(what, None)
            self.listen()
            return True
        return False

    def put_on_list(self, reason: str, by: Step | None) -> None:
        if self.contact.put_on_list(reason, by):
            self.deeds.append(Deed("dnc", self.now, reason))
            self.listen()

    # -- what a subclass does --------------------------------------------

    def open(self, step: Step) -> None:
        """Let the contact decide from now on."""
        raise NotImplementedError

    def listen(self) -> None:
        """Let what was done or reported decide what is open."""
        raise NotImplementedError

    def happen(self, one: Happening) -> None:
        raise NotImplementedError


def is_over(one: Happening) -> bool:
    return one.do in ("recover", "heal")


def whole_script(scenario: Scenario, who: str | None = None) -> list[Happening]:
    """What concerns *who* or everybody, by time; what lasts until then ends by one of its own."""
    found = []
    for one in scenario.happenings:
        if who is not None and one.who not in ("", who):
            continue
        found.append(one)
        until = one.facts.get("until")
        if until and one.do in ("outage", "fail"):
            over = "recover" if one.do == "outage" else "heal"
            found.append(Happening(until, over, one.who))
    return sorted(found, key=lambda one: one.at)
