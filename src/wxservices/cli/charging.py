"""``flask wxservices charging …``: what an operator of piles does that the document has no call for."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from .. import db
from ..services.charging import ledger, people, settling

charging = AppGroup("charging", help="Operate charging piles.")


@charging.command()
@click.argument("order_no")
def stop(order_no: str) -> None:
    """Tell the pile to end what charges under ORDER_NO."""
    settling.stop(order_no=order_no)
    click.echo(f"{order_no}: told to stop.")


@charging.command()
@click.argument("phone")
def balance(phone: str) -> None:
    """Print the balance of the rider with PHONE, in yuan."""
    click.echo(str(db.yuan(ledger.of(people.registered(phone)))))


@charging.command()
@click.argument("phone")
def logout(phone: str) -> None:
    """End all sessions of the rider with PHONE."""
    click.echo(f"{phone}: {people.end_sessions(phone=phone)} sessions ended.")


@charging.command()
def audit() -> None:
    """Hold the balances and what is held against the ledger; exit with 1 if they differ."""
    differences = list(ledger.audit())
    for line in differences:
        click.echo(line)
    click.echo(f"{len(differences)} differences.")
    if differences:
        raise click.exceptions.Exit(1)
