"""``flask wxservices vending …``: what machines, stores and people do that the document has no call for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from decimal import Decimal

import click
from flask.cli import AppGroup

from ..services.vending import Sold, faults, goods, ids, lanes, machines, orders, people
from .progress import progress

vending = AppGroup("vending", help="Operate machines, their stock and their people.")

WHO = click.option("--who", default="operator", show_default=True, help="Who did it, for the ledger.")
WHY = click.option("--why", required=True, help="The reason, for the ledger.")


def _id(prefix: str) -> Callable[[str], int]:
    """Reads an id of the document as the number in it."""

    def read(text: str) -> int:
        number = text.removeprefix(prefix)
        if number == text or not (number.isascii() and number.isdigit()):
            raise click.BadParameter(f"{text} is no {prefix} id")
        return int(number)

    return read


def _fen(text: str) -> int:
    """Reads an amount in yuan."""
    if not re.fullmatch(r"[0-9]{1,8}(\.[0-9]{1,2})?", text):
        raise click.BadParameter(f"{text} is no amount in yuan with at most two decimals")
    return int(Decimal(text) * 100)


def _line(text: str) -> Sold:
    """Reads ``AI56``, ``AI56x2`` or ``AI56x2@3.50``: a lane, how many (default 1), at what price (the good's)."""
    match = re.fullmatch(r"(\w+?)(?:x([0-9]{1,6}))?(?:@(.*))?", text, re.ASCII)
    if not match:
        raise click.BadParameter(f"{text} is no lane, number and price such as AI56x2@3.50")
    lane, number, price = match.groups()
    return Sold(_id(ids.AISLE)(lane), int(number or 1), _fen(price) if price else None)


@vending.command()
@click.argument("phone")
@click.option("--as-sent", is_flag=True, help="Clients send what is typed here, not its MD5.")
@click.password_option()
def password(phone: str, as_sent: bool, password: str) -> None:
    """Set the password of the staff member with PHONE, and end their sessions.

    Clients send the MD5 of what is typed at the login (the document's `password_md5`); so that is what is hashed.
    """
    sent = password if as_sent else hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()
    people.set_password(phone=phone, password_md5=sent)
    click.echo(f"{phone}: password set.")


@vending.command()
@click.argument("phone")
def logout(phone: str) -> None:
    """End all sessions of the staff member with PHONE."""
    click.echo(f"{phone}: {people.end_sessions(phone=phone)} sessions ended.")


@vending.command()
@click.argument("vendor", type=_id(ids.VENDOR))
@click.argument("order_no")
@click.argument("lines", nargs=-1, required=True, type=_line)
@click.option("--paid", type=_fen, help="What was paid (default: the sum).")
@click.option("--pay-way", type=click.IntRange(1, 2), default=1, show_default=True, help="1 WeChat, 2 Alipay.")
@click.option("--customer", type=_id(ids.CUSTOMER))
def sale(
    *, vendor: int, order_no: str, lines: tuple[Sold, ...], paid: int | None, pay_way: int, customer: int | None
) -> None:
    """Record a sale of machine VENDOR under its own ORDER_NO.  LINES: AI56, AI56x2 or AI56x2@3.50."""
    number = orders.record_sale(
        vendor_id=vendor, order_no=order_no, lines=lines, paid_fen=paid, pay_way=pay_way, customer_id=customer
    )
    click.echo(f"{ids.ORDER}{number}")


@vending.command()
@click.argument("order", type=_id(ids.ORDER))
@click.option("--goods-back", is_flag=True, help="Nothing came out: the goods are still in their lanes.")
@WHO
def refund(order: int, goods_back: bool, who: str) -> None:
    """Refund the sale ORDER."""
    orders.refund_sale(order_id=order, goods_back=goods_back, who=who)
    click.echo(f"{ids.ORDER}{order}: refunded.")


@vending.command()
@click.argument("vendor", type=_id(ids.VENDOR))
@click.argument("remark")
@click.option("--code", default="", help="Which fault, so that the same one is not opened twice.")
def fault(vendor: int, remark: str, code: str) -> None:
    """Open a fault of machine VENDOR."""
    click.echo(f"{ids.FAULT}{faults.report(vendor_id=vendor, remark=remark, code=code)}")


@vending.command()
@click.argument("good", type=_id(ids.GOODS))
@click.argument("yuan", type=_fen)
def price(good: int, yuan: int) -> None:
    """Sell GOOD at YUAN from now on."""
    goods.set_price(goods_id=good, price_fen=yuan)
    click.echo(f"{ids.GOODS}{good}: priced.")


@vending.command()
@click.argument("vendor", type=_id(ids.VENDOR))
@click.argument("name")
@click.argument("phone")
def person(vendor: int, name: str, phone: str) -> None:
    """Let NAME with PHONE look after machine VENDOR."""
    machines.set_person(vendor_id=vendor, name=name, phone=phone)
    click.echo(f"{ids.VENDOR}{vendor}: {name}.")


@vending.command()
@click.argument("good", type=_id(ids.GOODS))
@click.argument("number", type=click.IntRange(1))
@WHY
@WHO
def receive(good: int, number: int, why: str, who: str) -> None:
    """Take NUMBER of GOOD into the store."""
    goods.receive(goods_id=good, num=number, why=why, who=who)
    click.echo(f"{ids.GOODS}{good}: {number} received.")


@vending.command()
@click.argument("place")
@click.argument("number", type=click.IntRange(0))
@WHY
@WHO
def count(place: str, number: int, why: str, who: str) -> None:
    """Write down that NUMBER were counted at PLACE: a lane (AI56), or a good in the store (VG9)."""
    if place.startswith(ids.GOODS):
        changed = goods.count(goods_id=_id(ids.GOODS)(place), num=number, why=why, who=who)
    else:
        changed = lanes.count(aisle_id=_id(ids.AISLE)(place), goods_num=number, why=why, who=who)
    click.echo(f"{place}: {number} ({changed:+}).")


@vending.command()
def audit() -> None:
    """Hold the stock against the ledger's movements; exit with 1 if they differ."""
    from ..services.vending import audit

    _report([str(difference) for difference in audit.differences()])


@vending.command()
def rebuild() -> None:
    """Compute the boards' totals anew from the orders, put right and print what differs; exit with 1 if any did."""
    from ..services.vending import rebuild

    found: list[str] = []
    months = rebuild.months()
    with progress("rebuild", len(months), much=2) as done:
        for shop_id, month in months:
            found += rebuild.rebuild(shop_id, month)
            done(1)
    _report(found)


def _report(differences: list[str]) -> None:
    for line in differences:
        click.echo(line)
    click.echo(f"{len(differences)} differences.")
    if differences:
        raise click.exceptions.Exit(1)
