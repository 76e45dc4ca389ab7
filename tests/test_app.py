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


def test_the_status_page_says_what_to_do_next(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "Heliograph is running" in page
    assert "heliograph user create" in page


def test_it_lives_under_a_prefix_stripped_or_not(make_app: Callable[..., Flask]) -> None:
    client = make_app(public_url="https://example.com/mautic").test_client()
    for path in ("/mautic/", "/"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert 'href="/mautic/style.css"' in answer.text


def test_an_unknown_page_is_a_plain_404(client: FlaskClient) -> None:
    assert client.get("/no/such", headers={"Accept": "application/json"}).status_code == 404
    assert "404" in client.get("/no/such", headers={"Accept": "text/html"}).text
