"""The settings page, and the welcome page where a browser suggests zone and country."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from flask import Flask

from heliograph.audit import read_audit
from heliograph.db import db
from heliograph.installation import current_settings, settings_of
from heliograph.setup_token import setup_token
from heliograph.stored_settings import change_settings, stored_values
from heliograph.users import User, list_users
from tests.visitor import PASSWORD, Visitor, sign_in

URL = "/admin/settings/"


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def version_of(page: str) -> str:
    found = re.search(r'name="version" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def save(visitor: Visitor, version: str = "", **values: str) -> tuple[int, str]:
    version = version or version_of(visitor.get(URL).text)
    answer = visitor.post(URL, values | {"version": version})
    return answer.status_code, answer.text


def test_an_admin_sets_zone_and_country(app: Flask) -> None:
    admin = sign_in(app)
    page = admin.get(URL).text
    assert "nothing is chosen yet" in page
    assert '<option value="FR">France</option>' in page
    assert '<option value="Europe/Paris">' in page
    assert 'href="/mautic/admin/settings/" aria-current="page"' in page
    assert save(admin, timezone="europe/paris", default_region="FR")[0] == 303
    page = admin.get(URL).text
    assert 'value="Europe/Paris"' in page
    assert '<option value="FR" selected>' in page
    assert "by admin@example.com" in text_of(page)
    assert (current_settings().timezone, current_settings().region) == ("Europe/Paris", "FR")
    entry = read_audit(limit=1)[0]
    assert (entry.email, entry.action) == ("admin@example.com", "admin_settings.save")
    assert entry.changes == {"timezone": "UTC → Europe/Paris", "default_region": "US → FR"}
    assert save(admin, timezone="", default_region="FR")[0] == 303
    assert current_settings().timezone == "UTC"


def test_an_admin_allows_a_variable_for_webhooks_and_it_is_in_the_audit_log(app: Flask) -> None:
    admin = sign_in(app)
    assert "None is set." in admin.get(URL).text
    status, page = save(admin, webhook_env="CRM_KEY, HELIOGRAPH_SECRET_KEY")
    assert status == 400
    assert "Can never be allowed" in page
    assert 'value="CRM_KEY, HELIOGRAPH_SECRET_KEY"' in page
    assert save(admin, webhook_env="SHOP_TOKEN, CRM_KEY")[0] == 303
    assert current_settings().webhook_env == "CRM_KEY,SHOP_TOKEN"
    assert read_audit(limit=1)[0].changes == {"webhook_env": " → CRM_KEY,SHOP_TOKEN"}


def test_the_country_is_named_in_the_readers_language(app: Flask) -> None:
    admin = sign_in(app)
    page = admin.get(URL, **{"Accept-Language": "fr"}).text
    assert '<option value="DE">Allemagne</option>' in page
    assert "Fuseau horaire" in page


def test_what_cannot_be_used_is_refused_with_all_that_was_typed(app: Flask) -> None:
    admin = sign_in(app)
    status, page = save(admin, timezone="Mars/Phobos", default_region="FR")
    assert status == 400
    assert "Is not a time zone. Use an IANA name such as Europe/Paris." in page
    assert 'value="Mars/Phobos"' in page
    assert '<option value="FR" selected>' in page
    assert stored_values() == {}


@pytest.mark.parametrize("role", ["marketer", "reader"])
def test_only_admins_come_in(app: Flask, role: str) -> None:
    visitor = sign_in(app, role)
    assert visitor.get(URL).status_code == 403
    assert visitor.post(URL, {"timezone": "Asia/Tokyo"}).status_code == 403
    assert URL not in visitor.get("/").text
    assert stored_values() == {}


def test_a_form_without_our_token_is_refused(app: Flask) -> None:
    admin = sign_in(app)
    assert admin.post(URL, {"csrf_token": "", "timezone": "Asia/Tokyo"}).status_code == 400
    assert stored_values() == {}


def test_the_second_of_two_admins_sees_what_the_first_stored(app: Flask) -> None:
    ann, bea = sign_in(app), sign_in(app, email="bea@example.com")
    old = version_of(bea.get(URL).text)
    assert save(ann, timezone="Europe/Paris", default_region="FR")[0] == 303
    status, page = save(bea, old, timezone="Asia/Tokyo", default_region="FR")
    assert status == 409
    assert "Saving now replaces: Time zone: Europe/Paris" in text_of(page)
    assert current_settings().timezone == "Europe/Paris"
    assert save(bea, version_of(page), timezone="Asia/Tokyo", default_region="FR")[0] == 303
    assert current_settings().timezone == "Asia/Tokyo"


def test_what_the_environment_sets_is_shown_as_fixed(make_app: Callable[..., Flask]) -> None:
    app = make_app(timezone="Asia/Tokyo", default_region="de")
    with app.app_context():
        admin = sign_in(app)
        page = admin.get(URL).text
        assert "Set by HELIOGRAPH_TIMEZONE in the server's environment" in text_of(page)
        assert "Germany Set by HELIOGRAPH_DEFAULT_REGION" in text_of(page)
        assert 'name="timezone"' not in page
        assert save(admin, version="untouched", timezone="UTC")[0] == 303
        assert stored_values() == {}
        assert current_settings().timezone == "Asia/Tokyo"


def welcome(app: Flask, **values: str) -> Visitor:
    visitor = Visitor(app)
    form = {"email": "ann@example.com", "password": PASSWORD, "setup_token": token_of(app)} | values
    answer = visitor.post("/welcome", form)
    assert answer.status_code == 303, text_of(answer.text)
    return visitor


def token_of(app: Flask) -> str:
    return setup_token(settings_of(app))


def first_user() -> User:
    db.session.expire_all()
    return list_users()[0]


def test_the_first_account_brings_the_installations_zone_and_country(app: Flask) -> None:
    welcome(app, timezone="Europe/Paris", default_region="FR")
    assert first_user().timezone == "Europe/Paris"
    assert stored_values() == {"timezone": "Europe/Paris", "default_region": "FR"}
    assert read_audit(limit=1)[0].changes == {"timezone": "Europe/Paris", "country": "FR"}


def test_without_a_script_nothing_breaks(app: Flask) -> None:
    page = Visitor(app).get("/welcome", **{"Accept-Language": "fr-CA,en;q=0.5"}).text
    assert '<option value="CA" selected>' in page
    welcome(app, timezone="", default_region="")
    assert (first_user().timezone, stored_values()) == ("", {})
    assert (current_settings().timezone, current_settings().region) == ("UTC", "US")


def test_what_is_set_already_stays(make_app: Callable[..., Flask]) -> None:
    app = make_app(timezone="Asia/Tokyo")
    with app.app_context():
        change_settings(settings_of(app), {"default_region": "DE"})
        page = Visitor(app).get("/welcome").text
        assert "The installation's own is Asia/Tokyo." in text_of(page)
        assert 'name="default_region"' not in page
        welcome(app, timezone="Europe/Paris", default_region="FR")
        assert first_user().timezone == "Europe/Paris"
        assert stored_values() == {"default_region": "DE"}
        assert current_settings().timezone == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("field", "value"), [("timezone", "Mars/Phobos"), ("default_region", "France")]
)
def test_a_first_account_with_a_wrong_zone_or_country_is_not_made(
    app: Flask, field: str, value: str
) -> None:
    visitor = Visitor(app)
    form = {"email": "ann@example.com", "password": PASSWORD, "timezone": "Europe/Paris"}
    form |= {"setup_token": token_of(app)}
    answer = visitor.post("/welcome", form | {field: value})
    assert answer.status_code == 400
    assert f'id="{field}-error"' in answer.text
    assert 'value="ann@example.com"' in answer.text
    assert (list_users(), stored_values()) == ([], {})
