"""Payments against the sandbox's stand-in: asked for, paid, lost, late, closed, expired."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from shop import APPID, OPENID, events, order, refund_state, state
from wxservices import clock, db, payments, signals, signing
from wxservices.errors import NotFound, UpstreamRefused, UpstreamSilent
from wxservices.models.payments import PaymentRow
from wxservices.payments import reconciling
from wxservices.state import current_state
from wxservices.wechat import pay_sandbox

YES = "<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>"


def later(**by: float) -> Any:
    return time_machine.travel(clock.now() + timedelta(**by), tick=False)


def test_from_order_to_money(app: Flask) -> None:
    number = order()
    heard: list[dict[str, Any]] = []
    params = payments.prepay(out_trade_no=number)
    signed = {"appId": APPID, **{name: value for name, value in params.items() if name != "paySign"}}
    assert signing.verify(signed, current_state().settings.wxpay_key, params["paySign"], "HMAC-SHA256")
    assert params["signType"] == "HMAC-SHA256"
    assert params["package"] == f"prepay_id={pay_sandbox.trades()[0]['prepay_id']}"

    message = pay_sandbox.pay(number)
    with signals.wxpay_paid.connected_to(lambda sender, **what: heard.append(what)):
        assert [payments.notified(message) for _ in range(3)] == [YES] * 3

    payment = payments.find(number)
    assert payment is not None
    assert (payment.state, payment.amount, payment.openid) == ("paid", 1250, OPENID)
    assert payment.transaction_id == pay_sandbox.trades()[0]["transaction_id"]
    assert payment.paid_at is not None
    assert abs(clock.now() - payment.paid_at) < timedelta(seconds=5)
    assert events() == [("paid", number, 1250)]
    assert heard == [{"service": "shop", "out_trade_no": number, "amount": 1250}]
    with pytest.raises(payments.AlreadyPaid):
        payments.prepay(out_trade_no=number)
    with pytest.raises(payments.AlreadyPaid):
        payments.close(out_trade_no=number)


def test_a_prepay_id_is_used_again_while_it_is_young(app: Flask) -> None:
    number = order(lifetime=timedelta(hours=3))
    first = payments.prepay(out_trade_no=number)["package"]
    assert payments.prepay(out_trade_no=number)["package"] == first
    with later(hours=2):
        with db.transaction():  # so that the stand-in, which forgets nothing, has another one to give
            db.execute(sa.text("UPDATE wx_common_sandbox_trade SET prepay_id = 'another'"))
        assert payments.prepay(out_trade_no=number)["package"] == "prepay_id=another"


def test_an_order_that_was_not_committed_is_none(app: Flask) -> None:
    def fail() -> None:
        with db.transaction():
            order()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert payments.find("SHOP1000") is None
    order()
    with pytest.raises(db.Duplicate):
        order()


@pytest.mark.parametrize(("number", "amount"), [("short", 1), ("x" * 33, 1), ("SHOP 1000", 1), ("SHOP1000", 0)])
def test_what_wechat_would_not_take_is_not_kept(app: Flask, number: str, amount: int) -> None:
    with pytest.raises(ValueError, match="does not take"):
        order(number, amount)


def test_refused_silent_and_payable_again(app: Flask) -> None:
    number = order()
    pay_sandbox.refuse("NOAUTH")
    with pytest.raises(UpstreamRefused) as refusal:
        payments.prepay(out_trade_no=number)
    assert refusal.value.code == "NOAUTH"
    pay_sandbox.hang()
    with pytest.raises(UpstreamSilent):
        payments.prepay(out_trade_no=number)
    assert payments.prepay(out_trade_no=number)["package"].startswith("prepay_id=wx")


def test_orderpaid_makes_us_look(app: Flask) -> None:
    number = order()
    pay_sandbox.pay(number, 1250)
    with pytest.raises(UpstreamRefused, match="微信支付") as refusal:
        payments.prepay(out_trade_no=number)
    assert refusal.value.code == "ORDERPAID"
    assert state(number) == "paid"
    assert events() == [("paid", number, 1250)]


def test_a_wrong_amount_is_logged_and_touches_nothing(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    number = order()
    payments.prepay(out_trade_no=number)
    message = pay_sandbox.pay(number, 1249)

    assert "FAIL" in payments.notified(message)
    assert "1017" in caplog.text
    assert (state(number), events()) == ("open", [])
    with pytest.raises(payments.AmountMismatch):
        payments.ask(out_trade_no=number)
    assert reconciling.step("payment", number).left_open


def test_an_unknown_number(app: Flask) -> None:
    assert "FAIL" in payments.notified(pay_sandbox.pay("NOBODYS1", 5))
    for call in (payments.ask, payments.prepay, payments.close, payments.refund):
        with pytest.raises(NotFound):
            call(out_trade_no="NOBODYS1")
    assert payments.refresh(out_trade_no="NOBODYS1") is False


def test_asking_finds_what_was_lost_but_not_too_often(app: Flask) -> None:
    number = order()
    payments.prepay(out_trade_no=number)
    assert payments.ask(out_trade_no=number).state == "open"
    pay_sandbox.pay(number)
    assert payments.refresh(out_trade_no=number) is False, "younger than five seconds"
    with later(seconds=6):
        assert payments.refresh(out_trade_no=number) is True
    with later(seconds=7):
        assert payments.refresh(out_trade_no=number) is True
    assert events() == [("paid", number, 1250)]


def test_refresh_asks_once_in_a_while(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    number = order()
    asked: list[str] = []
    monkeypatch.setattr(payments.orders, "_ask_quietly", lambda row: asked.append(row.out_trade_no))
    ordered = clock.now()
    counts = []
    for seconds in (4, 6, 7, 15.9, 16.1, 17):
        with time_machine.travel(ordered + timedelta(seconds=seconds), tick=False):
            payments.refresh(out_trade_no=number)
        counts.append(len(asked))
    assert counts == [0, 1, 1, 1, 2, 2]


def test_money_for_a_closed_payment_goes_back(app: Flask) -> None:
    number = order()
    payments.prepay(out_trade_no=number)
    payments.close(out_trade_no=number)
    with pytest.raises(payments.PaymentClosed):
        payments.prepay(out_trade_no=number)
    with pytest.raises(payments.PaymentClosed):
        payments.close(out_trade_no=number)

    payments.notified(pay_sandbox.pay(number))

    assert state(number) == "late"
    assert pay_sandbox.refunds()[0]["refund_fee"] == 1250
    assert [step.outcome for step in payments.reconcile()] == ["done"]
    assert refund_state(f"{number}R") == "done"
    assert events() == [], "what nobody knows of is nobody's to hear"


def test_closing_waits_until_wechat_closes(app: Flask) -> None:
    number = order()
    payments.prepay(out_trade_no=number)
    payments.close(out_trade_no=number)
    step = reconciling.step("payment", number)
    assert (step.outcome, step.left_open) == ("waiting", False)
    with later(minutes=6):
        assert reconciling.step("payment", number).outcome == "closed"
    assert pay_sandbox.trades()[0]["trade_state"] == "CLOSED"


def test_an_unpaid_order_expires_and_its_owner_is_told_once(app: Flask) -> None:
    number = order()
    payments.prepay(out_trade_no=number)
    with later(minutes=29):
        assert reconciling.step("payment", number).outcome == "waiting"
    with later(minutes=31):
        with pytest.raises(payments.PaymentClosed):
            payments.prepay(out_trade_no=number)
        assert [step.outcome for step in payments.reconcile()] == ["closed"]
        assert list(payments.reconcile()) == []
    assert pay_sandbox.trades()[0]["trade_state"] == "CLOSED"
    assert events() == [("closed", number, 1250)]


def test_money_that_came_unseen_before_the_expiry_is_money(app: Flask) -> None:
    number = order()
    payments.prepay(out_trade_no=number)
    pay_sandbox.pay(number)
    with later(minutes=31):
        assert [step.outcome for step in payments.reconcile()] == ["paid"]
    assert events() == [("paid", number, 1250)]


@pytest.mark.parametrize("minutes", [0, 6])
def test_money_that_comes_between_closing_here_and_there(app: Flask, minutes: int) -> None:
    number = order()
    payments.prepay(out_trade_no=number)
    payments.close(out_trade_no=number)
    pay_sandbox.pay(number)
    with later(minutes=minutes):
        assert [step.outcome for step in payments.reconcile()] == ["late", "done"]
    assert pay_sandbox.refunds()[0]["refund_status"] == "SUCCESS"


def test_an_owner_that_fails_undoes_it_and_is_told_again(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    number = order()
    payments.prepay(out_trade_no=number)
    pay_sandbox.pay(number)
    with monkeypatch.context() as broken:
        broken.setattr("shop._tell", lambda *what: 1 / 0)
        step = reconciling.step("payment", number)
        assert step.left_open
        assert "ZeroDivisionError" in step.outcome
        assert state(number) == "open"
    assert reconciling.step("payment", number).outcome == "paid"
    assert events() == [("paid", number, 1250)]


def test_a_service_that_is_not_mounted_is_left_open(app: Flask) -> None:
    number = order()
    pay_sandbox.pay(number, 1250)
    shop = current_state().mounted.pop("shop")
    assert reconciling.step("payment", number).left_open
    current_state().mounted["shop"] = shop
    assert reconciling.step("payment", number).outcome == "paid"


def test_prepay_is_late(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed while WeChat is asked: the prepay id does not reach the payer."""
    number = order()
    unified_order = payments.orders.pay.unified_order

    def slow(**fields: Any) -> str:
        prepay_id: str = unified_order(**fields)
        payments.close(out_trade_no=number)
        return prepay_id

    monkeypatch.setattr(payments.orders.pay, "unified_order", slow)
    with pytest.raises(payments.PaymentClosed):
        payments.prepay(out_trade_no=number)
    assert state(number) == "closing"


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("茶" * 60, "茶" * 42),
        ("a\x00b\r\nc ]]> d", "a b c ]]> d"),
        ("", "订单"),
        ("☕️ coffee 😀", None),
    ],
)
def test_the_body_fits(app: Flask, body: str, kept: str | None) -> None:
    with db.transaction():
        payments.open(service="shop", out_trade_no="SHOP7777", amount=1, body=body, openid=OPENID, address="nowhere")
    row = db.Query(sa.select(PaymentRow.body, PaymentRow.address)).first()
    assert row is not None
    assert len(row.body.encode()) <= 127
    assert kept in (None, row.body)
    assert row.address == "127.0.0.1"
    assert payments.prepay(out_trade_no="SHOP7777")


def test_no_call_of_wechat_inside_a_transaction(app: Flask) -> None:
    number = order()
    with pytest.raises(RuntimeError, match="inside a data base transaction"), db.transaction():
        payments.prepay(out_trade_no=number)
