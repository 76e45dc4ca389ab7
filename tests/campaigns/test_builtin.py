"""Core's own events: what each does, and what it says when it cannot."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import select

from core import clock
from core.campaigns import create_campaign, publish, save_draft
from core.campaigns.builtin.calls import NoAnswer, Refused, post, read_url, refuse_private
from core.campaigns.builtin.split import drawn
from core.campaigns.checks import check_canvas
from core.campaigns.membership import add_by_hand, remove_contacts
from core.contacts.fields import add_custom_field
from core.contacts.models import NUMBER_INVALID, Contact
from core.db import db, transaction
from core.dnc import MANUAL, UNSUBSCRIBED, DncChange, add_dnc, find_dnc
from core.errors import BadInput
from core.host import current_host
from core.installation import current_settings
from core.segments import create_segment
from core.segments.models import SegmentMember
from tests.campaigns.drawing import after, event, tag
from tests.campaigns.drawing import drawn as canvas_of
from tests.campaigns.stage import MONDAY, Stage, members, replies, step, steps, tags, text


def mobile(contact_id: int) -> str:
    return db.session.get_one(Contact, contact_id).mobile or ""


def field(contact_id: int, name: str) -> Any:
    contact = db.session.get_one(Contact, contact_id, populate_existing=True)
    return contact.custom.get(name) if name.startswith("my_") else getattr(contact, name)


def run(stage: Stage, *events: dict[str, Any], count: int = 1, **facts: Any) -> list[int]:
    """Contacts who went through *events*."""
    source, people = stage.cast(count)
    stage.play(*events, source=source, **facts)
    stage.turn()
    return people


def test_segments_are_changed(stage: Stage) -> None:
    one, two = create_segment("one").id, create_segment("two").id
    (ann,) = run(
        stage,
        event("a", "core.change_segments", config={"add": [one, two]}),
        event("b", "core.change_segments", "a", config={"remove": [two]}),
    )
    query = select(SegmentMember.segment_id).where(SegmentMember.contact_id == ann)
    assert one in db.session.scalars(query).all()
    assert two not in db.session.scalars(query).all()


def test_tags_are_put_on_and_taken_off(stage: Stage) -> None:
    (ann,) = run(
        stage,
        event("a", "core.change_tags", config={"add": ["x", "y"]}),
        event("b", "core.change_tags", "a", config={"add": ["z"], "remove": ["x"]}),
    )
    assert tags(ann) == ["y", "z"]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", "hello 'you'", "hello 'you'"),
        ("number", "12.5", 12.5),
        ("boolean", "yes", True),
        ("date", "today", "2026-11-23"),
        ("date", "now", "2026-11-23"),
        ("date", "+3 months", "2027-02-23"),
        ("datetime", "now", "2026-11-23T12:00:00+00:00"),
        ("datetime", "-2 hours", "2026-11-23T10:00:00+00:00"),
        ("text", "", None),
        ("number", "", None),
    ],
)
def test_a_custom_field_is_written_and_cleared(
    stage: Stage, kind: str, value: str, expected: Any
) -> None:
    add_custom_field("my_field", "My field", kind)
    add_custom_field("my_other", "Other")
    source, (ann,) = stage.cast(1, custom={"my_field": "old", "my_other": "kept"})
    config = {"field": "my_field", "value": value}
    stage.play(event("a", "core.change_field", config=config), source=source)
    stage.turn()
    assert field(ann, "my_field") == expected
    assert field(ann, "my_other") == "kept"


def test_a_standard_field_is_written(stage: Stage) -> None:
    (ann,) = run(
        stage, event("a", "core.change_field", config={"field": "country", "value": "France"})
    )
    assert field(ann, "country") == "FR"


def test_do_not_contact_is_set_and_lifted_but_never_against_an_opt_out(stage: Stage) -> None:
    source, (ann, bob, cid) = stage.cast(3)
    add_dnc(mobile(bob), reason=UNSUBSCRIBED)
    stage.play(event("a", "core.add_dnc", config={"comment": "why"}), source=source)
    stage.turn()
    assert [find_dnc(mobile(one)).reason for one in (ann, bob, cid)] == [  # type: ignore[union-attr]
        MANUAL,
        UNSUBSCRIBED,
        MANUAL,
    ]
    assert find_dnc(mobile(ann)).comment == "why"  # type: ignore[union-attr]
    stage.play(event("a", "core.remove_dnc"), source=source)
    stage.turn()
    db.session.expire_all()
    assert find_dnc(mobile(ann)) is None
    assert find_dnc(mobile(bob)) is not None
    stage.play(event("a", "core.remove_dnc", config={"opted_out_too": True}), source=source)
    stage.turn()
    db.session.expire_all()
    assert find_dnc(mobile(bob)) is None
    changes = db.session.scalars(select(DncChange).where(DncChange.number == mobile(ann))).all()
    assert [(one.change, one.reason) for one in changes] == [("on", MANUAL), ("off", MANUAL)]


def test_a_contact_is_added_to_a_campaign_and_taken_out_of_it(stage: Stage) -> None:
    other = create_campaign(name="Other").id
    save_draft(other, {"events": [tag("there"), tag("later", "there", timing=after(1))]}, seen=0)
    source, (ann,) = stage.cast(1)
    stage.play(
        event("in", "core.change_campaigns", config={"add_to": [other]}),
        event(
            "out",
            "core.change_campaigns",
            "in",
            config={"remove_from": [other]},
            timing=after(1, "hours"),
        ),
        source=source,
    )
    publish(other)
    stage.turn()
    stage.turn()
    assert tags(ann) == ["there"]
    stage.leap(hours=1)
    stage.turn()
    stage.leap(days=1)
    stage.turn()
    assert tags(ann) == ["there"]
    assert members(other) == {"removed": 1}


def test_who_was_taken_out_is_not_brought_back_by_a_segment(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(
        tag("a"), tag("b", "a", timing=after(1)), source=source, allow_restart=True
    )
    leaver = stage.play(
        event("out", "core.change_campaigns", config={"remove_from": [campaign]}), source=source
    )
    stage.turn()
    stage.turn()
    stage.leap(days=1)
    stage.turn()
    assert members(campaign) == {"removed": 1}
    assert "b" not in tags(ann)
    assert members(leaver) == {"finished": 1}


def test_a_campaign_may_end_itself(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = create_campaign(name="Self").id
    events = [
        event("out", "core.change_campaigns", config={"remove_from": [campaign]}),
        tag("never", "out", timing=after(1)),
    ]
    save_draft(campaign, {"sources": [source], "events": events}, seen=0)
    publish(campaign)
    stage.turn()
    stage.leap(days=1)
    stage.turn()
    assert tags(ann) == []
    assert members(campaign) == {"removed": 1}
    assert steps(ann) == {"out": "done", "never": "cancelled"}


def test_a_jump_goes_round_until_the_contact_answers(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(
        text("hello"),
        replies("ask", "hello", config={"wait_amount": 1}),
        tag("yes", "ask", path="yes"),
        event("again", "core.jump", "ask", path="no", config={"event": "hello"}),
        source=source,
    )
    for _ in range(4):
        stage.turn()
        stage.leap(days=1)
    assert len(stage.texts) == 4
    assert steps(ann)["ask 3"] == "done no"
    stage.reply(ann, "stop asking")
    stage.turn()
    assert tags(ann) == ["yes"]
    assert members(campaign) == {"finished": 1}


def test_a_jump_to_an_event_that_is_gone_waits_and_says_so(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(
        tag("a"),
        event("j", "core.jump", "a", config={"event": "b"}, timing=after(1)),
        tag("b", "a"),
        source=source,
    )
    stage.turn()
    from core.campaigns.models import CampaignEvent  # noqa: PLC0415

    with transaction() as session:
        for row in session.scalars(select(CampaignEvent).where(CampaignEvent.key == "b")):
            row.deleted_at = stage.now
    stage.leap(days=1)
    stage.turn()
    assert steps(ann)["j"] == "waiting"
    assert "no event 'b'" in step(ann, "j").detail
    assert campaign


def test_staff_is_texted_about_the_contact(stage: Stage) -> None:
    current_host().enable("recorder", default=True)
    config = {
        "number": "+33699999999",
        "text": "Call {contactfield=firstname} {contactfield=mobile}",
    }
    source, (ann,) = stage.cast(1)
    stage.play(
        text("hello"),
        event("tell", "core.text_staff", "hello", config=config),
        replies("ask", "tell"),
        tag("told", "ask", path="yes"),
        source=source,
    )
    stage.turn()
    assert stage.texts[1][1:] == ("+33699999999", f"Call Ann0 {mobile(ann)}")
    assert steps(ann) == {"hello": "done", "tell": "done", "ask": "open"}
    # the reply is to the text that the contact got, not to the one that staff got
    stage.leap(minutes=1)
    stage.reply(ann, "yes")
    stage.turn()
    assert tags(ann) == ["told"]


def test_staff_on_do_not_contact_is_not_texted(stage: Stage) -> None:
    add_dnc("+33699999999", reason=MANUAL)
    config = {"number": "+33699999999", "text": "Call"}
    (ann,) = run(
        stage, event("tell", "core.text_staff", config=config), tag("lost", "tell", path="failed")
    )
    assert tags(ann) == ["lost"]
    assert step(ann, "tell").reason == "dnc"


def test_staff_is_texted_later_when_no_provider_is_there(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    config = {"number": "+33699999999", "text": "Call"}
    stage.play(event("tell", "core.text_staff", config=config), source=source)
    current_host().disable("recorder")
    for _ in range(10):
        stage.turn()
        stage.leap(days=1)
    assert steps(ann) == {"tell": "waiting"}
    current_host().enable("recorder")
    stage.turn()
    assert steps(ann) == {"tell": "done"}


@pytest.mark.parametrize(
    ("type_", "config", "make", "says"),
    [
        (
            "field_value",
            {"field": "city", "operator": "starts_with", "value": "par"},
            {"city": "Paris"},
            True,
        ),
        ("field_value", {"field": "city", "operator": "empty"}, {"city": "Paris"}, False),
        (
            "field_value",
            {"field": "my_day", "operator": "within", "value": "+7 days"},
            {"custom": {"my_day": "2026-11-27"}},
            True,
        ),
        (
            "field_value",
            {"field": "my_day", "operator": "anniversary"},
            {"custom": {"my_day": "1990-11-23"}},
            True,
        ),
        (
            "field_value",
            {"field": "my_day", "operator": "anniversary"},
            {"custom": {"my_day": "1990-11-24"}},
            False,
        ),
        ("valid_mobile", {}, {}, True),
        ("valid_mobile", {}, {"mobile": None}, False),
        ("valid_mobile", {}, {"number_status": NUMBER_INVALID}, False),
        ("country", {"countries": ["FR", "BE"]}, {"country": "BE"}, True),
        ("country", {"countries": ["FR", "BE"]}, {"country": "DE"}, False),
        ("country", {"countries": ["FR", "BE"]}, {}, False),
        ("on_dnc", {}, {}, False),
        ("in_campaign", {"campaigns": [1]}, {}, True),
        ("has_tag", {"tags": ["x"]}, {}, False),
        ("has_tag", {"tags": ["x"], "match": "none"}, {}, True),
    ],
)
def test_conditions_look(
    stage: Stage, type_: str, config: dict[str, Any], make: dict[str, Any], says: bool
) -> None:
    add_custom_field("my_day", "My day", "date")
    source, (ann,) = stage.cast(1, **make)
    stage.play(
        event("look", f"core.{type_}", config=config),
        tag("yes", "look", path="yes"),
        tag("no", "look", path="no"),
        source=source,
    )
    stage.turn()
    assert tags(ann) == ["yes" if says else "no"]


def test_conditions_see_what_came_before(stage: Stage) -> None:
    segment = create_segment("vip").id
    hello = text("hello")
    message = hello["config"]["message_id"]
    (ann,) = run(
        stage,
        event("received before", "core.received_message", config={"messages": [message]})
        | {"key": "r1"},
        hello | {"parent": "r1", "path": "no"},
        event("r2", "core.received_message", "hello", config={"messages": [message]}),
        event("s", "core.change_segments", "r2", path="yes", config={"add": [segment]}),
        event("in", "core.in_segment", "s", config={"segments": [segment]}),
        tag("vip", "in", path="yes"),
        event("has", "core.has_tag", "vip", config={"tags": ["vip"], "match": "all"}),
        event("dnc", "core.add_dnc", "has", path="yes"),
        event("on", "core.on_dnc", "dnc", config={"reason": "manual"}),
        tag("end", "on", path="yes"),
    )
    assert tags(ann) == ["end", "vip"]


def test_in_a_campaign_is_now_or_ever_and_of_that_campaign(stage: Stage) -> None:
    source, (ann, bob, cid) = stage.cast(3)
    other = create_campaign(name="Other").id
    save_draft(other, {"events": [tag("there"), tag("later", "there", timing=after(1))]}, seen=0)
    with clock.at(stage.now):
        add_by_hand(other, [ann, bob])
        remove_contacts(other, [bob])
    stage.play(
        event("now", "core.in_campaign", config={"campaigns": [other]}),
        tag("is", "now", path="yes"),
        tag("isnt", "now", path="no"),
        event("ever", "core.in_campaign", config={"campaigns": [other], "state": "ever"}),
        tag("was", "ever", path="yes"),
        tag("never", "ever", path="no"),
        source=source,
    )
    stage.turn()
    assert [tags(one) for one in (ann, bob, cid)] == [
        ["is", "was"],
        ["isnt", "was"],
        ["isnt", "never"],
    ]


def test_the_split_follows_its_weights() -> None:
    lots = [drawn((1, 2, 1, 0, 0), contact, 9, 1) for contact in range(20_000)]
    share = {path: lots.count(path) / len(lots) for path in "abcde"}
    assert share["a"] == pytest.approx(0.25, abs=0.02)
    assert share["b"] == pytest.approx(0.5, abs=0.02)
    assert share["d"] == share["e"] == 0


class Desk(BaseHTTPRequestHandler):
    """Answers as it is told; `took` keeps what came."""

    took: list[tuple[dict[str, str], Any]] = []
    answers: list[int] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Desk.took.append(({k.lower(): v for k, v in self.headers.items()}, json.loads(body)))
        self.send_response(Desk.answers.pop(0) if Desk.answers else 200)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()
        self.wfile.write(b"so it is")

    def log_message(self, *_args: Any) -> None:
        return


@pytest.fixture
def hook(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of another system, on this machine; the setting allows it."""
    allowed = replace(current_settings(), webhook_private="1")
    monkeypatch.setitem(current_app.extensions, "heliograph_settings", allowed)
    Desk.took, Desk.answers = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook?a=1"
    server.shutdown()
    thread.join()
    server.server_close()


def hooked(url: str, **more: Any) -> list[dict[str, Any]]:
    return [
        event("call", "core.webhook", config={"url": url} | more),
        tag("told", "call"),
        tag("lost", "call", path="failed"),
    ]


def test_a_webhook_tells_of_the_contact(
    stage: Stage, hook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_KEY", "s3cret")
    add_custom_field("my_size", "Size", "number")
    source, (ann,) = stage.cast(1, custom={"my_size": 4}, city="Paris")
    given = {
        "fields": ["mobile", "my_size"],
        "data": ["greeting: Hi {contactfield=firstname}", "town: {contactfield=city}"],
        "headers": ["Authorization: $env:CRM_KEY"],
    }
    campaign = stage.play(*hooked(hook, **given), source=source)
    stage.turn()
    ((headers, body),) = Desk.took
    assert body == {
        "contact": {"id": ann, "mobile": mobile(ann), "my_size": 4},
        "campaign": {"id": campaign, "name": "Welcome"},
        "event": {"key": "call", "name": ""},
        "step": step(ann, "call").id,
        "data": {"greeting": "Hi Ann0", "town": "Paris"},
        "at": "2026-11-23T12:00:00+00:00",
    }
    assert headers["authorization"] == "s3cret"
    assert headers["idempotency-key"] == f"heliograph-{step(ann, 'call').id}"
    assert tags(ann) == ["told"]


def test_a_webhook_is_tried_again_with_longer_and_longer_waits(stage: Stage, hook: str) -> None:
    source, (ann,) = stage.cast(1)
    Desk.answers = [500, 429, 503]
    stage.play(*hooked(hook), source=source)
    stage.turn()
    assert steps(ann) == {"call": "waiting"}
    assert step(ann, "call").due_at == MONDAY + timedelta(minutes=1)
    assert "Answered 500: so it is" in step(ann, "call").detail
    for minutes in (1, 4, 16):
        stage.leap(minutes=minutes)
        stage.turn()
    assert len(Desk.took) == 4
    assert tags(ann) == ["told"]
    keys = {headers["idempotency-key"] for headers, _ in Desk.took}
    assert len(keys) == 1


def test_a_webhook_that_never_answers_fails_in_the_end(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    allowed = replace(current_settings(), webhook_private="1")
    current_app.extensions["heliograph_settings"] = allowed
    stage.play(*hooked("http://127.0.0.1:1/"), source=source)
    for _ in range(12):
        stage.turn()
        stage.leap(hours=6)
    assert tags(ann) == ["lost"]
    assert step(ann, "call").attempts == 7


def test_a_refusal_is_not_tried_again_and_a_redirect_not_followed(stage: Stage, hook: str) -> None:
    source, people = stage.cast(2)
    Desk.answers = [404, 302]
    stage.play(*hooked(hook), source=source)
    stage.turn()
    assert [tags(one) for one in people] == [["lost"], ["lost"]]
    assert {step(one, "call").reason for one in people} == {"http_404", "http_302"}
    assert len(Desk.took) == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://10.0.0.1/",
        "http://192.168.1.1:8080/x",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0/",
        "http://[64:ff9b::a00:1]/",
        "http://[fe80::1]/",
        "http://100.64.0.1/",
        "http://db.internal/",
        "http://224.0.0.1/",
        "http://[2002:7f00:1::]/",
    ],
)
def test_private_addresses_are_refused(stage: Stage, url: str) -> None:
    findings = check_canvas(canvas_of(event("a", "core.webhook", config={"url": url}), sources=()))
    assert any("not on the public internet" in one.words for one in findings), findings
    with pytest.raises(Refused):
        post(url, b"{}", {}, seconds=1, private=False)


def test_a_name_that_leads_to_a_private_address_is_refused(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket  # noqa: PLC0415

    def found(*_args: Any, **_more: Any) -> list[Any]:
        public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80))
        private = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 80))
        return [public, private]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with pytest.raises(Refused, match=r"at 10\.1\.2\.3"):
        post("http://example.com/", b"{}", {}, seconds=1, private=False)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com",
        "https://",
        "https://a b.com",
        "javascript:alert(1)",
        "//example.com",
        "https://user:pass@example.com",
        "https://example.com:99999/",
        "https://exa\nmple.com",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        read_url(url)


def test_public_names_are_fine() -> None:
    refuse_private("example.com")
    refuse_private("93.184.216.34")


def test_an_answer_that_drips_is_cut_off(stage: Stage) -> None:
    import socket  # noqa: PLC0415
    import time  # noqa: PLC0415

    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = server.accept()
        with connection:
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                for number in range(200):
                    connection.sendall(f"X-{number}: y\r\n".encode())
                    time.sleep(0.2)
            except OSError:
                return

    thread = threading.Thread(target=drip)
    thread.start()
    begun = time.monotonic()
    with pytest.raises(NoAnswer):
        post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, seconds=1, private=True)
    assert time.monotonic() - begun < 20
    thread.join()
    server.close()


def test_a_webhook_that_was_cut_off_by_a_crash_is_run_again(stage: Stage, hook: str) -> None:
    from core.campaigns.batches import Work  # noqa: PLC0415
    from core.campaigns.bounds import EVERYBODY  # noqa: PLC0415
    from core.campaigns.builtin.webhook import WEBHOOK, Webhook  # noqa: PLC0415
    from core.campaigns.course import load_course  # noqa: PLC0415
    from core.campaigns.engine import KICKOFF, Engine, Scope  # noqa: PLC0415
    from core.campaigns.membership import rebuild  # noqa: PLC0415
    from core.campaigns.outside import claim, record, run_all  # noqa: PLC0415

    source, (ann,) = stage.cast(1)
    campaign = stage.play(*hooked(hook), source=source)
    with clock.at(stage.now):
        rebuild(campaign)
        Engine(Scope(phases=frozenset({KICKOFF}))).run()
        course = load_course(campaign)
        work = Work(course, course.roots[0], WEBHOOK, Webhook(url=hook))
        rows, _ = claim(work, 10, EVERYBODY, "dead")
        late = run_all(work, rows)
    assert steps(ann) == {"call": "running"}
    stage.turn()
    assert steps(ann) == {"call": "running"}
    stage.leap(minutes=6)
    stage.turn()
    assert tags(ann) == ["told"]
    assert len(Desk.took) == 2
    # what the dead one still has to say counts for nothing
    with clock.at(stage.now):
        record(work, "dead", late)
    assert steps(ann) == {"call": "done", "told": "done"}
