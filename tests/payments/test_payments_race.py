"""Many at once, and the proof that these tests would notice: the same load with the guard taken out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from races import race
from shop import SERVICE, events, open_shop, order, refund_state, state
from wxservices import db, payments
from wxservices.models.payments import PaymentRow, RefundRow
from wxservices.payments import applying, orders, refunds
from wxservices.state import current_state
from wxservices.wechat import pay_sandbox

HERE = Path(__file__)
NUMBER = "SHOP1000"
pytestmark = pytest.mark.race


@pytest.fixture
def uri(database_uri: str) -> Iterator[str]:
    """A shop with one order that is prepaid."""
    with open_shop(database_uri):
        order(NUMBER)
        payments.prepay(out_trade_no=NUMBER)
        yield database_uri


def run(target: str, uri: str, **arguments: Any) -> Counter[str]:
    outcomes = race(f"test_payments_race:{target}", uri, path=HERE, processes=4, threads=5, **arguments)
    return Counter(map(str, outcomes))


def hear(number: int, message: str, guard: bool = True) -> str:
    """The same notification, the query and a late look, all at once."""
    current_state().mount(SERVICE)
    if not guard:
        applying._to_paid = (
            sa.update(PaymentRow)
            .where(PaymentRow.out_trade_no == sa.bindparam("number"))
            .values(state="paid", **applying._money)
        )
    if number % 3:
        return "yes" if "SUCCESS" in payments.notified(message.encode()) else "no"
    return payments.ask(out_trade_no=NUMBER).state


@pytest.mark.parametrize("guard", [True, False])
def test_the_same_notification_and_the_query_at_once(uri: str, guard: bool) -> None:
    message = pay_sandbox.pay(NUMBER).decode()
    outcomes = run("hear", uri, message=message, guard=guard)
    assert state(NUMBER) == "paid"
    if guard:
        assert outcomes.keys() == {"yes", "paid"}
        assert events() == [("paid", NUMBER, 1250)]
    else:
        assert len(events()) > 1


def close_or_pay(number: int, message: str, guard: bool = True) -> str:
    current_state().mount(SERVICE)
    if not guard:
        orders._close = (
            sa.update(PaymentRow)
            .where(PaymentRow.out_trade_no == sa.bindparam("number"))
            .values(state="closing", next_try=sa.bindparam("now"))
        )
    if number % 2:
        payments.close(out_trade_no=NUMBER)
        return "closed"
    return "yes" if "SUCCESS" in payments.notified(message.encode()) else "no"


@pytest.mark.parametrize("guard", [True, False])
def test_cancel_against_payment(uri: str, guard: bool) -> None:
    """Either it is paid and nobody closed it, or it is closed and the money goes back."""
    message = pay_sandbox.pay(NUMBER).decode()
    outcomes = run("close_or_pay", uri, message=message, guard=guard)
    right = (state(NUMBER), outcomes["closed"], len(events())) in {("paid", 0, 1), ("late", 1, 0)}
    assert right is guard, (state(NUMBER), outcomes, events())
    if guard and state(NUMBER) == "late":
        assert payments.find_refund(f"{NUMBER}R") is not None


def give_back(number: int, amount: int | None, guard: bool = True) -> str:
    current_state().mount(SERVICE)
    if not guard:
        refunds._take = (
            sa.update(PaymentRow)
            .where(PaymentRow.out_trade_no == sa.bindparam("number"))
            .values(refunding=PaymentRow.refunding + sa.bindparam("fen"))
        )
    with db.transaction():
        payments.refund(out_trade_no=NUMBER, amount=amount, out_refund_no=f"R{number}" if amount else None)
    return "refunded"


@pytest.mark.parametrize(("amount", "guard", "times"), [(None, True, 1), (400, True, 3), (400, False, 20)])
def test_refunds_at_once(uri: str, amount: int | None, guard: bool, times: int) -> None:
    payments.notified(pay_sandbox.pay(NUMBER))
    outcomes = run("give_back", uri, amount=amount, guard=guard)
    assert outcomes["refunded"] == times, outcomes
    noted = db.Query(sa.select(sa.func.sum(RefundRow.amount))).scalar()
    assert (noted <= 1250) is guard
    if guard:
        assert outcomes["Conflict"] == 20 - times
        assert sum(row["refund_fee"] for row in pay_sandbox.refunds()) == (amount or 1250) * times


def settle(number: int, refund: str, guard: bool = True) -> str:
    current_state().mount(SERVICE)
    if not guard:
        refunds._settled = (
            sa.update(RefundRow)
            .where(RefundRow.out_refund_no == sa.bindparam("number"))
            .values(state=sa.bindparam("to"), err_code=sa.bindparam("code"), settled_at=sa.bindparam("now"))
        )
    refunds.look(refund)
    return "looked"


@pytest.mark.parametrize("guard", [True, False])
def test_the_word_on_a_refund_is_told_once(uri: str, guard: bool) -> None:
    payments.notified(pay_sandbox.pay(NUMBER))
    refund = payments.refund(out_trade_no=NUMBER)
    assert run("settle", uri, refund=refund, guard=guard) == {"looked": 20}
    assert refund_state(refund) == "done"
    assert (events()[1:] == [("refunded", refund, 1250)]) is guard


def reconcile(number: int) -> str:
    current_state().mount(SERVICE)
    list(payments.reconcile())
    return "run"


def test_reconcile_in_parallel(uri: str) -> None:
    numbers = [order(f"SHOP200{n}") for n in range(5)]
    for number in numbers:
        payments.prepay(out_trade_no=number)
        pay_sandbox.pay(number)
    payments.close(out_trade_no=NUMBER)
    pay_sandbox.pay(NUMBER)
    assert run("reconcile", uri) == {"run": 20}
    list(payments.reconcile())  # the refund that came after others had looked for refunds
    assert sorted(events()) == [("paid", number, 1250) for number in numbers]
    assert (state(NUMBER), refund_state(f"{NUMBER}R")) == ("late", "done")
    assert [(row["out_refund_no"], row["refund_fee"]) for row in pay_sandbox.refunds()] == [(f"{NUMBER}R", 1250)]


def claim(number: int, guard: bool = True) -> str:
    from wxservices.payments import reconciling

    current_state().mount(SERVICE)
    queue = reconciling._queues["payment"]
    if not guard:
        queue.claim = (
            sa.update(PaymentRow)
            .where(PaymentRow.out_trade_no == sa.bindparam("number"))
            .values(leased_until=sa.bindparam("until"), next_try=sa.bindparam("again"))
        )
    queue.settle = lambda out_trade_no: __import__("time").sleep(1)
    return reconciling.step("payment", NUMBER).outcome


@pytest.mark.parametrize("guard", [True, False])
def test_a_row_is_under_one_lease(uri: str, guard: bool) -> None:
    outcomes = run("claim", uri, guard=guard)
    assert (outcomes["busy"] == 19) is guard, outcomes
