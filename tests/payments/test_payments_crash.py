"""The process is killed (SIGKILL) at a point between an order and its money, or a refund and its end.  After
``reconcile`` our books and WeChat's agree, and the owner was told once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask

from apps import make_app
from shop import SERVICE, events, order, refund_state, state
from wxservices import clock, db, payments
from wxservices.payments import orders, refunds, rows
from wxservices.state import state_of
from wxservices.wechat import pay, pay_sandbox

TESTS = Path(__file__).parents[1]
NUMBER, REFUND = "SHOP1000", "SHOP1000R"


def _die(*args: Any, **fields: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_after(module: Any, name: str) -> None:
    real = getattr(module, name)

    def call(*args: Any, **fields: Any) -> None:
        real(*args, **fields)
        _die()

    setattr(module, name, call)


def _die_when_telling() -> None:
    import shop

    _die_after(shop, "_tell")


POINTS: dict[str, Callable[[], None]] = {
    "1 the order is kept, WeChat is not asked": lambda: setattr(pay, "unified_order", _die),
    "2 WeChat has the order, its prepay id is not kept": lambda: setattr(orders, "_keep_prepay_id", _die),
    "3 the prepay id is kept, the reply is not sent": lambda: _die_after(orders, "_keep_prepay_id"),
    "4 the money came, the owner is told, nothing is committed": _die_when_telling,
    "5 the refund is noted, WeChat is not asked": lambda: setattr(refunds, "send", _die),
    "6 WeChat has the refund, its answer is not kept": lambda: _die_after(pay, "refund"),
    "7 the refund is accepted, nobody asked further": lambda: _die_after(refunds, "send"),
    "8 the money is back, the owner is told, nothing is committed": _die_when_telling,
}


def child(uri: str, point: str) -> None:
    """Do what stands around the point, and die there."""
    app = make_app(uri)
    state_of(app).mount(SERVICE)
    with app.app_context():
        if point[0] in "123":
            order(NUMBER)
            POINTS[point]()
            payments.prepay(out_trade_no=NUMBER)
        elif point[0] == "4":
            POINTS[point]()
            payments.notified(pay_sandbox.notification_of(NUMBER))
        else:
            if point[0] == "8":
                payments.refund(out_trade_no=NUMBER)
            POINTS[point]()
            if point[0] == "8":
                refunds.look(REFUND)
            else:
                payments.refund(out_trade_no=NUMBER)


def crash(uri: str, point: str) -> None:
    """Run :func:`child` in a process, which does not survive it."""
    killed = subprocess.run(
        [sys.executable, __file__, uri, point], env=os.environ | {"PYTHONPATH": str(TESTS)}, timeout=60, check=False
    )
    assert killed.returncode == -signal.SIGKILL


@pytest.mark.parametrize("point", POINTS)
def test_after_a_crash_the_books_agree(app: Flask, database_uri: str, point: str) -> None:
    if point[0] >= "4":
        order(NUMBER)
        payments.prepay(out_trade_no=NUMBER)
        message = pay_sandbox.pay(NUMBER)
        if point[0] >= "5":
            payments.notified(message)

    crash(database_uri, point)

    if point[0] in "123":
        assert state(NUMBER) == "open"
        payments.prepay(out_trade_no=NUMBER)
        pay_sandbox.pay(NUMBER)
    assert not any(step.left_open for step in payments.reconcile())
    told = [("paid", NUMBER, 1250)]
    if point[0] >= "5":
        told.append(("refunded", REFUND, 1250))
        assert refund_state(REFUND) == "done"
        assert [(row["out_refund_no"], row["refund_fee"]) for row in pay_sandbox.refunds()] == [(REFUND, 1250)]
    assert events() == told
    assert state(NUMBER) == "paid"
    assert [(row["out_trade_no"], row["paid_fee"]) for row in pay_sandbox.trades()] == [(NUMBER, 1250)]


@pytest.mark.parametrize("point", [point for point in POINTS if point[0] in "123"])
def test_after_a_crash_and_no_payer_it_expires(app: Flask, database_uri: str, point: str) -> None:
    crash(database_uri, point)
    with time_machine.travel(clock.now() + timedelta(minutes=31), tick=False):
        assert not any(step.left_open for step in payments.reconcile())
    assert events() == [("closed", NUMBER, 1250)]
    assert state(NUMBER) == "closed"
    assert all(row["trade_state"] == "CLOSED" for row in pay_sandbox.trades())
    assert rows.payment.first(number=NUMBER).next_try is None  # type: ignore[union-attr]
    assert not db.in_transaction()


if __name__ == "__main__":
    child(*sys.argv[1:])
