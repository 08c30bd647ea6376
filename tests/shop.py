"""A tiny service that takes money: what it is told goes into a table of its own, without a guard of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Flask

from apps import make_app, running
from wxservices import db, payments
from wxservices.errors import NotFound
from wxservices.service import Account, Payable, Payment, PaymentOwner, Refund, Service
from wxservices.state import current_state

APPID = "wx00000000000005h0"
OPENID = "o-of-a-payer"
PRICES = {"SHOP0001": 1250, "SHOP0002": 1}
"""What ``payable`` knows, in fen."""

told = sa.Table(
    "shop_told",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("what", sa.String(16)),
    sa.Column("number", sa.String(64)),
    sa.Column("amount", sa.Integer),
)


def _tell(what: str, number: str, amount: int) -> None:
    db.execute(sa.insert(told).values(what=what, number=number, amount=amount))


def _payable(number: str) -> Payable:
    if number not in PRICES:
        raise NotFound
    return Payable(amount=PRICES[number], body="一杯茶")


def _paid(payment: Payment) -> None:
    _tell("paid", payment.out_trade_no, payment.amount)


def _closed(payment: Payment) -> None:
    _tell("closed", payment.out_trade_no, payment.amount)


def _refunded(refund: Refund) -> None:
    _tell("refunded", refund.out_refund_no, refund.amount)


def _refund_failed(refund: Refund) -> None:
    _tell("refund_failed", refund.out_refund_no, refund.amount)


SERVICE = Service(
    name="shop",
    payments=PaymentOwner(
        account=lambda: Account(APPID, "secret"),
        paid=_paid,
        closed=_closed,
        refunded=_refunded,
        refund_failed=_refund_failed,
        payable=_payable,
    ),
)


@contextmanager
def open_shop(database_uri: str, **config: Any) -> Iterator[Flask]:
    """An application with the shop and the blueprint ``wxpay``, inside its context, with all tables."""
    from wxservices.blueprints import wxpay

    app = make_app(database_uri, **config)
    app.register_blueprint(wxpay.bp)
    with running(app):
        current_state().mount(SERVICE)
        told.create(db.engine())
        yield app


def order(number: str = "SHOP1000", amount: int = 1250, **rest: Any) -> str:
    """An order of *amount* fen, kept."""
    with db.transaction():
        payments.open(service="shop", out_trade_no=number, amount=amount, body="一杯茶", **({"openid": OPENID} | rest))
    return number


def events() -> list[tuple[str, str, int]]:
    """What the shop was told, in order."""
    rows = db.Query(sa.select(told.c.what, told.c.number, told.c.amount).order_by(told.c.id)).all()
    return [tuple(row) for row in rows]


def state(number: str) -> str:
    payment = payments.find(number)
    assert payment is not None
    return payment.state


def refund_state(number: str) -> str:
    refund = payments.find_refund(number)
    assert refund is not None
    return refund.state
