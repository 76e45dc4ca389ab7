"""Settings of the installation, read once from the environment.

One table: the reference in docs/reference/settings.md is compared with it. Those that
an admin may change while the server runs are in core/stored_settings.py.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from phonenumbers import SUPPORTED_REGIONS

from heliograph.errors import BadInput
from heliograph.parts import part

PREFIX = "HELIOGRAPH_"
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")
# what opens this installation, its database or its session: no webhook may ever read it
OURS = re.compile(
    rf"{PREFIX}|DATABASE|PG(?:HOST|PORT|USER|PASS|DATABASE|SERVICE)|POSTGRES|SECRET_KEY|FLASK_|GUNICORN_|SQLALCHEMY_|(?:PATH|HOME|ENV)$",
    re.IGNORECASE,
)


def setting(default: str, text: str) -> str:
    """A setting as it stands in the environment: default and help text."""
    value: str = field(default=default, metadata={"help": text})
    return value


@dataclass(frozen=True)
class Settings:
    data_dir: str = setting("var", "Folder of the database, the secret key, uploads and `plugins`")
    database_url: str = setting("", "SQLAlchemy URL; empty: SQLite in the data folder")
    secret_key: str = setting("", "Key of secrets and sessions; several, newest first, by comma")
    public_url: str = setting("", "Address people and providers reach, with its path prefix")
    default_region: str = setting(
        "", "Country of numbers written without one (ISO 3166); empty: as stored, else `US`"
    )
    timezone: str = setting(
        "", "Zone of the installation (IANA name); empty: as stored, else `UTC`"
    )
    scheduler: str = setting("on", "`on` or `off`: whether this process runs the jobs")
    plugin_dirs: str = setting(
        "", f"Folders of plugins beside `plugins` in the data folder, separated by `{os.pathsep}`"
    )
    safe_mode: str = setting("0", "`1` starts without any plugin")
    log_format: str = setting("text", "`text` or `json`")
    log_level: str = setting("INFO", "`DEBUG`, `INFO`, `WARNING` or `ERROR`")
    quiet_hours: str = setting(
        "", "No broadcast or campaign texts then, in the contact's zone: `21:00-08:00`"
    )
    trusted_proxies: str = setting(
        "0", "How many proxies stand before the server; they tell the visitor's address"
    )
    metrics_token: str = setting(
        "", "Bearer token that may read `/metrics`; empty: only an admin who is signed in"
    )
    webhook_private: str = setting(
        "0", "`1` lets webhooks of campaigns call addresses that are not on the public internet"
    )
    webhook_env: str = setting(
        "", "Environment variables that headers of webhooks may read, by comma; empty: as stored"
    )
    frequency_cap: str = setting(
        "",
        "Most texts a number gets before broadcasts leave it out, those of campaigns counted: "
        "`3/7d` is 3 in 7 days",
    )

    link_tracking: str = setting(
        "on", "`on` or `off`: whether links in texts are made short and clicks counted"
    )
    import_days: str = setting(
        "30", "Days after an import at which its file and that of its rejected rows are deleted"
    )
    import_quota: str = setting("2000", "Most megabytes that all files of imports may take")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment; an empty variable counts as not set.

        Raises BadInput with the variable's name when a value cannot be used.
        """
        environ = os.environ if environ is None else environ
        given = {f.name: environ.get(PREFIX + f.name.upper(), "").strip() for f in fields(cls)}
        settings = cls(**{name: value for name, value in given.items() if value})
        settings.validate()
        return settings

    def validate(self) -> None:
        choose("SCHEDULER", self.scheduler, ("on", "off"))
        choose("LINK_TRACKING", self.link_tracking, ("on", "off"))
        choose("LOG_FORMAT", self.log_format, ("text", "json"))
        choose("SAFE_MODE", self.safe_mode, ("0", "1"))
        choose("WEBHOOK_PRIVATE", self.webhook_private, ("0", "1"))
        choose("LOG_LEVEL", self.log_level, ("DEBUG", "INFO", "WARNING", "ERROR"))
        choose("TRUSTED_PROXIES", self.trusted_proxies, ("0", "1", "2", "3"))
        check_variables(self.webhook_env, f"{PREFIX}WEBHOOK_ENV")
        check_count("IMPORT_DAYS", self.import_days, most=3650)
        check_count("IMPORT_QUOTA", self.import_quota, most=10_000_000)
        if self.timezone:
            check_zone(self.timezone, f"{PREFIX}TIMEZONE")
        if self.default_region:
            check_region(self.default_region, f"{PREFIX}DEFAULT_REGION")
        if self.public_url and urlsplit(self.public_url).scheme not in ("http", "https"):
            raise BadInput(
                f"{PREFIX}PUBLIC_URL",
                "is not a web address",
                value=self.public_url,
                mend="Use https://example.com or https://example.com/mautic.",
            )

    @property
    def folder(self) -> Path:
        return Path(self.data_dir).resolve()

    @property
    def database(self) -> str:
        """The URL for SQLAlchemy, with the psycopg driver for PostgreSQL."""
        if not self.database_url:
            return f"sqlite:///{self.folder / 'heliograph.db'}"
        scheme, _, rest = self.database_url.partition("://")
        if scheme in ("postgres", "postgresql"):
            return f"postgresql+psycopg://{rest}"
        return self.database_url

    @property
    def prefix(self) -> str:
        """Path under which the server lives: "" or "/mautic"."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us by https."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def proxies(self) -> int:
        return int(self.trusted_proxies)

    @property
    def region(self) -> str:
        return self.default_region.upper()

    @property
    def plugin_folders(self) -> list[Path]:
        """Folders in which to look for plugins: the bundled one, ours in the data folder, more.

        Raises StartFailed when the bundled one is missing.
        """
        given = [Path(part).resolve() for part in self.plugin_dirs.split(os.pathsep) if part]
        return list(dict.fromkeys([part("plugins"), self.folder / "plugins", *given]))

    def keys(self) -> list[str]:
        """The secret keys, newest first; one is made on first start when absent."""
        given = [key.strip() for key in self.secret_key.split(",") if key.strip()]
        return given or [kept_key(self.folder)]


def kept_key(folder: Path) -> str:
    """The key in the data folder, written once with owner-only rights."""
    path = folder / "secret_key"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_text().strip()
        if key:
            return key
        raise BadInput(
            f"{PREFIX}SECRET_KEY",
            "is not set and the kept key is empty",
            value=path,
            mend="Restore the file from a backup, or set the variable.",
        ) from None
    with os.fdopen(handle, "w") as file:
        if getattr(os, "geteuid", lambda: 1)() == 0:  # root's command, somebody else's server
            os.fchown(handle, folder.stat().st_uid, folder.stat().st_gid)
        key = secrets.token_urlsafe(48)
        file.write(key + "\n")
    return key


def choose(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise BadInput(
            PREFIX + name, "is not known", value=value, mend=f"Use {' or '.join(choices)}."
        )


def check_variables(text: str, field: str) -> str:
    """Names of variables, by comma, in their one spelling.

    Raises BadInput about *field* for what is no name, and for what no webhook may ever read.
    """
    names = sorted({name.strip() for name in text.split(",") if name.strip()})
    for name in names:
        if not VARIABLE.fullmatch(name):
            mend = "Use names of environment variables, by comma, such as CRM_KEY, SHOP_TOKEN."
            raise BadInput(field, "is no name of a variable", value=name, mend=mend)
        if OURS.match(name):
            mend = "Put what the other system asks for into a variable of its own."
            raise BadInput(field, "can never be allowed", value=name, mend=mend)
    return ",".join(names)


def check_count(name: str, value: str, *, most: int) -> None:
    """Raise BadInput unless *value* is a whole number from 1 to *most*."""
    plain = value.isascii() and value.isdigit() and len(value) < 10
    if not plain or not 1 <= int(value) <= most:
        mend = f"Use a whole number from 1 to {most}."
        raise BadInput(PREFIX + name, "is not usable", value=value, mend=mend)


def check_zone(name: str, field: str) -> None:
    """Raise BadInput about *field* when this system knows no such zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadInput(
            field, "is not a time zone", value=name, mend="Use an IANA name such as Europe/Paris."
        ) from None


def check_region(code: str, field: str) -> None:
    """Raise BadInput about *field* when *code* is no country with phone numbers."""
    if code.upper() not in SUPPORTED_REGIONS:
        raise BadInput(
            field, "is not a country", value=code, mend="Use two letters such as US or FR."
        )
