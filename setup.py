"""What is installed: the folders core, plugins and migrations, as the package heliograph."""

from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.errors import SetupError

PLACES = {
    "heliograph": "core",
    "heliograph.plugins": "plugins",
    "heliograph.migrations": "migrations",
}


def packages() -> list[str]:
    """Each package of the three folders by the name under which it is imported."""
    return [
        name
        for place, folder in PLACES.items()
        for name in (place, *(f"{place}.{package}" for package in find_packages(folder)))
    ]


def missing_files() -> list[str]:
    """What `make wheel` makes and git ignores, as far as it is not there."""
    made = [Path("core/static/vendor/tabler.min.css"), Path("core/static/built/campaign.js")]
    made += [path.with_suffix(".mo") for path in Path("core/translations").rglob("*.po")]
    return [str(path) for path in made if not path.is_file()]


class BuildComplete(build_py):
    """A wheel without styles, scripts and languages is refused; an editable install is not."""

    def run(self) -> None:
        missing = [] if self.editable_mode else missing_files()
        if missing:
            raise SetupError(
                f"{', '.join(missing)} not built yet. "
                "Run `make wheel` in the checkout and install the wheel from dist/."
            )
        super().run()


setup(package_dir=PLACES, packages=packages(), cmdclass={"build_py": BuildComplete})
