"""What is installed: the folders core, plugins and migrations, as the package heliograph."""

from setuptools import find_packages, setup

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


setup(package_dir=PLACES, packages=packages())
