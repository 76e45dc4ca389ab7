"""Secrets at rest: Fernet with a list of keys, the newest first."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from heliograph.errors import SecretUnreadable


class Cipher:
    """Encrypts with the newest key, reads with any of them."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(derive(key)) for key in keys])

    def encrypt(self, plain: str) -> str:
        return self._fernet.encrypt(plain.encode()).decode()

    def decrypt(self, token: str, *, what: str) -> str:
        """Read *token*; raises SecretUnreadable that names *what* it belongs to."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise SecretUnreadable(
                f"{what}: the stored secret cannot be read with this HELIOGRAPH_SECRET_KEY. "
                "Start with the key it was stored with (old keys may follow the new one, "
                "separated by commas), or enter the secret again."
            ) from None

    def rotate(self, token: str) -> str:
        """The same secret, encrypted with the newest key."""
        return self._fernet.rotate(token.encode()).decode()


def derive(key: str) -> bytes:
    """A Fernet key out of any long string."""
    digest = hashlib.sha256(b"heliograph secrets v1:" + key.encode()).digest()
    return base64.urlsafe_b64encode(digest)
