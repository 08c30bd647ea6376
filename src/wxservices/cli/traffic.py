"""``flask wxservices traffic …``"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from ..services.traffic import booking

traffic = AppGroup("traffic", help="Operate the vehicle office's bookings.")


@traffic.command()
@click.argument("ordernum")
def cancel(ordernum: str) -> None:
    """Cancel the booking ORDERNUM and free its place."""
    booking.cancel(ordernum=ordernum)
    click.echo(f"{ordernum}: cancelled.")
