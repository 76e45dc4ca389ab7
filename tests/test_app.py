from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient


def test_it_is_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json is not None
    assert ready.json["schema"]


def test_a_new_installation_asks_for_its_first_user(client: FlaskClient) -> None:
    answer = client.get("/mautic/", follow_redirects=True)
    assert "Welcome to Heliograph" in answer.text


def test_it_lives_under_a_prefix_stripped_or_not(make_app: Callable[..., Flask]) -> None:
    client = make_app(public_url="https://example.com/mautic").test_client()
    for path in ("/mautic/welcome", "/welcome"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert 'href="/mautic/static/app.css' in answer.text


def test_an_unknown_page_is_a_plain_404(client: FlaskClient) -> None:
    assert client.get("/no/such", headers={"Accept": "application/json"}).status_code == 404
    assert "404" in client.get("/no/such", headers={"Accept": "text/html"}).text
