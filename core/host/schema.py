"""Tables of plugins: own names, own migrations, own version table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from heliograph.db import Model
from heliograph.host.contributions import BadContribution
from heliograph.migrating import migrating


def check_tables(name: str, dotted: str) -> None:
    """Each table of the plugin must be called `<plugin>_...`; raises BadContribution."""
    for mapper in list(Model.registry.mappers):
        if not f"{mapper.class_.__module__}.".startswith(dotted + "."):
            continue
        for table in mapper.tables:
            if not str(table.name).startswith(f"{name}_"):
                raise BadContribution(f"table {table.name!r} must be called {name + '_...'!r}")


def migration_folder(module_file: str | None) -> Path | None:
    """The plugin's `migrations` folder, or None when it brings no tables."""
    if module_file is None:
        return None
    folder = Path(module_file).parent / "migrations"
    alembics = folder / "versions"  # where `alembic revision` puts them
    if alembics.is_dir():
        return alembics
    return folder if folder.is_dir() else None


def upgrade_plugin(name: str, folder: Path) -> None:
    """Bring the plugin's tables up to date; raises what its migrations raise."""
    config = Config()
    config.set_main_option("script_location", str(folder))
    script = ScriptDirectory(str(folder), version_locations=[str(folder)])

    def steps(revision: Any, _context: Any) -> Any:
        return script._upgrade_revs("heads", revision)

    environment = EnvironmentContext(config, script, fn=steps, destination_rev="heads")
    with migrating() as connection, environment:
        environment.configure(
            connection=connection,
            version_table=f"alembic_version_{name}",
            render_as_batch=True,
        )
        with environment.begin_transaction():
            environment.run_migrations()


def belongs_to_core(name: str | None, kind: str, plugin_names: frozenset[str]) -> bool:
    """For autogenerate: whether a table of the database is core's to change."""
    if kind != "table" or name is None:
        return True
    if name.startswith("alembic_version"):
        return False
    return not any(name.startswith(f"{plugin}_") for plugin in plugin_names)
