"""A small server that plays Twilio, as strict as the facts say.

It signs by its own code, not by the SDK's, so that both sides cannot be wrong
in the same way.
"""

from __future__ import annotations

from tests.counterpart.server import Counterpart, Text
from tests.counterpart.signature import sign

__all__ = ["Counterpart", "Text", "sign"]
