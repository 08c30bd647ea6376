"""The tables: ``upgrade``, ``downgrade``, ``current``, ``check`` and, for developers, ``revision``."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from .. import migration
from ..state import current_state


@click.command()
@click.argument("services", nargs=-1)
@with_appcontext
def upgrade(services: tuple[str, ...]) -> None:
    """Make or change the tables of SERVICES (default: of all that are mounted) and the common ones."""
    applied = migration.upgrade(*services)
    click.echo("\n".join(f"Applied {revision}." for revision in applied) or "The tables are up to date.")


@click.command()
@click.argument("service")
@click.argument("revision", default="base")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def downgrade(service: str, revision: str, yes: bool) -> None:
    """Take the tables of SERVICE back to REVISION (default: base, which drops them).

    What is in dropped tables and columns is lost.  `common` can go when no service is left.
    """
    if not yes:
        click.confirm(f"Take {service} back to {revision} and lose what is in its dropped tables?", abort=True)
    undone = migration.downgrade(service, revision)
    click.echo("\n".join(f"Undid {name}." for name in undone) or "There was nothing to undo.")


@click.command()
@with_appcontext
def current() -> None:
    """Show how far the tables of each service are that is mounted or has tables."""
    expected = (migration.COMMON, *current_state().mounted)
    for name, at in migration.current().items():
        if at.applied or name in expected:
            behind = "" if at.applied in (None, at.head) else f" (the newest is {at.head})"
            click.echo(f"{name}: {at.applied or 'no tables'}{behind}")


@click.command()
@with_appcontext
def check() -> None:
    """Compare the tables of the mounted services with their models; exit with 1 if they differ."""
    differences = migration.check()
    for line in differences:
        click.echo(line)
    if differences:
        raise click.exceptions.Exit(1)
    click.echo("The tables are as the models have them.")


@click.command(hidden=True)
@click.argument("service")
@click.option("-m", "--message", required=True, help="What changes.")
@with_appcontext
def revision(service: str, message: str) -> None:
    """Write the draft of a revision from what the models of SERVICE are now (for developers of wxservices)."""
    migration.revise(service, message)
