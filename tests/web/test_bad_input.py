"""Whatever is sent to any form of any page: a clear answer, nothing run, no 500."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask import Flask

from heliograph.dnc import find_dnc
from tests.pages.pictures import PAGES
from tests.visitor import Visitor
from tests.web.forms import Form, forms_of

SCRIPT = "<script>alert('x')</script><img src=x onerror=alert(1)>"
HOSTILE = {
    "empty": "",
    "code": f"{SCRIPT}'; DROP TABLE contacts; --",
    "long": "x" * 5000,
    "type": "-1.5e999",
    "nul": "a\x00b",
    "huge": "9" * 30,
    "lone": "\udfff",
    "path": "../../etc/passwd",
    "json": '{"all": [{"field": {"a": []}, "operator": 7, "value": {"x": null}}]}',
}
# they end the session, wait for other servers, or start a process
LEFT_OUT = ("/logout", "/account/sessions", "/admin/plugins/install", "/run", "/check")


def all_forms(visitor: Visitor) -> dict[tuple[str, tuple[str, ...]], tuple[str, Form]]:
    """Each kind of form once: by its place without ids, and its fields."""
    found: dict[tuple[str, tuple[str, ...]], tuple[str, Form]] = {}
    for path in PAGES.values():
        for form in forms_of(visitor.get(path).text):
            target = urlsplit(form.action).path.removeprefix(visitor.prefix) or urlsplit(path).path
            if any(word in target for word in LEFT_OUT):
                continue
            plain = "".join(char for char in target if not char.isdecimal())
            found.setdefault((plain, tuple(name for name, _, _ in form.fields)), (target, form))
    return found


# what a database itself may stumble over is tried on both
ON_BOTH = ("code", "nul", "lone", "huge")
TRIED = [("sqlite", kind) for kind in HOSTILE] + [("postgresql", kind) for kind in ON_BOTH]


@pytest.mark.parametrize(("database_url", "kind"), TRIED, indirect=["database_url"])
def test_no_form_falls_over(shop: Flask, ann: Visitor, kind: str) -> None:
    forms = all_forms(ann)
    assert len([form for _, form in forms.values() if form.method == "post"]) > 25
    for target, form in forms.values():
        values = form.filled(HOSTILE[kind])
        values.pop("csrf_token", None)
        if form.method == "post":
            answer = ann.post(target, encoded(values))
        else:
            answer = ann.client.get(ann.prefix + target, query_string=encoded(values))
        assert answer.status_code < 500, (target, values, answer.text[-3000:])
    for path in PAGES.values():
        page = ann.get(path)
        assert page.status_code < 500, path
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text


NUL = "a\x00b"


def test_nul_in_any_field_is_left_out(shop: Flask, ann: Visitor) -> None:
    """Alone among good fields, in hidden ones too: others must not refuse the form first."""
    sent = ann.post("/segments/new", {"name": f"Nul {NUL}", "form_key": NUL})
    assert sent.status_code == 303
    assert "Nul ab" in ann.get("/segments/").text
    number, reason = "+33612345699", "manual"
    listed = {"number": number, "reason": reason, "comment": NUL, "form_key": f"1{NUL}"}
    assert ann.post("/contacts/dnc", listed).status_code == 303
    with shop.app_context():
        found = find_dnc(number)
        assert found is not None
        assert found.comment == "ab"
    assert ann.post("/contacts/dnc/lift", listed | {"form_key": f"2{NUL}"}).status_code == 303
    assert ann.get("/campaigns/1/events/%00").status_code == 404
    assert ann.get("/contacts/?q=%00&%00=1").status_code == 200


def encoded(values: dict[str, str]) -> dict[str, bytes]:
    """A broken character too is sent as a browser that is no browser might."""
    return {name: value.encode("utf-8", "surrogatepass") for name, value in values.items()}


@pytest.mark.parametrize("number", ["0", "-1", "9" * 25, "x", "1.5", "%00", "1e3"])
def test_unknown_ids_and_pages_out_of_range(ann: Visitor, number: str) -> None:
    for path in ("contacts", "imports", "segments", "messages", "broadcasts", "broadcasts/texts"):
        answer = ann.get(f"/{path}/{number}")
        assert answer.status_code == 404, path
    for query in (f"before={number}", f"after={number}", f"segment={number}"):
        assert ann.get(f"/contacts/?{query}").status_code == 200
        assert ann.get(f"/segments/1?{query}").status_code == 200
        assert ann.get(f"/broadcasts/1/texts?{query}").status_code == 200
        assert ann.get(f"/inbox/?{query}").status_code == 200
        assert ann.get(f"/admin/audit/?{query}").status_code == 200
        assert ann.get(f"/contacts/dnc?{query}").status_code == 200
        assert ann.get(f"/contacts/1/timeline?{query}").status_code == 200


def test_a_forged_token_changes_nothing(ann: Visitor) -> None:
    for token in ("", "forged", ann.token() + "x"):
        answer = ann.post(
            "/contacts/new",
            {"csrf_token": token, "first_name": "Mallory"},
            **{"Sec-Fetch-Site": "cross-site"},
        )
        assert answer.status_code == 400
    assert "Mallory" not in ann.get("/contacts/?q=mallory").text.replace('value="mallory"', "")


def test_an_old_form_of_our_own_can_be_sent_again(ann: Visitor) -> None:
    answer = ann.post("/contacts/new", {"csrf_token": "of yesterday", "first_name": "Émilie"})
    assert answer.status_code == 400
    assert 'name="first_name" value="Émilie"' in answer.text
    (form,) = [one for one in forms_of(answer.text) if one.action.endswith("/contacts/new")]
    again = ann.post("/contacts/new", form.filled())
    assert again.status_code == 303
    assert "Émilie" in ann.get("/contacts/?q=émilie").text


def test_a_form_that_is_sent_twice_has_one_effect(ann: Visitor) -> None:
    (form,) = [one for one in forms_of(ann.get("/contacts/new").text) if "mobile" in one.filled()]
    values = form.filled() | {"first_name": "Twice", "mobile": "+33612777001"}
    first, second = ann.post("/contacts/new", values), ann.post("/contacts/new", values)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert ann.get("/contacts/?q=0612777001").text.count(">Twice</a>") == 1


def test_two_tabs_do_not_overwrite_each_other(ann: Visitor) -> None:
    path = "/contacts/1/edit"
    tabs = [
        next(form for form in forms_of(ann.get(path).text) if "city" in form.filled())
        for _ in range(2)
    ]
    values = [tab.filled() | {"mobile": "+33612000000", "owner_id": ""} for tab in tabs]
    assert ann.post(path, values[0] | {"city": "Nice"}).status_code == 303
    refused = ann.post(path, values[1] | {"city": "Brest"})
    assert refused.status_code == 409
    assert "City: <strong>Nice</strong>" in refused.text
    assert 'value="Brest"' in refused.text
    (form,) = [one for one in forms_of(refused.text) if "city" in one.filled()]
    again = form.filled() | {"mobile": "+33612000000", "owner_id": "", "city": "Brest"}
    assert ann.post(path, again).status_code == 303
    assert "Brest" in ann.get("/contacts/1").text


@pytest.mark.parametrize("path", ["/segments/2", "/messages/3", "/admin/plugins/simulator"])
def test_other_forms_know_two_tabs_too(ann: Visitor, path: str) -> None:
    forms = [form for form in forms_of(ann.get(path).text) if "version" in form.filled()]
    first = next(form for form in forms if form.method == "post").filled()
    filters = '{"field": "city", "operator": "is", "value": "Paris"}'
    more = {"name": "Changed", "text": "Hello", "kind": "segment", "segments": "1"}
    more |= {"filters": filters, "language": "en", "sender": "Me", "delay_seconds": "1"}
    second = first | {"form_key": first["form_key"][::-1]}
    assert ann.post(path, first | more).status_code == 303
    refused = ann.post(path, second | more)
    assert refused.status_code == 409
    assert "changed" in refused.text


def test_a_session_that_ended_costs_no_typing(shop: Flask, ann: Visitor) -> None:
    token = ann.token()
    ann.post("/logout")
    answer = ann.client.post(
        ann.prefix + "/messages/new",
        data={"name": "Long work", "text": "Typed for an hour", "csrf_token": token},
        headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 401
    (form,) = [one for one in forms_of(answer.text) if "password" in one.filled()]
    ann._token = ""
    entered = ann.post(
        "/login", form.filled() | {"email": "ann@example.com", "password": "four words make one"}
    )
    assert "Typed for an hour" in entered.text
    (resumed,) = [one for one in forms_of(entered.text) if one.action.endswith("/messages/new")]
    saved = ann.post("/messages/new", resumed.filled() | {"kind": "template"})
    assert saved.status_code == 303
    assert "Long work" in ann.get("/messages/").text


def test_words_from_elsewhere_are_not_kept_through_a_sign_in(shop: Flask) -> None:
    answer = Visitor(shop).post(
        "/messages/new", {"text": "evil"}, **{"Sec-Fetch-Site": "cross-site"}
    )
    assert "evil" not in answer.text


def test_a_user_who_only_reads_cannot_post(rita: Visitor, ann: Visitor) -> None:
    posts = [(target, form) for target, form in all_forms(ann).values() if form.method == "post"]
    for target, form in posts:
        if target.startswith("/account") or target.endswith(("/preview", "/simulate/", "/confirm")):
            continue  # their own, or nothing is changed
        values = form.filled()
        values.pop("csrf_token", None)
        assert rita.post(target, values).status_code == 403, target
    for path in ("/admin/plugins/", "/admin/users/", "/admin/jobs/", "/admin/audit/"):
        assert rita.get(path).status_code == 403
    page = rita.get("/contacts/1").text
    assert "Put on do-not-contact" not in page
    assert "Delete" not in page
