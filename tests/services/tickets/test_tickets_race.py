"""Of many who move an order at once one does, and the proof that these tests would notice: the same load without the
guard.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from races import race
from tickets_data import ORDER, agency, bring, how_many, login, merchant, reconcile, status
from wxservices import db, payments
from wxservices.models.payments import RefundRow
from wxservices.models.tickets import Order, User
from wxservices.services.tickets import accounts, ledger, merchants, ordering, returning, states
from wxservices.wechat import pay_sandbox

HERE = Path(__file__)
PROCESSES, THREADS = 2, 10
CROWD = PROCESSES * THREADS
pytestmark = pytest.mark.race

_refunds = db.Query(sa.select(sa.func.count()).select_from(RefundRow))
_robbed = db.Query(sa.select(sa.func.sum(User.orders)).where(User.role == "business"))


def _race(uri: str, target: str, **arguments: Any) -> list[str]:
    run = {"path": HERE, "processes": PROCESSES, "threads": THREADS, "mount": ("tickets",)}
    return race(f"{HERE.stem}:{target}", uri, **run, **arguments)


def _take_the_guards_out() -> None:
    """Let a move overwrite whatever the state is by now, and payments be closed and refunded without a look."""
    states._move = (
        sa.update(Order)
        .where(Order.id == sa.bindparam("order_id"), sa.bindparam("source") != "")
        .values(status=sa.bindparam("target"), modified_at=sa.bindparam("now"))
    )
    payments.close = lambda **_: None
    payments.refund = _refund_unguarded


def _refund_unguarded(*, out_trade_no: str, reason: str) -> str:
    row = payments.rows.payment.first(number=out_trade_no)
    return payments.refunds._note(row, row.amount, uuid.uuid4().hex, reason)


def cancel_or_pay(number: int, user_id: int, id: int, order_no: str, guard: bool) -> str:
    if not guard:
        _take_the_guards_out()
    if number % 2:
        ordering.cancel(user_id=user_id, id=id)
        return "cancelled"
    payments.notified(pay_sandbox.notification_of(order_no))
    return "told"


def rob(number: int, merchant_ids: list[int], order_no: str, guard: bool) -> str:
    if not guard:
        _take_the_guards_out()
    merchants.rob(merchant_id=merchant_ids[number], order_no=order_no)
    return "robbed"


def refund(number: int, user_id: int, id: int, guard: bool) -> str:
    if not guard:
        _take_the_guards_out()
    returning.ask(user_id=user_id, id=id)
    return "asked"


def confirm_or_return(number: int, user_id: int, id: int, guard: bool) -> str:
    if not guard:
        _take_the_guards_out()
    (merchants.confirm if number % 2 else returning.ask)(user_id=user_id, id=id)
    return "done"


def order(number: int, user_id: int) -> str:
    """What each thread does: order for the same user."""
    details = [{**ORDER["ticketDetails"][0], "departureDate": ordering.date(2099, 1, 1)}]
    ordering.create(user_id=user_id, **{**ORDER, "ticketDetails": details, "orderAmount": 100})
    return "ordered"


def test_cancel_against_payment(database_uri: str) -> None:
    with agency(database_uri) as app:
        customer = login(app)
        new = customer.order()
        pay_sandbox.pay(new.order_no)
        about = {"user_id": customer.user_id, "id": new.id, "order_no": new.order_no}
        outcomes = _race(database_uri, "cancel_or_pay", **about, guard=True)
        cancelled = outcomes.count("cancelled")
        assert cancelled <= 1
        assert set(outcomes) <= {"cancelled", "told", "MoveRefused"}
        payment = payments.find(new.order_no)
        assert payment is not None
        assert (status(new.order_no), payment.state) == (("cancel", "late") if cancelled else ("wait_rob", "paid"))
        assert len(states.history(new.id)) == 2
        reconcile()
        assert [row["refund_fee"] for row in pay_sandbox.refunds()] == [8000] * cancelled
        assert list(ledger.audit()) == []


def test_without_the_guard_an_order_is_cancelled_often(database_uri: str) -> None:
    with agency(database_uri) as app:
        customer = login(app)
        new = customer.order()
        pay_sandbox.pay(new.order_no)
        about = {"user_id": customer.user_id, "id": new.id, "order_no": new.order_no}
        _race(database_uri, "cancel_or_pay", **about, guard=False)
        assert len(states.history(new.id)) > 2


@pytest.mark.parametrize("guard", [True, False])
def test_twenty_merchants_rob_one_order(database_uri: str, guard: bool) -> None:
    with agency(database_uri) as app:
        crowd = [accounts.account(openid=f"o{number}", role="business") for number in range(CROWD)]
        for merchant_id in crowd:
            accounts.authenticate(merchant_id=merchant_id, benefit_rate=0)
        new = bring(login(app), merchant(app), "wait_rob")
        outcomes = _race(database_uri, "rob", merchant_ids=crowd, order_no=new.order_no, guard=guard)
        if guard:
            assert outcomes.count("robbed") == 1 == _robbed.scalar()
            assert outcomes.count("RobRefused") == CROWD - 1
            winner = crowd[outcomes.index("robbed")]
            assert ordering.numbered(new.order_no).merchant_id == winner
        else:
            assert outcomes.count("robbed") > 1


@pytest.mark.parametrize("guard", [True, False])
def test_an_order_is_refunded_once(database_uri: str, guard: bool) -> None:
    with agency(database_uri) as app:
        customer = login(app)
        new = bring(customer, merchant(app), "wait_rob")
        outcomes = _race(database_uri, "refund", user_id=customer.user_id, id=new.id, guard=guard)
        if guard:
            assert outcomes.count("asked") == 1 == _refunds.scalar()
            assert outcomes.count("MoveRefused") == CROWD - 1
            reconcile()
            assert sum(row["refund_fee"] for row in pay_sandbox.refunds()) == 8000
            assert status(new.order_no) == "returned_amount"
            assert list(ledger.audit()) == []
        else:
            assert _refunds.scalar() > 1


@pytest.mark.parametrize("guard", [True, False])
def test_confirm_against_return(database_uri: str, guard: bool) -> None:
    with agency(database_uri) as app:
        customer = login(app)
        new = bring(customer, merchant(app), "wait_confirme")
        outcomes = _race(database_uri, "confirm_or_return", user_id=customer.user_id, id=new.id, guard=guard)
        if guard:
            assert outcomes.count("done") == 1
            assert set(outcomes) <= {"done", "MoveRefused", "ConfirmRefused"}
            assert list(ledger.audit()) == []
        else:
            assert outcomes.count("done") > 1


def test_orders_of_one_user_at_once_have_numbers_without_gaps(database_uri: str) -> None:
    with agency(database_uri) as app:
        customer = login(app)
        assert _race(database_uri, "order", user_id=customer.user_id) == ["ordered"] * CROWD
        assert how_many() == CROWD
        rows = db.Query(sa.select(Order.user_seq).order_by(Order.user_seq)).all()
        assert [row.user_seq for row in rows] == list(range(1, CROWD + 1))
