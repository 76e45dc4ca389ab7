"""X-Twilio-Signature: base64 of HMAC-SHA1 over the URL and the sorted parameters."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence


def sign(token: str, url: str, form: Mapping[str, str | Sequence[str]]) -> str:
    text = url
    for name in sorted(form):
        value = form[name]
        values = [value] if isinstance(value, str) else sorted(set(value))
        text += "".join(name + item for item in values)
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
