"""``flask wxservices tickets …``: the merchants' work, the operator's word, the books."""

from __future__ import annotations

import secrets

import click
from flask.cli import AppGroup

from .. import clock, db, payload, signing
from ..errors import ConfigurationError
from ..services.tickets import accounts, ledger, merchants, ordering, returning, states
from ..state import current_state

tickets = AppGroup("tickets", help="Operate the ticket agency.")

by = click.option("--by", "operator", default="", help="Who says so; it is noted down.")


@tickets.command("merchants")
def merchants_() -> None:
    """Show the merchants: id, state, name, rate, balance, frozen, orders."""
    for row in accounts.merchants():
        click.echo("\t".join(map(str, row.values())))


@tickets.command()
@click.argument("merchant", type=int)
@click.option("--rate", type=click.IntRange(0, 10_000), default=0, show_default=True, help="Fee, in 1/10,000.")
@click.option("--name", default="", help="The merchant's real name.")
def authenticate(merchant: int, rate: int, name: str) -> None:
    """Let the merchant with the id MERCHANT (`userId` of the login) work, for a fee."""
    accounts.authenticate(merchant_id=merchant, benefit_rate=rate, real_name=name)
    click.echo(f"{merchant}: authenticated, rate {rate}/10000.")


@tickets.command()
@click.argument("user", type=int)
def logout(user: int) -> None:
    """End every login of the user with the id USER."""
    click.echo(f"{user}: {accounts.logout(user_id=user)} logins ended.")


@tickets.command()
@click.option("--status", type=click.Choice(list(states.STATES)), default="wait_rob", show_default=True)
@click.option("--most", type=click.IntRange(1, 10_000), default=100, show_default=True)
def orders(status: str, most: int) -> None:
    """Show orders in a state, the oldest first: number, from, to, yuan, merchant."""
    for row in merchants.waiting(status=status, most=most):
        click.echo("\t".join("" if value is None else str(value) for value in row.values()))


@tickets.command()
@click.argument("order_no")
def history(order_no: str) -> None:
    """Show how ORDER_NO came to where it is."""
    for row in states.history(ordering.numbered(order_no).id):
        moved = f"{row.source} -> {row.target}" if row.source else row.target
        click.echo(f"{clock.local(row.at):%Y-%m-%d %H:%M:%S} {moved}: {row.action}, {row.actor}")


@tickets.command()
@click.argument("merchant", type=int)
@click.argument("order_no")
def rob(merchant: int, order_no: str) -> None:
    """Take the paid order ORDER_NO for MERCHANT."""
    merchants.rob(merchant_id=merchant, order_no=order_no)
    click.echo(f"{order_no}: robbed by {merchant}.")


@tickets.command()
@click.argument("merchant", type=int)
@click.argument("order_no")
@click.argument("note")
def hand_in(merchant: int, order_no: str, note: str) -> None:
    """Hand in the tickets that MERCHANT bought for ORDER_NO; NOTE is their number at the railway."""
    merchants.hand_in(merchant_id=merchant, order_no=order_no, note=note)
    click.echo(f"{order_no}: handed in.")


@tickets.command("pass")
@click.argument("order_no")
@by
def pass_(order_no: str, operator: str) -> None:
    """Say that the tickets handed in for ORDER_NO are right; the merchant is credited."""
    merchants.passed(order_no=order_no, operator=operator)
    click.echo(f"{order_no}: passed.")


@tickets.command()
@click.argument("order_no")
@by
def reject(order_no: str, operator: str) -> None:
    """Say that the tickets handed in for ORDER_NO are not right."""
    merchants.reject(order_no=order_no, operator=operator)
    click.echo(f"{order_no}: rejected.")


@tickets.command()
@click.argument("order_no")
@by
def approve(order_no: str, operator: str) -> None:
    """Give the customer of ORDER_NO, who has asked for it, the money back."""
    returning.approve(order_no=order_no, operator=operator)
    click.echo(f"{order_no}: refunding.")


@tickets.command()
@click.argument("order_no")
@by
def refuse(order_no: str, operator: str) -> None:
    """Refuse the customer of ORDER_NO the money; a merchant who has handed in is paid."""
    returning.refuse(order_no=order_no, operator=operator)
    click.echo(f"{order_no}: refused.")


@tickets.command()
@click.argument("order_no")
def refund_again(order_no: str) -> None:
    """Ask WeChat once more for the refund of ORDER_NO that it has refused for good."""
    click.echo(f"{order_no}: asked again as {returning.again(order_no=order_no)}.")


@tickets.command()
def audit() -> None:
    """Prove the books: show the sum of each account, and what is wrong; exit with 1 if something is."""
    for account, fen in sorted(ledger.balances().items()):
        click.echo(f"{account}\t{db.yuan(fen)}")
    faults = list(ledger.audit())
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise click.exceptions.Exit(1)
    click.echo("The books are right.")


@tickets.command()
@click.argument("data", default="{}")
def sign(data: str) -> None:
    """Print DATA, a JSON object, with a nonce and the sign of it, as a mini program would send it."""
    if not current_state().settings.sandbox:
        raise ConfigurationError("sign works in the sandbox only: WXSERVICES_SANDBOX is not on.")
    members = payload.loads(data, field="DATA")
    if not isinstance(members, dict):
        raise click.BadParameter("a JSON object is needed")
    members.setdefault("nonceStr", secrets.token_hex(16))
    members["sign"] = signing.md5(signing.texts(members), current_state().settings.tickets_sign_key)
    click.echo(signing.text_of(members))
