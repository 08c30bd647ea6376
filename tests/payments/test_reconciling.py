"""Going on after trouble: rows under a lease, again and in parallel."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from shop import events, order, state
from wxservices import clock, db, payments
from wxservices.errors import UpstreamRefused, UpstreamSilent
from wxservices.models.payments import PaymentRow
from wxservices.payments import reconciling
from wxservices.wechat import pay, pay_sandbox


def later(**by: float) -> Any:
    return time_machine.travel(clock.now() + timedelta(**by), tick=False)


def down(**fields: Any) -> Any:
    raise UpstreamSilent


def test_everything_at_once(app: Flask) -> None:
    lost, unpaid, cancelled, refunding = (order(f"SHOP100{n}") for n in range(4))
    for number in (lost, unpaid, cancelled, refunding):
        payments.prepay(out_trade_no=number)
    pay_sandbox.pay(lost)
    payments.close(out_trade_no=cancelled)
    pay_sandbox.pay(cancelled)
    payments.notified(pay_sandbox.pay(refunding))
    payments.refund(out_trade_no=refunding)

    with later(minutes=10):
        steps = {step.number: step.outcome for step in payments.reconcile()}
    assert steps == {
        lost: "paid",
        unpaid: "waiting",
        cancelled: "late",
        f"{cancelled}R": "done",
        f"{refunding}R": "done",
    }
    with later(minutes=10):
        assert {step.number: step.outcome for step in payments.reconcile()} == {unpaid: "waiting"}
    assert sorted(events()) == [
        ("paid", lost, 1250),
        ("paid", refunding, 1250),
        ("refunded", f"{refunding}R", 1250),
    ]


def test_wechat_is_down_and_comes_back(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    number = order()
    pay_sandbox.pay(number, 1250)
    with monkeypatch.context() as broken:
        broken.setattr(pay, "query", down)
        step = reconciling.step("payment", number)
    assert (step.left_open, step.outcome) == (True, "open, UpstreamSilent: 外部服务异常，请稍后再试")
    assert reconciling.step("payment", number).outcome == "paid"


def test_an_order_does_not_expire_while_nobody_knows_whether_it_is_paid(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = order()
    monkeypatch.setattr(pay, "query", down)
    with later(hours=1):
        assert reconciling.step("payment", number).left_open
    assert state(number) == "open"


def test_wechat_will_not_close_it_yet(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**fields: Any) -> None:
        raise UpstreamRefused(code="SYSTEMERROR")

    number = order()
    payments.close(out_trade_no=number)
    with monkeypatch.context() as broken:
        broken.setattr(pay, "close", refused)
        step = reconciling.step("payment", number)
    assert (step.left_open, step.outcome) == (True, "closing, UpstreamRefused: SYSTEMERROR")
    assert reconciling.step("payment", number).outcome == "closed"


def test_a_row_under_a_lease_is_left_to_the_other_one(app: Flask) -> None:
    number = order()
    with db.transaction():
        db.execute(sa.update(PaymentRow).values(leased_until=clock.now() + timedelta(seconds=50)))
    step = reconciling.step("payment", number)
    assert (step.outcome, step.left_open) == ("busy", True)
    with later(seconds=51):
        assert reconciling.step("payment", number).outcome == "waiting", "the other one is gone"


def test_what_is_settled_meanwhile_is_not_touched(app: Flask) -> None:
    number = order()
    payments.notified(pay_sandbox.pay(number, 1250))
    assert reconciling.step("payment", number) == reconciling.Step("payment", number, "paid", False)
    assert reconciling.step("payment", "SHOP9999").left_open is False


def test_what_is_due(app: Flask) -> None:
    """Asked after a minute, then 2, 4, 8 minutes later, and when it expires."""
    number = order()
    ordered = clock.now()
    seen = []
    for minute in range(32):
        with time_machine.travel(ordered + timedelta(minutes=minute, seconds=1), tick=False):
            if [step.number for step in payments.reconcile(due_only=True)] == [number]:
                seen.append(minute)
    assert seen == [1, 3, 7, 15, 30]
    assert state(number) == "closed"
