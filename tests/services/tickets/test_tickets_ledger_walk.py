"""Whatever is done in whatever order, the books are right after each step."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask

from tickets_data import Caller, merchant, pay, reconcile, status
from wxservices import db
from wxservices.errors import ServiceError
from wxservices.models.tickets import Order
from wxservices.services.tickets import ledger, merchants, ordering, returning, states
from wxservices.wechat import pay_sandbox


@pytest.mark.parametrize("seed", range(4))
def test_a_walk_at_random(agency_app: Flask, customer: Caller, business: Caller, seed: int) -> None:
    chance = random.Random(seed)
    crowd = [business.user_id, merchant(agency_app, "another", rate=333).user_id]

    def new() -> Any:
        return customer.order(orderAmount=f"{chance.randrange(1, 20_000) / 100:.2f}")

    def hand_in(order: Any) -> None:
        merchant_id = ordering.numbered(order.order_no).merchant_id
        merchants.hand_in(merchant_id=merchant_id, order_no=order.order_no, note="E")

    actions: dict[str, Any] = {
        "pay": lambda order: pay(order.order_no),
        "cancel": lambda order: ordering.cancel(user_id=customer.user_id, id=order.id),
        "rob": lambda order: merchants.rob(merchant_id=chance.choice(crowd), order_no=order.order_no),
        "hand_in": hand_in,
        "pass": lambda order: merchants.passed(order_no=order.order_no),
        "reject": lambda order: merchants.reject(order_no=order.order_no),
        "confirm": lambda order: merchants.confirm(user_id=customer.user_id, id=order.id),
        "return": lambda order: returning.ask(user_id=customer.user_id, id=order.id),
        "approve": lambda order: returning.approve(order_no=order.order_no),
        "refuse": lambda order: returning.refuse(order_no=order.order_no),
        "refund": lambda order: returning.refresh(order.order_no),
    }
    orders: list[Any] = [new(), new()]
    seen: set[str] = set()
    for _ in range(120):
        order = chance.choice(orders[-6:])
        allowed = [rule.action for rule in states.RULES if rule.source == status(order.order_no)]
        known = [action for action in allowed if action in actions]
        if not known or chance.random() < 0.1:
            orders.append(new())
        else:
            # One time in five anything, whether the table has it or not.
            with suppress(ServiceError):
                actions[chance.choice(known if chance.random() < 0.8 else list(actions))](order)
        assert list(ledger.audit()) == []
        assert sum(ledger.balances().values()) == 0
    reconcile()
    assert list(ledger.audit()) == []
    for row in db.Query(ordering.sa.select(Order.id, Order.status)).all():
        seen.add(row.status)
        moves = states.history(row.id)
        assert [move.source for move in moves] == ["", *[move.target for move in moves][:-1]]
        assert moves[-1].target == row.status
    assert len(seen) > 4
    taken = {trade["out_trade_no"]: trade["paid_fee"] or 0 for trade in pay_sandbox.trades()}
    given = sum(refund["refund_fee"] for refund in pay_sandbox.refunds())
    assert ledger.balances()["wechat"] == given - sum(taken.values())
