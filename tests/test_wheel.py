"""What `pip install heliograph` gives: all of the product, and nothing beside it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from tests.test_end_to_end import free_port, get, wait_until
from tests.visitor import PASSWORD

ROOT = Path(__file__).parent.parent
BUILD = [sys.executable, "-m", "build", "--no-isolation"]
FOLDERS = {"core": "heliograph", "plugins": "heliograph/plugins"}
FOLDERS |= {"migrations": "heliograph/migrations"}
TYPES = {"css": "text/css", "js": "javascript", "svg": "image/svg+xml"}


class Built(NamedTuple):
    sdist: Path
    wheel: Path


class Installed(NamedTuple):
    """A virtual environment with the wheel, and an empty folder to work in."""

    python: Path
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {"HOME": str(self.folder), "LANG": "C.UTF-8"}
        return kept | {"PATH": f"{self.python.parent}:/usr/bin:/bin"}

    @property
    def command(self) -> Path:
        return self.python.with_name("heliograph")

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.command, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """As `make wheel` builds them: the wheel out of the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [*BUILD, "--outdir", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Built(next(folder.glob("*.tar.gz")), next(folder.glob("*.whl")))


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The libraries come from the environment of the tests, so that nothing is fetched.

    A line in a .pth file puts its site-packages behind the new one's. The .pth files in there
    are not read then, and it is one of those that makes an editable Heliograph importable.
    """
    place = tmp_path_factory.mktemp("pip")
    (place / "empty").mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / "venv"], check=True)
    python = place / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    subprocess.run([*pip, "--quiet", "--no-index", str(built.wheel)], check=True, timeout=120)
    (site,) = (place / "venv" / "lib").glob("python3*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installed(python, place / "empty")


def sources() -> set[str]:
    """Each file of the checkout that the product needs, by its name in the wheel."""
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    kept = [path for path in paths if path.suffix not in (".pyc", ".po")]
    named = {path: path.relative_to(ROOT).as_posix().partition("/") for path in kept}
    return {f"{FOLDERS[folder]}/{rest}" for folder, _, rest in named.values()}


def test_the_wheel_holds_the_product_and_nothing_beside_it(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        (record,) = [name for name in wheel.namelist() if name.endswith("/RECORD")]
        listed = {line.split(",")[0] for line in wheel.read(record).decode().splitlines()}
    info = record.partition("/")[0]
    assert re.fullmatch(r"heliograph-[\w.]+\.dist-info", info)
    assert {name for name in listed if not name.startswith(f"{info}/")} == sources()


def test_the_sdist_holds_what_the_front_end_is_built_from(built: Built) -> None:
    with tarfile.open(built.sdist) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"package-lock.json", "frontend/campaign/main.jsx", "LICENSE", "setup.py"} <= names
    assert not any(name.startswith(("tests/", "benchmarks/", ".")) for name in names)


def test_a_wheel_without_styles_or_languages_is_not_built(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.sdist) as sdist:
        sdist.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    (source / "core/static/built/campaign.js").unlink()
    (source / "core/translations/fr/LC_MESSAGES/messages.mo").unlink()
    done = subprocess.run(
        [*BUILD, "--wheel", str(source)], capture_output=True, text=True, timeout=120, check=False
    )
    told = done.stdout + done.stderr
    assert done.returncode != 0
    assert "core/static/built/campaign.js, core/translations/fr/LC_MESSAGES/messages.mo" in told
    assert "make wheel" in told


@pytest.fixture(scope="module")
def address(installed: Installed) -> Iterator[str]:
    """`heliograph serve --demo` in an empty folder: what is sent, a command sends."""
    port = free_port()
    process = subprocess.Popen(
        [installed.command, "serve", "--demo", "--port", str(port)],
        cwd=installed.folder,
        env=installed.environment | {"HELIOGRAPH_SCHEDULER": "off"},
    )
    try:
        wait_until(lambda: get(f"http://127.0.0.1:{port}/readyz") == 200, 60)
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.wait()


def assets(page: str) -> list[str]:
    """The styles, scripts and icons that a page loads."""
    found = re.findall(r'(?:src|href)="([^"]*/static/[^"#]+)', page)
    return list(dict.fromkeys(found))


def check_assets(browser: requests.Session, address: str, page: str) -> set[str]:
    """Fetch all that the page loads; gives the names of the files."""
    found = assets(page)
    for path in found:
        answer = browser.get(address + path)
        name = path.partition("?")[0]
        assert (answer.status_code, answer.text != "") == (200, True), path
        assert TYPES[name.rpartition(".")[2]] in answer.headers["Content-Type"], path
    return {path.partition("?")[0].partition("/static/")[2] for path in found}


def test_pages_have_styles_scripts_and_languages(installed: Installed, address: str) -> None:
    browser = requests.Session()
    browser.headers.update({"Accept": "text/html", "Sec-Fetch-Site": "same-origin"})

    def submit(path: str, **form: str) -> requests.Response:
        token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get(address + path).text)
        assert token is not None
        return browser.post(address + path, data={"csrf_token": token[1], **form})

    assert "Welcome to Heliograph" in browser.get(address + "/").text
    made = submit("/welcome", email="ann@example.com", password=PASSWORD, default_region="FR")
    assert made.status_code == 200, made.text
    login = requests.get(address + "/login", headers={"Accept-Language": "fr"}).text
    assert "Se connecter" in login
    styles = {"vendor/tabler.min.css", "app.css", "vendor/tabler.min.js"}
    assert styles <= check_assets(browser, address, login)

    canvas = submit("/campaigns/new", name="Welcome")
    assert canvas.status_code == 200
    builder = browser.get(canvas.url.partition("?")[0].rstrip("/") + "/").text
    assert styles | {"built/campaign.css", "built/campaign.js"} <= check_assets(
        browser, address, builder
    )
    plugins = browser.get(address + "/admin/plugins/").text
    assert "Texts go through it" in plugins
    assert styles | {"vendor/icons.svg"} <= check_assets(browser, address, plugins)


@pytest.mark.usefixtures("address")
def test_a_command_sends_a_broadcast_through_the_simulator(installed: Installed) -> None:
    people = installed.folder / "people.csv"
    people.write_text("mobile,first name\n+33612345678,Ada\n")
    installed.run("contacts", "import", str(people), "--segment", "friends")
    made = installed.run(
        *("messages", "create", "--name", "Hello", "--segment", "friends", "--json"),
        *("--publish-up", "now", "--text", "Hello {contactfield=firstname}!"),
    )
    installed.run("broadcasts", "send", "--id", str(json.loads(made)["id"]))
    (text,) = json.loads(installed.run("simulator", "texts", "--json"))
    assert (text["number"], text["text"]) == ("+33612345678", "Hello Ada!")


def test_any_wsgi_server_finds_the_application(installed: Installed) -> None:
    source = (
        "import heliograph, heliograph.plugins, heliograph.migrations, json\n"
        "from heliograph.wsgi import app\n"
        "parts = [heliograph, heliograph.plugins, heliograph.migrations]\n"
        "answer = app.test_client().get('/healthz').status_code\n"
        "print(json.dumps([answer, *(part.__file__ for part in parts)]))"
    )
    done = subprocess.run(
        [installed.python, "-c", source],
        cwd=installed.folder,
        env=installed.environment | {"HELIOGRAPH_SCHEDULER": "off"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    answer, *files = json.loads(done.stdout)
    assert answer == 200
    assert all(file.startswith(str(installed.python.parent.parent)) for file in files)
