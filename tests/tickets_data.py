"""What the tests of ``tickets`` start from: an agency, a customer and a merchant who are logged in, and their calls."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from apps import make_app, running
from wxservices import db, payments, signing
from wxservices.blueprints import tickets
from wxservices.models.tickets import Order
from wxservices.services.tickets import accounts, merchants
from wxservices.wechat import pay_sandbox

KEY = "319ceidcbweifbwi"
"""The document's."""
URL = "/api/v1/user"
NOON = "2026-11-23T04:00:00+00:00"
"""12:00 in Beijing."""

PASSENGER = {"name": "胡超", "indentity": "110101199003075613"}

ORDER: dict[str, Any] = {
    "ticketIdentity": PASSENGER["indentity"],
    "ticketName": PASSENGER["name"],
    "fromSite": "北京",
    "toSite": "河南",
    "ticketDetails": [
        {"seatType": "硬座,硬卧", "departureDate": "2099-01-01", "trainNum": "K180,K190"},
        {"seatType": "硬座,硬卧", "departureDate": "2099-01-04", "trainNum": "K180,K190"},
    ],
    "orderAmount": 80,
    "termIp": "127.0.0.1",
}

on_sqlite = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
"""For tests of many cases in which the data base is no part."""

_newest = db.Query(sa.select(Order.order_no, Order.id).order_by(Order.id.desc()).limit(1))
_status = db.Query(sa.select(Order.status).where(Order.order_no == sa.bindparam("order_no")))
_books = db.Query(sa.select(sa.func.count()).select_from(Order))


@contextmanager
def agency(uri: str, *, prefix: str | None = None, **config: Any) -> Iterator[Flask]:
    """An application that serves ``tickets``, inside its context."""
    app = make_app(uri, **config)
    app.register_blueprint(tickets.bp, url_prefix=prefix)
    with running(app, "tickets"):
        yield app


def signed(data: dict[str, Any], key: str = KEY) -> dict[str, Any]:
    """*data* with a fresh nonce, unless it has one, and the sign of it."""
    members = {"nonceStr": secrets.token_hex(16), **data}
    return {**members, "sign": signing.md5(signing.texts(members), key)}


@dataclass
class Caller:
    """Someone who is logged in."""

    client: FlaskClient
    user_id: int
    role: str
    key: str = field(repr=False)

    def call(
        self, name: str, data: dict[str, Any] | None = None, *, sign: bool = True, raw: Any = None, **outer: Any
    ) -> Any:
        """The reply to a call with *data*, signed unless told otherwise, or with *raw* in its place; *outer* replaces
        what stands beside it.
        """
        members = signed(data or {}) if sign else data or {}
        text = json.dumps(members, ensure_ascii=False) if raw is None else raw
        body = {"userId": self.user_id, "userRole": self.role, "appCode": "XCX", "data": text, **outer}
        sent = {name: value for name, value in body.items() if value is not ...}
        return self.client.post(f"{URL}/{name}", json=sent, headers={"loginKey": self.key}).get_json()

    def order(self, **changes: Any) -> sa.Row[Any]:
        """The new order (``order_no``, ``id``) that a ``createOrder`` made."""
        reply = self.call("createOrder", {**ORDER, **changes})
        assert reply["code"] == "0000", reply
        return newest()


def login(app: Flask, code: str = "demo-customer", role: str = "customer") -> Caller:
    """Log in as a mini program does."""
    client = app.test_client()
    body = {"userRole": role, "appCode": "XCX", "data": signed({"code": code})}
    data = client.post(f"{URL}/login", json=body).get_json()["data"]
    return Caller(client, int(data["userId"]), role, data["loginKey"])


def merchant(app: Flask, code: str = "demo-merchant", rate: int = 500) -> Caller:
    """A merchant who is logged in and may work."""
    caller = login(app, code, "business")
    accounts.authenticate(merchant_id=caller.user_id, benefit_rate=rate)
    return caller


def newest() -> sa.Row[Any]:
    """The newest order: ``order_no``, ``id``."""
    row = _newest.first()
    assert row is not None
    return row


def status(order_no: str) -> str:
    """Where an order is."""
    return str(_status.scalar(order_no=order_no))


def how_many() -> int:
    """How many orders there are."""
    return int(_books.scalar())


def pay(order_no: str, fen: int | None = None) -> str:
    """The payer pays and WeChat tells of it; what it is answered."""
    return payments.notified(pay_sandbox.pay(order_no, fen))


def reconcile() -> None:
    """What ``flask wxservices reconcile`` does."""
    for _ in payments.reconcile():
        pass


def bring(customer: Caller, business: Caller, target: str) -> sa.Row[Any]:
    """An order of *customer* that went the straight way to *target*, at the merchant's side with *business*."""
    order = customer.order()
    steps = [
        ("wait_pay", lambda: None),
        ("wait_rob", lambda: pay(order.order_no)),
        ("robing", lambda: merchants.rob(merchant_id=business.user_id, order_no=order.order_no)),
        (
            "order_audit",
            lambda: merchants.hand_in(merchant_id=business.user_id, order_no=order.order_no, note="E1"),
        ),
        ("wait_confirme", lambda: merchants.passed(order_no=order.order_no)),
        ("success", lambda: merchants.confirm(user_id=customer.user_id, id=order.id)),
    ]
    for state, step in steps:
        step()
        assert status(order.order_no) == state
        if state == target:
            return order
    raise ValueError(target)
