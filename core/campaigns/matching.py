"""A process of its own that compares texts with regular expressions, run as a script.

It reads a JSON object a line, {"pattern", "texts", "limits"}, and writes a JSON value a line for
each text: true, false, null when its time was over, {"error"} for what is no expression. The
limits, in seconds of processor time, are kept by the system: it ends the process at the second
one, whatever the engine is doing. Nothing else is imported, so that it starts quickly.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from typing import Any

import regex

MEMORY = 512 * 1024 * 1024  # an expression of 300 characters can ask for more than there is


def answer(line: str) -> None:
    asked = json.loads(line)
    soft, hard = asked["limits"]
    made: Any = None
    for text in asked["texts"]:
        signal.setitimer(signal.ITIMER_PROF, hard)
        try:
            made = made or regex.compile(asked["pattern"], regex.IGNORECASE)
            found: Any = made.search(text, timeout=soft) is not None
        except TimeoutError:
            found = None
        except (regex.error, OverflowError, RecursionError, MemoryError, ValueError) as error:
            found = {"error": str(error)}
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.write(f"{json.dumps(found)}\n")
        sys.stdout.flush()


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asks
    for line in sys.stdin:
        answer(line)


if __name__ == "__main__":
    main()
