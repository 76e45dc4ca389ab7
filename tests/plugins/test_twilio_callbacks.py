"""What Twilio calls: signed, replayed, out of order, forged."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.models import Delivery, StatusReport
from heliograph.dnc import find_dnc
from heliograph.host import current_host
from heliograph.installation import callback_url
from heliograph.replies.models import Reply
from tests.counterpart import Counterpart, sign
from tests.fixtures import add_people

PUBLIC = "https://sms.example.com/mautic"
ANN = "+33612000000"
Post = Callable[..., Any]


@pytest.fixture
def twilio(app: Flask) -> FlaskClient:
    values: dict[str, str | None] = {
        "account_sid": Counterpart.account_sid,
        "auth_token": Counterpart.auth_token,
        "from_number": Counterpart.number,
    }
    current_host().configure("twilio", values)
    current_host().enable("twilio")
    return app.test_client()


@pytest.fixture
def post(twilio: FlaskClient) -> Post:
    """Posts a form to /sms/twilio/<path>, signed for the public URL."""

    def call(
        form: Mapping[str, str],
        path: str = "callback",
        *,
        token: str = Counterpart.auth_token,
        signature: str | None = None,
    ) -> Any:
        url = f"{PUBLIC}/sms/twilio/{path}"
        given = sign(token, url, form) if signature is None else signature
        headers = {"X-Twilio-Signature": given} if given else {}
        return twilio.post(f"/mautic/sms/twilio/{path}", data=dict(form), headers=headers)

    return call


def inbound(body: str = "hello", **more: str) -> dict[str, str]:
    return {
        "MessageSid": "SM" + "1" * 32,
        "AccountSid": Counterpart.account_sid,
        "From": ANN,
        "To": Counterpart.number,
        "Body": body,
        "NumMedia": "0",
        "FromCity": "",
    } | more


def report(status: str, **more: str) -> dict[str, str]:
    form = {"MessageSid": "SM" + "2" * 32, "AccountSid": Counterpart.account_sid}
    return form | {"MessageStatus": status, "To": ANN, "From": Counterpart.number} | more


def count(model: Any) -> int:
    db.session.rollback()
    return db.session.scalar(db.select(db.func.count()).select_from(model)) or 0


def accepted() -> Delivery:
    """A text that Twilio took, and whose answer was lost."""
    delivery = Delivery(
        source="test", number=ANN, provider="twilio", sender="x", text="Hi", status="sending"
    )
    delivery.attempted_at = utcnow()
    with transaction() as session:
        session.add(delivery)
    return delivery


def test_a_reply_is_answered_with_twiml(post: Post) -> None:
    answer = post(inbound())
    assert answer.status_code == 200
    assert answer.mimetype == "text/xml"
    assert answer.text.endswith("<Response />")
    assert count(Reply) == 1


@pytest.mark.parametrize("signature", ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="])
def test_without_a_good_signature_nothing_is_stored(post: Post, signature: str) -> None:
    answer = post(inbound("STOP"), signature=signature)
    assert answer.status_code == 403
    assert "HELIOGRAPH_PUBLIC_URL" in answer.text
    assert count(Reply) == 0
    assert find_dnc(ANN) is None


def test_a_signature_by_another_token_or_for_another_form_is_refused(post: Post) -> None:
    assert post(inbound("STOP"), token="0" * 32).status_code == 403
    good = sign(Counterpart.auth_token, f"{PUBLIC}/sms/twilio/callback", inbound("hello"))
    assert post(inbound("STOP"), signature=good).status_code == 403
    assert find_dnc(ANN) is None


@pytest.mark.parametrize("chunked", [False, True])
def test_what_no_provider_posts_is_not_read(twilio: FlaskClient, *, chunked: bool) -> None:
    body = io.BytesIO(b"a=1&" * (1 << 20))
    given: dict[str, Any] = {"content_length": 4 << 20}
    if chunked:
        given = {"environ_overrides": {"wsgi.input_terminated": True}}
    answer = twilio.post("/mautic/sms/twilio/callback", input_stream=body, **given)
    assert (answer.status_code, answer.text) == (413, "This is too large: 256 kB is the most.\n")
    assert len(body.read()) > 3 << 20


def test_another_account_is_refused(post: Post) -> None:
    assert post(inbound(AccountSid="AC" + "9" * 32)).status_code == 403


def test_a_replayed_stop_is_one_stop(post: Post) -> None:
    add_people(1)
    for _ in range(3):
        assert post(inbound("STOP")).status_code == 200
    assert count(Reply) == 1
    assert post(inbound("START", MessageSid="SM" + "3" * 32)).status_code == 200
    assert post(inbound("STOP")).status_code == 200
    assert find_dnc(ANN) is None


@pytest.mark.parametrize(
    ("body", "opt", "listed"),
    [("Hola", "STOP", True), ("STOP", "", True), ("stop by at 5", "", False), ("", "", False)],
)
def test_opt_outs_by_word_and_by_twilio_s_own(
    post: Post, body: str, opt: str, listed: bool
) -> None:
    post(inbound(body, OptOutType=opt))
    assert (find_dnc(ANN) is not None) is listed


def test_ten_media_and_an_empty_body_are_kept(post: Post) -> None:
    media = {f"MediaUrl{n}": f"https://api.twilio.com/m/{n}" for n in range(10)}
    media |= {f"MediaContentType{n}": "image/jpeg" for n in range(10)}
    assert post(inbound("", NumMedia="10", **media)).status_code == 200
    kept = db.session.scalars(db.select(Reply)).one()
    assert [item["url"] for item in kept.media] == [
        f"https://api.twilio.com/m/{n}" for n in range(10)
    ]


def test_an_unknown_number_is_kept(post: Post) -> None:
    assert post(inbound("0", From="+33699999999")).status_code == 200
    kept = db.session.scalars(db.select(Reply)).one()
    assert (kept.number, kept.text, kept.contact_id) == ("+33699999999", "0", None)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"MessageSid": ""}, "MessageSid"),
        ({"From": ""}, "From"),
        ({"NumMedia": "many"}, None),
        ({"NumMedia": "9" * 5000}, None),
    ],
)
def test_missing_fields_are_named_and_odd_ones_are_borne(
    post: Post, form: dict[str, str], field: str | None
) -> None:
    answer = post(inbound(**form))
    assert answer.status_code == (400 if field else 200)
    if field:
        assert field in answer.text


def test_a_status_matches_by_our_own_id(post: Post) -> None:
    delivery = accepted()
    path = f"status?delivery={delivery.id}"
    assert post(report("delivered"), path).status_code == 204
    db.session.rollback()
    kept = db.session.get_one(Delivery, delivery.id, populate_existing=True)
    assert (kept.status, kept.provider_id) == ("delivered", "SM" + "2" * 32)
    assert post(report("sent"), path).status_code == 204
    assert db.session.get_one(Delivery, delivery.id, populate_existing=True).status == "delivered"


def test_the_one_url_takes_statuses_too(post: Post) -> None:
    delivery = accepted()
    form = report("undelivered", ErrorCode="30005")
    assert post(form, f"callback?delivery={delivery.id}").status_code == 204
    kept = db.session.get_one(Delivery, delivery.id, populate_existing=True)
    assert (kept.status, kept.reason, kept.error_code) == ("undelivered", "bad_number", "30005")


def test_unknown_texts_words_and_ids_are_borne(post: Post) -> None:
    assert post(report("delivered"), "status").status_code == 204
    assert post(report("delivered"), "status?delivery=999999999999999999999").status_code == 204
    assert post(report("delivered", MessageSid="SM9"), "status?delivery=x").status_code == 204
    assert post(report("teleported"), "status").status_code == 204
    assert post({"AccountSid": Counterpart.account_sid}, "status").status_code == 400
    assert count(StatusReport) == 2


def test_a_stop_is_recorded_while_the_plugin_is_off(post: Post) -> None:
    current_host().disable("twilio")
    assert post(inbound("STOP")).status_code == 200
    assert find_dnc(ANN) is not None


def test_without_a_configuration_strangers_learn_nothing_of_it(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    answer = app.test_client().post("/sms/twilio/callback", data=inbound("STOP"))
    assert (answer.status_code, answer.mimetype) == (503, "text/plain")
    assert answer.text == "This cannot be taken now. Try again later.\n"
    assert answer.headers["Retry-After"] == "60"
    assert "account_sid: is required" in caplog.text  # the log is for whoever runs it
    assert find_dnc(ANN) is None


def test_get_is_signed_over_its_query(twilio: FlaskClient) -> None:
    query = f"MessageSid=SM7&AccountSid={Counterpart.account_sid}&From=%2B33612000000&Body=Hi"
    signature = sign(Counterpart.auth_token, f"{PUBLIC}/sms/twilio/callback?{query}", {})
    headers = {"X-Twilio-Signature": signature}
    assert twilio.get(f"/sms/twilio/callback?{query}", headers=headers).status_code == 200
    assert twilio.get(f"/sms/twilio/callback?{query}x", headers=headers).status_code == 403


def test_when_the_database_is_away_twilio_is_asked_to_try_again(
    post: Post, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    def away(*_arguments: object, **_more: object) -> None:
        raise OperationalError("BEGIN", {}, Exception("gone"))

    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with monkeypatch.context() as patch:
        patch.setattr("heliograph.replies.inbox.insert_new", away)
        assert post(inbound("STOP")).status_code == 500
    assert post(inbound("STOP")).status_code == 200
    assert find_dnc(ANN) is not None


def test_the_callback_url_of_a_text_is_the_public_one(app: Flask) -> None:
    assert callback_url("twilio", "7") == f"{PUBLIC}/sms/twilio/status?delivery=7"


@pytest.mark.parametrize(
    ("encoded", "signed"),
    [
        (b"Empty=", {"Empty": ""}),
        (b"Bare", {"Bare": ""}),
        (b"Twice=b&Twice=a&Twice=b", {"Twice": ["b", "a"]}),
        (b"Blank=&Blank=a", {"Blank": ["", "a"]}),
        (b"&&Plus=a+b%2Bc%20d&", {"Plus": "a b+c d"}),
        (b"Equals=a=b%3D", {"Equals": "a=b="}),
        (b"Semicolon=a;b", {"Semicolon": "a;b"}),
        (b"Broken=100%25+%zz+%2", {"Broken": "100% %zz %2"}),
        (b"Latin=caf%e9", {"Latin": "caf\ufffd"}),
        (b"Raw=caf\xe9", {"Raw": "caf\ufffd"}),
        ("Utf8=café&%C3%A9=1".encode(), {"Utf8": "café", "é": "1"}),
        (b"=nameless", {"": "nameless"}),
    ],
)
def test_a_form_is_signed_as_twilio_meant_it(
    twilio: FlaskClient, encoded: bytes, signed: dict[str, str | list[str]]
) -> None:
    url = f"{PUBLIC}/sms/twilio/callback"
    body = urlencode(inbound()).encode() + b"&" + encoded
    kind = "application/x-www-form-urlencoded; charset=UTF-8"

    def answer(form: Mapping[str, str | list[str]]) -> int:
        headers = {"X-Twilio-Signature": sign(Counterpart.auth_token, url, form)}
        path = "/mautic/sms/twilio/callback"
        return twilio.post(path, data=body, content_type=kind, headers=headers).status_code

    assert answer(inbound() | signed) == 200
    assert answer(inbound()) == 403


@pytest.mark.parametrize("path", ["callback", "callback/", "status", "status/"])
def test_a_stop_is_obeyed_at_whichever_address_it_comes_to(post: Post, path: str) -> None:
    add_people(1)
    answer = post(inbound("STOP", SmsStatus="received"), path)
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert find_dnc(ANN) is not None
    assert count(Reply) == 1


@pytest.mark.parametrize("word", ["received", "receiving", "", "a-new-word"])
def test_no_word_of_twilios_turns_a_stop_into_a_status(post: Post, word: str) -> None:
    assert post(inbound("STOP", SmsStatus=word), "status").status_code == 200
    assert find_dnc(ANN) is not None


@pytest.mark.parametrize("path", ["callback", "callback/", "status", "status/"])
@pytest.mark.parametrize("name", ["MessageStatus", "SmsStatus"])
def test_a_status_is_one_at_whichever_address_it_comes_to(post: Post, path: str, name: str) -> None:
    row = accepted()
    form = report("delivered")
    form[name] = form.pop("MessageStatus")
    form["Body"] = "Hi"
    answer = post(form, f"{path}?delivery={row.id}")
    assert answer.status_code == 204
    assert (count(Reply), count(StatusReport)) == (0, 1)
    db.session.refresh(row)
    assert row.status == "delivered"


def test_a_new_status_word_alone_is_no_reply(post: Post) -> None:
    form = report("teleported")
    form["SmsStatus"] = form.pop("MessageStatus")
    assert post(form).status_code == 204
    assert count(Reply) == 0
