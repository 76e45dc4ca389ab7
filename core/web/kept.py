"""What was typed into a form that could not be taken: kept until it can be.

When a session ends in the middle of a form, its fields ride along through the
sign-in and are shown again for sending. Only what came from our own pages is
kept, so that nobody else can put words into a user's mouth.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from flask import request, url_for

from heliograph.installation import current_settings

SECRET = ("password", "new_password", "old_password", "current_password")
UNKEPT = ("csrf_token", "kept", "next", *SECRET)
LARGEST = 200_000


def is_own_page() -> bool:
    """Whether the browser says that this request comes from one of our pages."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("Origin") or request.headers.get("Referer") or "").netloc
    return origin != "" and origin in (request.host, urlsplit(current_settings().public_url).netloc)


def kept_fields() -> str:
    """The form of this request as JSON, or "" when it is not to be kept."""
    if not is_own_page() or (request.content_length or 0) > LARGEST:
        return ""
    if request.mimetype != "application/x-www-form-urlencoded":
        return ""
    pairs = [pair for pair in request.form.items(multi=True) if pair[0] not in UNKEPT]
    secret = any("password" in name or "secret" in name or "token" in name for name, _ in pairs)
    return "" if secret or not pairs else json.dumps(pairs)


def read_kept(text: str) -> list[tuple[str, str]]:
    """The fields again; [] when there are none or they are not ours."""
    if not text or len(text) > LARGEST:
        return []
    try:
        pairs = json.loads(text)
        return [(str(name), str(value)) for name, value in pairs]
    except (ValueError, TypeError):
        return []


def own_path(path: str) -> str:
    """*path* as a place of this server to go on to; the start page when it is none."""
    good = path.startswith("/") and not path.startswith("//") and "\\" not in path
    if not good or any(ord(character) < 32 for character in path):
        return url_for("dashboard.show")
    return request.script_root + path
