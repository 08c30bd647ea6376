"""``flask wxservices …``: what an operator does from a terminal.

One module for each theme, and one for each document that has commands of its own (``flask wxservices traffic …``);
each is imported when it is asked for, a document's only where that document is mounted.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import click
import sqlalchemy as sa
from flask.cli import AppGroup, ScriptInfo

from ..errors import WxServicesError
from ..state import state_of

COMMANDS = {
    "upgrade": "tables",
    "downgrade": "tables",
    "current": "tables",
    "check": "tables",
    "revision": "tables",
    "services": "mounted",
    "demo": "data",
    "load": "data",
    "dump": "data",
    "purge": "upkeep",
    "reconcile": "reconcile",
    "worker": "worker",
    "gateway": "gateway",
    "sms-codes": "sandbox",
    "sandbox": "sandbox",
}
"""The module in which each command is."""


class Group(AppGroup):
    """Finds commands where they are, and says in one line why one failed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *COMMANDS, *_documents(ctx)])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name) or (cmd_name if cmd_name in _documents(ctx) else None)
        if module is None:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(f".{module}", __name__), cmd_name.replace("-", "_"))
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except WxServicesError as error:
            raise click.ClickException(str(error)) from error
        except (sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
            # Without the statement and its parameters, which are people's data.
            raise click.ClickException(f"{error.orig}\nIf tables are missing: flask wxservices upgrade") from error


def _documents(ctx: click.Context) -> list[str]:
    """The mounted services that have commands of their own."""
    app = ctx.ensure_object(ScriptInfo).load_app()
    return [name for name in state_of(app).mounted if find_spec(f"{__name__}.{name}")]


group = Group("wxservices", help="Operate the mounted wxservices.")
