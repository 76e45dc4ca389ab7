"""A small server that plays Twilio, as strict as the facts say.

It signs by its own code, not by the SDK's, so that both sides cannot be wrong
in the same way.
"""

from __future__ import annotations

from tests.counterpart.answers import Refusal
from tests.counterpart.server import Counterpart
from tests.counterpart.signature import sign
from tests.counterpart.text import Text

__all__ = ["Counterpart", "Refusal", "Text", "sign"]
