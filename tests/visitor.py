"""Somebody with a browser, as far as a test without one needs it: cookies and our token."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from heliograph.installation import settings_of
from heliograph.users import create_user

PASSWORD = "four words make one"
HTML = {"Accept": "text/html"}


class Visitor:
    """Paths are given without the installation's prefix; posts carry the CSRF token."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.prefix = settings_of(app).prefix
        self._token = ""

    def get(self, path: str, **headers: str) -> TestResponse:
        with self.app.app_context():  # of its own, as a server's requests have
            return self.client.get(self.prefix + path, headers=HTML | headers, buffered=True)

    def post(self, path: str, form: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        data = {"csrf_token": self.token(), **(form or {})}
        own = {"Sec-Fetch-Site": "same-origin"}
        with self.app.app_context():
            return self.client.post(self.prefix + path, data=data, headers=HTML | own | headers)

    def send(self, method: str, path: str, body: Any, **headers: str) -> TestResponse:
        """JSON to one of the endpoints of a page's script."""
        own = {"Accept": "application/json", "X-CSRFToken": self.token()}
        with self.app.app_context():
            return self.client.open(
                self.prefix + path, method=method, json=body, headers=own | headers
            )

    def token(self) -> str:
        """The CSRF token of this browser's session, out of a page that it may see."""
        if not self._token:
            pages = (self.get(path).text for path in ("/account", "/login", "/welcome"))
            found = (re.search(r'name="csrf-token" content="([^"]+)"', page) for page in pages)
            self._token = next(one[1] for one in found if one)
        return self._token

    def sign_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        answer = self.post("/login", {"email": email, "password": password})
        self._token = ""
        return answer


def sign_in(app: Flask, role: str = "admin", email: str = "") -> Visitor:
    """A new user of that role who is signed in."""
    email = email or f"{role}@example.com"
    create_user(email, PASSWORD, role=role, first_name=role.capitalize())
    visitor = Visitor(app)
    answer = visitor.sign_in(email)
    assert answer.status_code == 303, answer.text[:500]
    return visitor
