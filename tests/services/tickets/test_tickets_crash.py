"""A process may die at any line: once ``reconcile`` has run, the books agree with WeChat's."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

import tickets_crash
from tickets_data import Caller, bring, how_many, newest, reconcile, status
from wxservices import clock, db
from wxservices.models.tickets import Order
from wxservices.services.tickets import ledger
from wxservices.wechat import pay_sandbox

DOCS = Path(__file__).parents[3] / "docs" / "tickets.md"
TICKETS, PAYMENTS, WECHAT = "wxservices.services.tickets", "wxservices.payments", "wxservices.wechat.pay"
REPLY = "wxservices.blueprints.document:to_json"


class Point(NamedTuple):
    """Where a process dies while it does *what*, and where that leaves the order: at once, and after ``reconcile``."""

    what: str
    place: str
    target: str
    when: str
    crashed: str
    reconciled: str


NOTHING = "not there"
POINTS = [
    Point("order", "the order is written, not committed", f"{TICKETS}.states:created", "after", NOTHING, NOTHING),
    Point("order", "the order is kept", f"{WECHAT}:unified_order", "before", "wait_pay", "wait_rob"),
    Point("order", "WeChat has answered", f"{WECHAT}:unified_order", "after", "wait_pay", "wait_rob"),
    Point("order", "the prepay id is kept", f"{PAYMENTS}.orders:_keep_prepay_id", "after", "wait_pay", "wait_rob"),
    Point("order", "the reply is made, not sent", REPLY, "after", "wait_pay", "wait_rob"),
    Point("notify", "the payment is written, not committed", f"{TICKETS}.ledger:post", "after", "wait_pay", "wait_rob"),
    Point("notify", "the payment is noted", f"{PAYMENTS}.applying:apply", "after", "wait_rob", "wait_rob"),
    Point("return", "the refund is written, not committed", f"{TICKETS}.states:move", "after", "wait_rob", "wait_rob"),
    Point("return", "the refund is noted", f"{PAYMENTS}.refunds:send", "before", "returning_amount", "returned_amount"),
    Point("return", "WeChat has accepted it", f"{WECHAT}:refund", "after", "returning_amount", "returned_amount"),
    Point("return", "that is noted", f"{PAYMENTS}.refunds:send", "after", "returning_amount", "returned_amount"),
    Point("return", "the reply is made, not sent", REPLY, "after", "returning_amount", "returned_amount"),
    Point(
        "look",
        "WeChat's end is written, not committed",
        f"{TICKETS}.ledger:post",
        "after",
        "returning_amount",
        "returned_amount",
    ),
    Point("look", "WeChat's end is noted", f"{PAYMENTS}.refunds:look", "after", "returned_amount", "returned_amount"),
]
WHAT = {
    "order": "`createOrder`",
    "notify": "the payment's notification",
    "return": "`returnAmount`",
    "look": "`getOrderDetails` while money goes back",
}

_newer = db.Query(sa.select(Order.order_no, Order.id).where(Order.id > sa.bindparam("id")))


def _prepare(point: Point, customer: Caller, business: Caller) -> dict[str, Any]:
    """What is there before the process that dies is started: its arguments."""
    about: dict[str, Any] = {"user_id": customer.user_id, "key": customer.key}
    if point.what == "order":
        return about
    if point.what == "notify":
        order = customer.order()
        pay_sandbox.pay(order.order_no)
    else:
        order = bring(customer, business, "wait_rob")
    if point.what == "look":
        customer.call("returnAmount", {"id": order.id})
    return {**about, "id": order.id, "order_no": order.order_no}


def _crash(uri: str, steps: list[Any]) -> list[int]:
    """The signals that the steps' processes ended with."""
    task = json.dumps({"uri": uri, "steps": steps})
    done = subprocess.run(
        [sys.executable, tickets_crash.__file__, task], stdout=subprocess.PIPE, text=True, check=True, timeout=120
    )
    return [int(line) for line in done.stdout.split()]


def _where(order_no: str | None) -> str:
    return status(order_no) if order_no else NOTHING


def _agree() -> None:
    """The ledger's account of WeChat is what WeChat has taken and given back, order by order."""
    taken = {trade["out_trade_no"]: trade["paid_fee"] or 0 for trade in pay_sandbox.trades()}
    for refund in pay_sandbox.refunds():
        assert refund["refund_status"] == "SUCCESS"
        taken[refund["out_trade_no"]] -= refund["refund_fee"]
    for order_no, fen in taken.items():
        assert (fen > 0) == (status(order_no) not in ("wait_pay", "cancel", "returned_amount")), order_no
    assert list(ledger.audit()) == []
    assert ledger.balances().get("wechat", 0) == -sum(taken.values())


@pytest.mark.parametrize("payer", ["pays", "leaves"])
def test_a_process_dies_at_each_point(
    agency_app: Flask, customer: Caller, business: Caller, database_uri: str, payer: str
) -> None:
    points = [point for point in POINTS if payer == "pays" or point.what == "order"]
    prepared = [_prepare(point, customer, business) for point in points]
    last = newest().id if how_many() else 0
    steps = [[point.what, about, point.target, point.when] for point, about in zip(points, prepared, strict=True)]
    assert _crash(database_uri, steps) == [signal.SIGKILL] * len(points)

    made = [row.order_no for row in _newer.all(id=last)]
    numbers = [about.get("order_no") for about in prepared]
    for index, point in enumerate(points):
        if point.what == "order" and point.crashed != NOTHING:
            numbers[index] = made.pop(0)
    assert made == []
    crashed = [_where(number) for number in numbers]
    assert crashed == [point.crashed for point in points]
    assert list(ledger.audit()) == []

    for number, point in zip(numbers, points, strict=True):
        if number and point.what == "order" and payer == "pays":
            assert customer.call("payOrder", {"orderNo": number})["code"] == "0000", "it stays payable"
            pay_sandbox.pay(number)  # and the notification is lost
    with time_machine.travel(clock.now() + timedelta(minutes=3 if payer == "pays" else 40)):
        reconcile()
        reconcile()
        reconciled = [_where(number) for number in numbers]
        _agree()
    if payer == "leaves":
        assert set(reconciled) == {NOTHING, "cancel"}
        assert {trade["trade_state"] for trade in pay_sandbox.trades()} == {"CLOSED"}
        return
    assert reconciled == [point.reconciled for point in points]
    assert _markdown(crashed, reconciled) in DOCS.read_text(encoding="utf-8")


def _markdown(crashed: list[str], reconciled: list[str]) -> str:
    """The table that the documentation shows, of what was seen."""
    lines = ["| | the process dies in | when | the order then | after `reconcile` |", "| --- | --- | --- | --- | --- |"]
    for number, (point, then, after) in enumerate(zip(POINTS, crashed, reconciled, strict=True), 1):
        then, after = (state if state == NOTHING else f"`{state}`" for state in (then, after))
        lines.append(f"| {number} | {WHAT[point.what]} | {point.place} | {then} | {after} |")
    return "\n".join(lines) + "\n"
