"""What merchants and operators do, and that the ledger proves every balance."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tickets_data import Caller, bring, login, merchant, pay, reconcile, status
from wxservices import db, payments
from wxservices.errors import BadParameter, Conflict, NotAllowed, NotFound
from wxservices.models.tickets import Ledger, Order, User
from wxservices.services.tickets import accounts, ledger, merchants, ordering, returning
from wxservices.services.tickets.errors import HandInRefused, MoveRefused, NoSuchOrder, RobRefused
from wxservices.wechat import pay_sandbox

_wallet = db.Query(sa.select(User.amount, User.cool_amount).where(User.id == sa.bindparam("id")))


def wallet(business: Caller) -> tuple[int, int]:
    """(balance, frozen) in fen."""
    row = _wallet.first(id=business.user_id)
    assert row is not None
    return int(row.amount), int(row.cool_amount)


def prove() -> dict[str, int]:
    """The sums of the accounts, the books being right."""
    assert list(ledger.audit()) == []
    sums = ledger.balances()
    assert sum(sums.values()) == 0
    return {account: fen for account, fen in sums.items() if fen}


def test_the_money_of_an_order(customer: Caller, business: Caller) -> None:
    me = business.user_id
    order = customer.order(orderAmount="99.99")
    assert prove() == {}
    pay(order.order_no)
    assert prove() == {"wechat": -9999, "held": 9999}
    merchants.rob(merchant_id=me, order_no=order.order_no)
    merchants.hand_in(merchant_id=me, order_no=order.order_no, note="E123")
    assert prove() == {"wechat": -9999, "held": 9999}
    merchants.passed(order_no=order.order_no)
    assert wallet(business) == (0, 9499)
    assert prove() == {"wechat": -9999, "fees": 500, f"cool:{me}": 9499}
    merchants.confirm(user_id=customer.user_id, id=order.id)
    assert wallet(business) == (9499, 0)
    assert prove() == {"wechat": -9999, "fees": 500, f"amount:{me}": 9499}


@pytest.mark.parametrize("state", ["robing", "order_audit", "wait_confirme"])
def test_a_refund_that_an_operator_approves(customer: Caller, business: Caller, state: str) -> None:
    order = bring(customer, business, state)
    returning.ask(user_id=customer.user_id, id=order.id)
    assert status(order.order_no) == "returned_audit"
    assert pay_sandbox.refunds() == []
    prove()
    returning.approve(order_no=order.order_no, operator="li")
    assert status(order.order_no) == "returning_amount"
    assert wallet(business) == (0, 0)
    assert prove() == {"wechat": -8000, "held": 8000}
    reconcile()
    assert status(order.order_no) == "returned_amount"
    assert prove() == {}
    assert [refund["refund_fee"] for refund in pay_sandbox.refunds()] == [8000]
    for decide in (returning.approve, returning.refuse):
        with pytest.raises(MoveRefused):
            decide(order_no=order.order_no)


@pytest.mark.parametrize(("state", "paid"), [("robing", 0), ("order_audit", 7600), ("wait_confirme", 7600)])
def test_a_refund_that_an_operator_refuses(customer: Caller, business: Caller, state: str, paid: int) -> None:
    order = bring(customer, business, state)
    returning.ask(user_id=customer.user_id, id=order.id)
    returning.refuse(order_no=order.order_no)
    assert status(order.order_no) == "returned_return"
    assert wallet(business) == (paid, 0), "who has handed in is paid"
    assert prove().get("held", 0) == (0 if paid else 8000)
    assert pay_sandbox.refunds() == []
    with pytest.raises(MoveRefused):
        returning.ask(user_id=customer.user_id, id=order.id)


def test_a_rejected_hand_in_is_handed_in_again(customer: Caller, business: Caller) -> None:
    order = bring(customer, business, "order_audit")
    merchants.reject(order_no=order.order_no)
    assert status(order.order_no) == "robing"
    merchants.hand_in(merchant_id=business.user_id, order_no=order.order_no, note="E2")
    merchants.passed(order_no=order.order_no)
    assert wallet(business) == (0, 7600)
    prove()


def test_a_refund_that_wechat_refuses_can_be_asked_again(customer: Caller, business: Caller) -> None:
    order = bring(customer, business, "wait_rob")
    with db.transaction():  # the stand-in forgets the trade, as WeChat does with one that is too old
        db.execute(sa.delete(pay_sandbox.SandboxTrade))
    returning.ask(user_id=customer.user_id, id=order.id)
    refund = payments.find_refund(f"{order.order_no}R")
    assert refund is not None
    if refund.state != "failed":
        reconcile()
    assert status(order.order_no) == "returning_amount"
    prove()
    pay_sandbox.pay(order.order_no, 8000)
    assert returning.again(order_no=order.order_no) == f"{order.order_no}R2"
    with pytest.raises(Conflict):
        returning.again(order_no=order.order_no)
    reconcile()
    assert status(order.order_no) == "returned_amount"
    assert prove() == {}


def test_who_may_rob(agency_app: Flask, customer: Caller, business: Caller) -> None:
    order = bring(customer, business, "wait_rob")
    waiting = login(agency_app, "another", "business")
    for nobody in (waiting.user_id, customer.user_id):
        with pytest.raises(NotAllowed):
            merchants.rob(merchant_id=nobody, order_no=order.order_no)
    with pytest.raises(NotFound):
        merchants.rob(merchant_id=999, order_no=order.order_no)
    with pytest.raises(NoSuchOrder):
        merchants.rob(merchant_id=business.user_id, order_no="0" * 22)
    merchants.rob(merchant_id=business.user_id, order_no=order.order_no)
    other = merchant(agency_app, "another")
    with pytest.raises(RobRefused):
        merchants.rob(merchant_id=other.user_id, order_no=order.order_no)
    with pytest.raises(NoSuchOrder):
        merchants.hand_in(merchant_id=other.user_id, order_no=order.order_no, note="E1")
    for note in ("", "x" * 256):
        with pytest.raises(BadParameter):
            merchants.hand_in(merchant_id=business.user_id, order_no=order.order_no, note=note)
    merchants.hand_in(merchant_id=business.user_id, order_no=order.order_no, note="E1")
    with pytest.raises(HandInRefused):
        merchants.hand_in(merchant_id=business.user_id, order_no=order.order_no, note="E1")
    assert other.call("getOrderList", {"pageNum": 1, "pageSize": 1})["data"]["total"] == 0


def test_what_waits_to_be_robbed(customer: Caller, business: Caller) -> None:
    order = bring(customer, business, "wait_rob")
    assert merchants.waiting() == [
        {"orderNo": order.order_no, "fromSite": "北京", "toSite": "河南", "orderAmount": 80, "merchant": None}
    ]
    assert merchants.waiting(status="success") == []


def test_a_rate_that_is_none(business: Caller) -> None:
    for rate in (-1, 10_001):
        with pytest.raises(BadParameter):
            accounts.authenticate(merchant_id=business.user_id, benefit_rate=rate)


def test_a_fee_of_all_leaves_a_credit_of_nothing(customer: Caller, business: Caller) -> None:
    accounts.authenticate(merchant_id=business.user_id, benefit_rate=10_000)
    order = bring(customer, business, "wait_confirme")
    assert prove() == {"wechat": -8000, "fees": 8000}
    returning.ask(user_id=customer.user_id, id=order.id)
    returning.approve(order_no=order.order_no)
    assert prove() == {"wechat": -8000, "held": 8000}


@given(st.integers(1, 10**10), st.integers(0, 10_000))
def test_fee_and_credit_are_the_amount(amount: int, rate: int) -> None:
    fee = ledger.fee(amount, rate)
    assert 0 <= fee <= amount
    assert abs(fee * 10_000 - amount * rate) <= 5_000


def test_an_entry_must_balance(customer: Caller) -> None:
    with pytest.raises(ValueError, match="balance"), db.transaction():
        ledger.post(1, "paid", {ledger.WECHAT: -1, ledger.HELD: 2})


def test_an_order_has_an_entry_once(customer: Caller, business: Caller) -> None:
    order = bring(customer, business, "wait_rob")
    with pytest.raises(db.Duplicate), db.transaction():
        ledger.post(order.id, "paid", {ledger.WECHAT: -8000, ledger.HELD: 8000})
    prove()


TROUBLE: list[tuple[str, Any, str]] = [
    ("balance", lambda: sa.update(User).values(amount=1), "is not the sum"),
    ("frozen", lambda: sa.update(User).values(cool_amount=User.cool_amount + 1), "is not the sum"),
    ("line", lambda: sa.update(Ledger).where(Ledger.account == "fees").values(fen=1), "does not sum up to 0"),
    ("gone", lambda: sa.delete(Ledger).where(Ledger.account == "held"), "fen are held"),
    ("state", lambda: sa.update(Order).where(Order.status == "wait_rob").values(status="cancel"), "fen are held"),
    ("whose", lambda: sa.delete(User).where(User.role == "business"), "belongs to no merchant"),
]


@pytest.mark.parametrize(("statement", "word"), [row[1:] for row in TROUBLE], ids=[row[0] for row in TROUBLE])
def test_the_audit_sees_what_is_wrong(customer: Caller, business: Caller, statement: Any, word: str) -> None:
    bring(customer, business, "wait_confirme")
    bring(customer, business, "wait_rob")
    prove()
    with db.transaction():
        db.execute(statement())
    assert any(word in fault for fault in ledger.audit())


def test_a_payment_undone_with_the_order(customer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the order can't take, the payment does not take either; the next try does."""
    order = customer.order()
    message = pay_sandbox.pay(order.order_no)
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "post", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            payments.applying.apply(_trade(order.order_no))
    payment = payments.find(order.order_no)
    assert payment is not None
    assert payment.state == "open"
    assert status(order.order_no) == "wait_pay"
    payments.notified(message)
    payments.notified(message)
    assert status(order.order_no) == "wait_rob"
    assert prove() == {"wechat": -8000, "held": 8000}


def _trade(order_no: str) -> Any:
    from wxservices.wechat import pay as client

    return client.query(appid=accounts.mini_program().appid, out_trade_no=order_no)


def test_a_number_that_is_taken_is_drawn_again(customer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = customer.order().order_no
    numbers = iter([taken, taken, "8" * 22])
    monkeypatch.setattr(ordering, "new_number", lambda: next(numbers))
    assert customer.order().order_no == "8" * 22
    assert customer.call("getOrderList", {"pageNum": 1, "pageSize": 1})["data"]["total"] == 2
