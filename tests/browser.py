"""The browser of the tests: Chromium without a window, installed when there is none.

python -m tests.browser
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

# the shell is the same engine without the parts that draw windows: half of the work
PACKAGES = ("chromium-headless-shell", "chromium")
NAMES = (*PACKAGES, "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def find_browser() -> str | None:
    """Path of the machine's Chromium, or None when playwright's own is to be used."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch_options() -> dict[str, Any]:
    found = find_browser()
    return {"args": ARGUMENTS} | ({"executable_path": found} if found else {})


def install() -> None:
    """By the system's package manager, else playwright's own download."""
    if find_browser():
        return
    if shutil.which("apt-get"):
        rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
        apt = [*rights, "apt-get", "-qq", "-y"]
        subprocess.run([*apt, "update"], check=False)
        for package in PACKAGES:
            subprocess.run([*apt, "install", "--no-install-recommends", package], check=False)
            if find_browser():
                return
    playwright = Path(sys.executable).with_name("playwright")
    subprocess.run([playwright, "install", "--with-deps", "chromium"], check=True)


if __name__ == "__main__":
    install()
