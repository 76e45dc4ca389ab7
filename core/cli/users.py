"""`heliograph user`."""

from __future__ import annotations

import sys

import click

from heliograph.cli.context import in_app
from heliograph.cli.output import json_option, print_json, print_table
from heliograph.db import db
from heliograph.errors import NotFound
from heliograph.login_failures import unlock
from heliograph.logins import end_sessions
from heliograph.users import ROLES, User, create_user, edit_user


@click.group()
def user() -> None:
    """People who use Heliograph."""


@user.command()
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), default="admin", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input")
@in_app
def create(email: str, role: str, password_stdin: bool) -> None:
    """Add a user with EMAIL."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    created = create_user(email, password, role=role)
    click.echo(f"Added {created.email} ({created.role}).")


@user.command()
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input")
@in_app
def password(email: str, password_stdin: bool) -> None:
    """Give the user with EMAIL a new password; all sessions of the user end."""
    person = find_user(email)
    if password_stdin:
        typed = sys.stdin.readline().rstrip("\r\n")
    else:
        typed = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    edit_user(person.id, password=typed)
    end_sessions(person.id)
    unlock(person.email)
    click.echo(f"{person.email} has a new password.")


@user.command(name="unlock")
@click.argument("email")
@in_app
def let_in(email: str) -> None:
    """Let EMAIL try again at once after too many wrong passwords."""
    unlock(find_user(email).email)
    click.echo(f"{email} may try again.")


def find_user(email: str) -> User:
    found: User | None = db.session.scalar(
        db.select(User).where(User.email == email.strip().lower())
    )
    if found is None:
        raise NotFound(f"There is no user {email!r}. Run: heliograph user list")
    return found


@user.command(name="list")
@json_option
@in_app
def list_users(as_json: bool) -> None:
    """Show all users."""
    found = db.session.scalars(db.select(User).order_by(User.email))
    rows = [
        {"id": item.id, "email": item.email, "role": item.role, "created_at": item.created_at}
        for item in found
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        rows,
        ("id", "email", "role", "created_at"),
        empty="Nobody yet. Run: heliograph user create you@example.com",
    )
