"""What the tests of ``charging`` start from: piles, cards, a tariff, riders who are logged in, and their calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from apps import make_app, running
from wxservices import clock, db, fields, payments
from wxservices.blueprints import charging, wxpay
from wxservices.models.charging import User
from wxservices.piles import simulated
from wxservices.services.charging import ledger, operator, orders
from wxservices.sms import sandbox
from wxservices.wechat import pay_sandbox

V = "/wechat/smallapplet"
NOON = "2026-11-23T04:00:00+00:00"
"""12:00 in Beijing."""
PILE, OFFLINE = "014441AC53", "014441AC54"

STATION: dict[str, Any] = {
    "tariffs": [
        {
            "name": "standard",
            "prepay": "1.01",
            "swipe": "1.00",
            "unit_minutes": 30,
            "steps": [{"hours": 4, "per_hour": "0.25"}, {"per_hour": "0.20"}],
        }
    ],
    "piles": [
        {"device_no": PILE, "tariff": "standard", "plugs": 10},
        {"device_no": OFFLINE, "tariff": "standard", "plugs": 2},
    ],
    "cards": [
        {"card_no": "34345799"},
        {"card_no": "34345800"},
        {"card_no": "111111786", "virtual": True},
        {"card_no": "111111787", "virtual": True},
    ],
}


@contextmanager
def station(uri: str, *, prefix: str | None = None, **config: Any) -> Iterator[Flask]:
    """An application that serves ``charging`` and ``wxpay``, inside its context: one pile online, one offline."""
    app = make_app(uri, **config)
    app.register_blueprint(charging.bp, url_prefix=prefix)
    app.register_blueprint(wxpay.bp)
    with running(app, "charging"):
        with db.transaction():
            sum(operator.apply(fields.load(operator.ChargingData(), STATION)))
        if app.extensions["wxservices"].settings.charging_gateway == "simulated":
            simulated.connect(PILE, True)
            simulated.set_plug(PILE, "09", 1)
            simulated.set_plug(PILE, "10", 2)
        yield app


@dataclass
class Rider:
    """Somebody who is logged in."""

    client: FlaskClient
    user_id: int
    phone: str
    token: str

    def call(self, name: str, **body: Any) -> Any:
        """The reply to a call with *body*."""
        return self.raw(name, {"body": body})

    def raw(self, name: str, sent: Any, token: str | None = None) -> Any:
        headers = {"Authorization": self.token if token is None else token}
        response = self.client.post(f"{V}/{name}", json=sent, headers=headers)
        assert response.status_code == 200
        return response.get_json()

    def code(self, name: str, **body: Any) -> int:
        return int(self.call(name, **body)["code"])

    def number(self, plug: str = "01", device: str = PILE) -> str:
        reply = self.call("getOrderNo", deviceNo=device, plug=plug)
        assert reply["code"] == 200, reply
        return str(reply["data"])

    def start(self, number: str, plug: str = "01", amount: Any = 1.01, device: str = PILE) -> int:
        return self.code("mobilePaymentCharging", deviceNo=device, plug=plug, orderNo=number, amount=amount)

    def charging(self, plug: str = "01", fen: int = 101) -> str:
        """An order that is paid and charges."""
        number = self.number(plug)
        pay(number, fen)
        assert self.start(number, plug, f"{fen // 100}.{fen % 100:02}") == 200
        assert state(number) == "charging"
        return number

    def records(self) -> list[dict[str, Any]]:
        return list(self.call("getOrderRecord", pageNum=1, pageSize=100)["data"]["list"])

    def recharge(self, fen: int) -> str:
        yuan = f"{fen // 100}.{fen % 100:02}"
        number = str(self.call("getBalanceOrderNo", phone=self.phone, amount=yuan)["data"])
        pay(number, fen)
        assert self.code("addBalance", phone=self.phone, amount=yuan, orderNo=number) == 200
        return number


def rider(app: Flask, phone: str = "13900139000") -> Rider:
    """A registered rider, who logs in as a mini program does."""
    with db.transaction():
        row = {"phone": phone, "wxname": f"wx{phone}", "balance": 0, "orders": 0, "created_at": clock.now()}
        user_id = db.insert(User, row)
    client = app.test_client()
    sent = client.post(f"{V}/sendValidateCode", json={"body": {"phone": phone, "codeType": "login"}}).get_json()
    assert sent["code"] == 200, sent
    code = sandbox.recent(phone)[0]["code"]
    response = client.post(f"{V}/login", json={"body": {"phone": phone, "code": code}})
    assert response.get_json() == {"success": True, "code": 200, "message": "成功"}
    return Rider(client, user_id, phone, response.headers["Authorization"])


def pay(number: str, fen: int) -> None:
    """Somebody pays; WeChat's notification is lost."""
    pay_sandbox.pay(number, fen)


def state(number: str) -> str:
    return str(orders.find(number).state)


def refunds(number: str) -> list[int]:
    """The fen of the refunds that WeChat's stand-in was asked for."""
    return [row["refund_fee"] for row in pay_sandbox.refunds() if row["out_trade_no"] == number]


def reconcile() -> list[str]:
    """What ``flask wxservices reconcile`` does; what it says of orders and recharges."""
    return [f"{step.kind} {step.outcome}" for step in payments.reconcile() if step.kind in ("order", "recharge")]


def books_are_right() -> bool:
    return list(ledger.audit()) == []
