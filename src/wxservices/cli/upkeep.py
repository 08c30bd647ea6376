"""``purge``: what has expired goes."""

from __future__ import annotations

from collections.abc import Iterator

import click
from flask.cli import with_appcontext

from .. import nonces, sms, throttle, tokens
from ..state import current_state


@click.command()
@with_appcontext
def purge() -> None:
    """Delete what is too old to be of use, and print how many rows that were.  Run it once a day."""
    for name, count in purged():
        click.echo(f"{name}: {count}")


def purged() -> Iterator[tuple[str, int]]:
    """Purge all there is: what, and how many rows that were."""
    purges = {"codes": sms.purge, "nonces": nonces.purge, "limits": throttle.purge, "tokens": tokens.purge}
    for name, service in current_state().mounted.items():
        if service.purge:
            purges[name] = service.purge
    for name, run in purges.items():
        yield name, run()
