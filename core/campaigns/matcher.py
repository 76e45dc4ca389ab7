"""Comparing texts with regular expressions in a process that can be ended in time.

No engine with look-arounds keeps a time limit by itself: `regex` looks at the clock every so
many steps, and a step may take long. The processor time of a process is kept by the system.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("matching.py")
SECONDS = 0.1  # of processor time for one text
SOFT = 0.8  # the share of it after which the engine is to end by itself
FEW, IMPATIENT = 3, 0.02  # after so many that took too long, the others have less
WALL = 20.0  # seconds until a process that does not even run is given up

NEEDED = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")  # none of our secrets

Verdict = bool | None | str  # None: its time was over; words: why it is no expression


class Matcher:
    """One helper process, begun when it is first needed, and again after it was ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._rest = b""

    def verdicts(self, pattern: str, texts: Sequence[str]) -> list[Verdict]:
        """For each text whether *pattern* is found in it; raises OSError where none can run."""
        found: list[Verdict] = []
        with self._lock:
            while len(found) < len(texts):
                late = sum(one is None for one in found)
                seconds = SECONDS if late < FEW else IMPATIENT
                most = FEW if late < FEW else len(texts)
                found += self._ask(pattern, texts[len(found) :][:most], seconds)
        return found

    def _ask(self, pattern: str, texts: Sequence[str], seconds: float) -> list[Verdict]:
        """Answers to as many as there were until the process ended; at least to one."""
        limits = (seconds * SOFT, seconds)
        line = json.dumps({"pattern": pattern, "texts": list(texts), "limits": limits})
        process = self._running()
        found: list[Verdict] = []
        try:
            assert process.stdin is not None  # noqa: S101  it is a pipe
            process.stdin.write(f"{line}\n".encode())
            process.stdin.flush()
            while len(found) < len(texts):
                found.append(self._read(process))
        except (EOFError, BrokenPipeError):
            self.close()
            found.append(None)
        return found

    def _read(self, process: subprocess.Popen[bytes]) -> Verdict:
        assert process.stdout is not None  # noqa: S101  it is a pipe
        handle = process.stdout.fileno()
        while b"\n" not in self._rest:
            ready, _, _ = select.select([handle], [], [], WALL)
            piece = os.read(handle, 65_536) if ready else b""
            if not piece:
                raise EOFError
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        verdict: Any = json.loads(line)
        return str(verdict["error"]) if isinstance(verdict, dict) else verdict

    def _running(self) -> subprocess.Popen[bytes]:
        """The process; after a fork another one, as two may not share its pipes."""
        if self._owner != os.getpid():
            self._process, self._owner, self._rest = None, os.getpid(), b""
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(  # noqa: S603  our own script
                [sys.executable, "-P", "-X", "utf8", str(SCRIPT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in NEEDED if name in os.environ},
                start_new_session=True,
            )
        return self._process

    def close(self) -> None:
        """End the process; the next question begins another one."""
        process, self._process, self._rest = self._process, None, b""
        if process is None:
            return
        with suppress(OSError):
            process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait()


MATCHER = Matcher()
atexit.register(MATCHER.close)
