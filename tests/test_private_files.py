"""What Heliograph keeps is for its own user alone, is bounded, and goes after a while."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from heliograph import create_app, dnc_kept
from heliograph.checkup.machine import look_at_machine
from heliograph.db import db, transaction, utcnow
from heliograph.dnc_kept import keep_list, kept_list
from heliograph.errors import BadInput, NotFound
from heliograph.imports.keeping import imports_folder, keep_file, sweep_files
from heliograph.imports.models import FINISHED, PENDING, UPLOADED, Import
from heliograph.imports.pending import sweep
from heliograph.private_files import private_folder, write_private
from heliograph.settings import Settings
from heliograph.upgrades import upgrade_schema

KEY = "the secret key of the tests, long enough"


@pytest.fixture(autouse=True)
def everybody_may_read() -> Iterator[None]:
    """As on most machines: what is made without care can be read by all."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def all_rights(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): rights(path) for path in folder.rglob("*")}


def test_a_new_installation_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    app = create_app(Settings(data_dir=str(folder)))
    with app.app_context():
        upgrade_schema()
        keep_file(io.BytesIO(b"mobile\n"), imports_folder() / "1.csv")
        keep_list(b"+33612345678")
        with transaction() as session:  # so that there are -wal and -shm
            session.add(Import(filename="a", path=""))
        found = all_rights(folder)
        db.session.rollback()
    assert {"heliograph.db", "heliograph.db-wal", "heliograph.db-shm"} <= found.keys()
    assert {"secret_key", "imports/1.csv"} <= found.keys()
    assert rights(folder) == 0o700
    open_ones = {name: oct(mode) for name, mode in found.items() if mode & 0o077}
    assert open_ones == {}


def test_what_an_older_version_made_is_closed_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for name in ("imports", "plugins/mine"):
        (folder / name).mkdir(parents=True)
    files = ("heliograph.db", "secret_key", "imports/1.csv", "imports/1-errors.csv")
    for name in (*files, "plugins/mine/plugin.py", "notes.txt"):
        (folder / name).touch()
    (folder / "secret_key").write_text(KEY)
    create_app(Settings(data_dir=str(folder)))
    assert [oct(rights(folder / name)) for name in files] == ["0o600"] * 4
    assert [oct(rights(one)) for one in (folder, folder / "imports")] == ["0o700"] * 2
    assert oct(rights(folder / "plugins" / "mine" / "plugin.py")) == "0o644"
    assert oct(rights(folder / "plugins")) == "0o755"
    assert oct(rights(folder / "notes.txt")) == "0o644"


def test_a_database_that_lies_elsewhere_is_closed_too(tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.db"
    path.touch()
    create_app(Settings(data_dir=str(tmp_path / "data"), database_url=f"sqlite:///{path}"))
    assert oct(rights(path)) == "0o600"


def test_a_folder_that_all_share_stays_open(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    create_app(Settings(data_dir=str(folder), secret_key=KEY))
    assert oct(folder.stat().st_mode & 0o7777) == "0o1777"
    assert oct(rights(folder / "heliograph.db")) == "0o600"


def test_an_older_file_in_the_place_of_a_new_one_does_not_keep_its_rights(tmp_path: Path) -> None:
    path = private_folder(tmp_path / "data") / "x"
    path.touch()
    with write_private(path) as file:
        file.write(b"new")
    assert (oct(rights(path)), path.read_bytes()) == ("0o600", b"new")


def test_a_link_in_the_place_of_a_new_file_is_not_followed(tmp_path: Path) -> None:
    other, path = tmp_path / "other", tmp_path / "x"
    other.write_text("mine")
    path.symlink_to(other)
    with write_private(path) as file:
        file.write(b"new")
    assert other.read_text() == "mine"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_makes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    app = create_app(Settings(data_dir=str(folder)))
    with app.app_context():
        upgrade_schema()
        keep_file(io.BytesIO(b"mobile\n"), imports_folder() / "1.csv")
        db.session.execute(db.select(Import)).all()
        owners = {str(path.relative_to(folder)): path.stat().st_uid for path in folder.rglob("*")}
        db.session.rollback()
    assert {"secret_key", "heliograph.db", "heliograph.db-wal", "imports/1.csv"} <= owners.keys()
    assert set(owners.values()) == {12345}


def test_the_doctor_names_what_others_may_read(app: Flask) -> None:
    (imports_folder() / "7.csv").touch(mode=0o644)
    (finding,) = [one for one in look_at_machine() if one.what == "data folder"]
    assert (finding.level, "7.csv" in finding.text) == ("note", True)
    (imports_folder() / "7.csv").chmod(0o600)
    assert [one for one in look_at_machine() if one.what == "data folder"] == []


# -- how much, how long


@pytest.fixture
def small(make_app: Callable[..., Flask]) -> Iterator[Flask]:
    app = make_app(import_quota="2", import_days="10")
    with app.app_context():
        yield app


def test_files_beyond_the_quota_are_refused_in_words_and_leave_nothing(small: Flask) -> None:
    folder = imports_folder()
    assert keep_file(io.BytesIO(b"x" * (1 << 20)), folder / "1.csv") == 1 << 20
    keep_file(io.BytesIO(b"x" * (1 << 20)), folder / "2.csv")
    with pytest.raises(BadInput, match=r"2 of 2 MB.*go 10 days after.*HELIOGRAPH_IMPORT_QUOTA"):
        keep_file(io.BytesIO(b"x"), folder / "3.csv")
    assert sorted(path.name for path in folder.iterdir()) == ["1.csv", "2.csv"]
    (folder / "1.csv").unlink()
    keep_file(io.BytesIO(b"x"), folder / "3.csv")


def stored(status: str, *, days: int, files: tuple[str, ...] = ("{}.csv",)) -> list[Path]:
    """An import that ended so many days ago, and its files."""
    then = utcnow() - timedelta(days=days)
    job = Import(filename="a.csv", path="", status=status, created_at=then, error_path="")
    job.finished_at = then if status == FINISHED else None
    with transaction() as session:
        session.add(job)
        session.flush()
        job.path = str(imports_folder() / f"{job.id}.csv")
    paths = [imports_folder() / name.format(job.id) for name in files]
    for path in paths:
        path.touch()
    return paths


def test_files_go_some_days_after_their_import(small: Flask) -> None:
    both = ("{}.csv", "{}-errors.csv")
    old = stored(FINISHED, days=11, files=both)
    new = stored(FINISHED, days=9, files=both)
    waiting = stored(PENDING, days=50) + stored(UPLOADED, days=1)
    unstarted = stored(UPLOADED, days=3)
    other = imports_folder() / "notes.txt"
    other.touch()
    assert sweep() == "2 files deleted"
    assert not any(path.exists() for path in [*old, *unstarted])
    assert all(path.exists() for path in [*new, *waiting, other])
    assert sweep_files() is None


def test_a_file_of_no_import_goes_after_a_day(small: Flask) -> None:
    path = imports_folder() / "999.csv.part"
    path.touch()
    assert sweep_files() is None
    os.utime(path, (0, 0))
    assert sweep_files() == "1 files deleted"
    assert not path.exists()


def test_a_list_that_nobody_stored_goes_after_a_day(small: Flask) -> None:
    token = keep_list(b"+33612345678")
    assert kept_list(token) == b"+33612345678"
    with time_machine.travel(utcnow() + timedelta(days=2), tick=False):
        assert sweep_files() == "1 files deleted"
    with pytest.raises(NotFound):
        kept_list(token)


def test_lists_that_wait_take_no_more_room_than_there_is(
    small: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dnc_kept, "MOST_BYTES", 30)
    token = keep_list(b"+33612345678")
    keep_list(b"+33612345679")
    with pytest.raises(BadInput, match="too many lists wait"):
        keep_list(b"+33612345670")
    dnc_kept.forget_list(token)
    keep_list(b"+33612345670")


@pytest.mark.parametrize("name", ["IMPORT_DAYS", "IMPORT_QUOTA"])
@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "99999999999"])
def test_settings_that_are_no_count_are_refused(name: str, value: str) -> None:
    with pytest.raises(BadInput, match=f"HELIOGRAPH_{name}.*whole number"):
        Settings.from_environment({f"HELIOGRAPH_{name}": value})
