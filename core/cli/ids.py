"""Ids on the command line: a number that a database can hold."""

from __future__ import annotations

import click

from heliograph.contacts.profile import LARGEST_ID

ID = click.IntRange(0, LARGEST_ID)
