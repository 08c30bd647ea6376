"""``gateway``: the one process that listens to piles."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from ..errors import ConfigurationError
from ..state import current_state


@click.command()
@with_appcontext
def gateway() -> None:
    """Listen to the piles' broker, until SIGTERM.

    Start it on several machines if you like: a lease in the data base lets one of them listen; when that one is gone,
    another takes over, and the broker has kept what piles have said meanwhile.
    """
    if current_state().settings.charging_gateway != "mqtt":
        raise ConfigurationError("WXSERVICES_CHARGING_GATEWAY is not mqtt: there is nothing to listen to.")
    from ..piles.gateway import run

    run()
    click.echo("Stopped.")
