from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from heliograph.channel import Failure, FailureKind, OutgoingText
from heliograph.plugins.twilio.config import TwilioConfig
from heliograph.plugins.twilio.errors import CODES, KINDS, STATUSES, kind_of_answer, seconds_to_wait
from heliograph.plugins.twilio.provider import TwilioProvider
from tests.counterpart import Counterpart, Refusal, sign

Make = Callable[..., TwilioProvider]


@pytest.fixture
def make(counterpart: Counterpart) -> Iterator[Make]:
    def build(**changes: Any) -> TwilioProvider:
        given = {
            "account_sid": counterpart.account_sid,
            "auth_token": counterpart.auth_token,
            "from_number": counterpart.number,
            "api_base_url": counterpart.url,
        }
        return TwilioProvider(TwilioConfig.model_validate(given | changes))

    return build


def text(**changes: Any) -> OutgoingText:
    given = {
        "reference": "7",
        "to": "+33612345678",
        "text": "Hello",
        "sender": "+15005550006",
        "parts": 1,
        "callback_url": "https://example.com/mautic/sms/twilio/status?delivery=7",
        "attempted_at": datetime.now(UTC),
    }
    return OutgoingText(**(given | changes))


def run(provider: TwilioProvider, *texts: OutgoingText, method: str = "send") -> list[Any]:
    async def all_of_them() -> list[Any]:
        try:
            calls = [getattr(provider, method)(item) for item in texts]
            return await asyncio.gather(*calls, return_exceptions=True)
        finally:
            await provider.close()

    return asyncio.run(all_of_them())


def failure(provider: TwilioProvider, **changes: Any) -> Failure:
    (result,) = run(provider, text(**changes))
    assert isinstance(result, Failure), result
    return result


def test_it_sends_with_a_status_callback(make: Make, counterpart: Counterpart) -> None:
    (sent,) = run(make(), text())
    assert sent.provider_id == counterpart.texts[0].sid
    assert sent.parts == 1
    kept = counterpart.texts[0]
    assert (kept.to, kept.body, kept.from_) == ("+33612345678", "Hello", "+15005550006")
    assert kept.status_callback == text().callback_url + "#rc=3&rp=ct,rt,5xx"


def test_status_callbacks_can_be_off(make: Make, counterpart: Counterpart) -> None:
    run(make(status_callbacks=False), text())
    assert counterpart.texts[0].status_callback == ""


def test_it_sends_by_a_service_whose_parts_are_not_known_yet(
    make: Make, counterpart: Counterpart
) -> None:
    provider = make(messaging_service_sid=counterpart.service_sid, from_number=None)
    assert provider.sender == counterpart.service_sid
    (sent,) = run(provider, text(sender=provider.sender))
    assert sent.parts is None
    assert counterpart.texts[0].service == counterpart.service_sid


def test_it_signs_in_with_an_api_key(make: Make, counterpart: Counterpart) -> None:
    provider = make(api_key_sid=counterpart.key_sid, api_key_secret=counterpart.key_secret)
    (sent,) = run(provider, text())
    assert sent.provider_id


def test_many_go_out_at_once(make: Make, counterpart: Counterpart) -> None:
    counterpart.latency = 0.2
    results = run(make(), *[text(to=f"+336123456{n:02}") for n in range(40)])
    assert len({sent.provider_id for sent in results}) == 40
    assert counterpart.most_at_once > 5


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"to": "+1"}, FailureKind.BAD_NUMBER, "21211"),
        ({"text": "x" * 1601}, FailureKind.BAD_CONTENT, "21617"),
        ({"text": ""}, FailureKind.BAD_CONTENT, "21602"),
        ({"sender": "+15005550001"}, FailureKind.CONFIG, "21659"),
        ({"sender": "MG" + "0" * 32}, FailureKind.CONFIG, "20404"),
        ({"callback_url": "https://my_host/x"}, FailureKind.CONFIG, "21609"),
    ],
)
def test_refusals_have_their_kind(
    make: Make, changes: dict[str, Any], kind: FailureKind, code: str
) -> None:
    refused = failure(make(), **changes)
    assert (refused.kind, refused.code) == (kind, code)
    assert refused.text


def test_an_opted_out_number_is_known_as_such(make: Make, counterpart: Counterpart) -> None:
    counterpart.opted_out.add("+33612345678")
    assert failure(make()).kind is FailureKind.OPTED_OUT


def test_wrong_credentials_are_the_account_s_trouble(make: Make) -> None:
    refused = failure(make(auth_token="wrong"))
    assert (refused.kind, refused.code) == (FailureKind.ACCOUNT, "20003")


def test_too_many_requests_say_how_long_to_wait(make: Make, counterpart: Counterpart) -> None:
    counterpart.faults = [Refusal(429, 20429, "Too many requests", Retry_After="7")]
    refused = failure(make())
    assert (refused.kind, refused.retry_after) == (FailureKind.THROTTLED, 7.0)


@pytest.mark.parametrize("fault", ["accept_and_drop", "drop", "503", "bad_json", "hang"])
def test_a_spoilt_answer_leaves_the_outcome_open(
    make: Make, counterpart: Counterpart, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TwilioProvider, "timeout", 6.0)
    counterpart.faults = [fault]
    assert failure(make()).kind is FailureKind.UNKNOWN_OUTCOME


def test_a_closed_door_means_nothing_went_out(make: Make) -> None:
    refused = failure(make(api_base_url="http://127.0.0.1:9"))
    assert refused.kind is FailureKind.TRANSIENT


def test_find_tells_what_went_out_after_all(make: Make, counterpart: Counterpart) -> None:
    counterpart.faults = ["accept_and_drop"]
    lost = text()
    run(make(), lost)
    (found,) = run(make(), lost, method="find")
    assert [sent.provider_id for sent in found] == [counterpart.texts[0].sid]


def test_find_tells_it_also_when_our_clock_is_wrong(make: Make, counterpart: Counterpart) -> None:
    early = text(attempted_at=datetime.now(UTC) + timedelta(hours=9))
    run(make(), early)
    (found,) = run(make(), early, method="find")
    assert len(found) == 1


def test_find_passes_over_other_texts(make: Make, counterpart: Counterpart) -> None:
    run(make(), text(text="Other"), text(to="+33612345679"), text())
    for kept in counterpart.texts:
        if (kept.to, kept.body) == (text().to, text().text):
            kept.created -= timedelta(days=2)
    (found,) = run(make(), text(), method="find")
    assert found == []


def test_find_reads_all_pages(make: Make, counterpart: Counterpart) -> None:
    sought = text(text="sought")
    run(make(), sought)
    run(make(), *[text(text=f"later {n}") for n in range(60)])
    (found,) = run(make(), sought, method="find")
    assert len(found) == 1


def test_find_admits_when_it_cannot_tell(make: Make) -> None:
    (result,) = run(make(api_base_url="http://127.0.0.1:9"), text(), method="find")
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.UNKNOWN_OUTCOME


def test_check_names_the_account(make: Make) -> None:
    checked = make().check()
    assert checked.ok
    assert "Tests" in checked.text
    assert checked.facts == {"account": "Tests", "status": "active", "type": "Full"}


def test_check_never_shows_the_token(make: Make, counterpart: Counterpart) -> None:
    for provider in (make(), make(auth_token="wrong-token")):
        checked = provider.check()
        assert counterpart.auth_token not in json.dumps([checked.text, checked.facts])
        assert "wrong-token" not in checked.text + repr(provider.config)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"auth_token": "wrong"}, "do not belong together"),
        ({"from_number": "+15005550001"}, "not a number of this account"),
        ({"messaging_service_sid": "MG" + "0" * 32}, "no Messaging Service"),
        ({"from_number": "12345"}, "not a number of this account"),
        ({"api_base_url": "http://127.0.0.1:9"}, "could not be asked"),
    ],
)
def test_check_says_what_is_wrong(make: Make, changes: dict[str, Any], words: str) -> None:
    checked = make(**changes).check()
    assert not checked.ok
    assert words in checked.text


def test_check_explains_test_credentials_and_closed_accounts(
    make: Make, counterpart: Counterpart
) -> None:
    counterpart.test_credentials = True
    assert "Test credentials" in make().check().text
    counterpart.test_credentials = False
    counterpart.account_status = "suspended"
    assert "suspended" in make().check().text


def test_a_name_as_sender_cannot_be_checked_and_is_fine(make: Make) -> None:
    assert make(from_number="Heliograph").check().ok


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"account_sid": "AC123"}, "32 characters"),
        ({"auth_token": " "}, "is empty"),
        ({"from_number": "hello world!"}, "is no sender"),
        ({"from_number": None}, "from_number or messaging_service_sid"),
        ({"messaging_service_sid": "XX"}, "Messaging Service"),
        ({"api_key_sid": "SK" + "0" * 32}, "belong together"),
        ({"parts_per_second": -1}, "greater than or equal to 0"),
        ({"api_base_url": "ftp://x"}, "no web address"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_config_errors_name_the_mend(make: Make, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        make(**changes)


def test_each_code_has_one_kind() -> None:
    assert len(KINDS) == sum(len(codes) for codes in CODES.values()) == 101
    assert CODES.keys() | {FailureKind.UNKNOWN_OUTCOME} == set(FailureKind)
    assert kind_of_answer(400, "99999") is FailureKind.NOT_ALLOWED
    assert kind_of_answer(502, "") is FailureKind.UNKNOWN_OUTCOME


def test_every_status_word_of_a_text_we_send_is_known() -> None:
    words = "queued sending sent failed delivered undelivered accepted scheduled read canceled"
    assert set(words.split()) <= STATUSES.keys()


FORM = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        ("https://mycompany.com/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("https://mycompany.com:443/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        ("http://mycompany.com:80/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ],
)
def test_the_counterpart_signs_as_twilio_does(url: str, signature: str) -> None:
    assert sign("12345", url, FORM) == signature


@pytest.mark.parametrize(
    ("word", "code", "status", "kind"),
    [
        ("delivered", None, "delivered", None),
        ("sent", None, "sent", None),
        ("undelivered", 30003, "undelivered", "unreachable"),
        ("failed", 30006, "failed", "bad_number"),
        ("a new word", None, "accepted", None),
    ],
)
def test_it_is_asked_what_became_of_a_text(
    make: Make, counterpart: Counterpart, word: str, code: int | None, status: str, kind: str | None
) -> None:
    (sent,) = run(make(), text())
    counterpart.texts[0].status, counterpart.texts[0].error_code = word, code
    (report,) = run(make(), sent.provider_id, method="status")
    assert (report.provider_id, report.status) == (sent.provider_id, status)
    assert (report.kind, report.error_code) == (kind, str(code or ""))


def test_it_says_when_it_knows_no_such_text(make: Make) -> None:
    (answer,) = run(make(), "SM" + "0" * 32, method="status")
    assert isinstance(answer, Failure)
    assert answer.kind is FailureKind.UNKNOWN_OUTCOME


def test_never_repeats_a_text_by_itself(make: Make, counterpart: Counterpart) -> None:
    """A kept-alive connection that ends before the answer: the text may be out there."""
    provider = make()

    async def two_in_turn() -> list[Any]:
        try:
            first = await provider.send(text())
            counterpart.faults.append("accept_and_drop")
            return [first, *await asyncio.gather(provider.send(text()), return_exceptions=True)]
        finally:
            await provider.close()

    first, second = asyncio.run(two_in_turn())
    assert first.provider_id == counterpart.texts[0].sid
    assert isinstance(second, Failure)
    assert second.kind is FailureKind.UNKNOWN_OUTCOME
    assert len(counterpart.texts) == 2
    assert len(counterpart.requests) == 2


def test_a_cancelled_call_leaves_nothing_behind(make: Make, counterpart: Counterpart) -> None:
    provider = make()
    counterpart.latency = 0.3

    async def cancelled_then_sent() -> Any:
        try:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await provider.send(text(text="first"))
            counterpart.latency = 0.0
            return await provider.send(text(text="second"))
        finally:
            await provider.close()

    sent = asyncio.run(cancelled_then_sent())
    assert [item.body for item in counterpart.texts if item.sid == sent.provider_id] == ["second"]


@pytest.mark.parametrize(
    "words", ["a+b = 100 % & more; \u00e9\U0001f600\u20ac\n2nd ~line~", "=&+%20"]
)
def test_words_arrive_letter_for_letter(make: Make, counterpart: Counterpart, words: str) -> None:
    run(make(), text(text=words))
    assert counterpart.texts[0].body == words


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        ("2026-11-24T20:00:00+00:00", 12),  # noon there: winter time
        ("2026-07-01T06:59:00+00:00", 1 / 60),
        ("2026-03-08T09:00:00+00:00", 22),  # 1 in the night; the day has 23 hours
    ],
)
def test_a_daily_cap_ends_at_midnight_us_pacific(now: str, hours: float) -> None:
    wait = seconds_to_wait(FailureKind.DAILY_CAP, datetime.fromisoformat(now))
    assert wait == pytest.approx(hours * 3600)
    assert seconds_to_wait(FailureKind.THROTTLED, datetime.fromisoformat(now)) is None
