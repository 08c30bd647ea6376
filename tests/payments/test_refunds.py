"""Money that goes back: once, with one number, until WeChat's final word."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from shop import events, order, refund_state, state
from wxservices import db, payments, signals
from wxservices.errors import BadParameter, Conflict, NotFound, UpstreamRefused, UpstreamSilent
from wxservices.models.payments import PaymentRow
from wxservices.payments import reconciling, refunds
from wxservices.wechat import pay, pay_sandbox


@pytest.fixture
def paid(app: Flask) -> str:
    """The number of a payment of 1250 fen that is paid."""
    number = order()
    payments.prepay(out_trade_no=number)
    payments.notified(pay_sandbox.pay(number))
    assert state(number) == "paid"
    return number


def refunding(number: str) -> Any:
    return db.Query(sa.select(PaymentRow.refunding).where(PaymentRow.out_trade_no == number)).scalar()


def raising(error: Exception) -> Any:
    def call(**fields: Any) -> Any:
        raise error

    return call


def test_it_is_sent_after_commit_and_told_at_wechats_word(paid: str) -> None:
    heard: list[dict[str, Any]] = []
    with db.transaction():
        number = payments.refund(out_trade_no=paid, reason="退票")
        assert pay_sandbox.refunds() == []
    assert number == f"{paid}R"
    assert refund_state(number) == "accepted"
    assert events()[1:] == []

    with signals.wxpay_refunded.connected_to(lambda sender, **what: heard.append(what)):
        assert payments.refresh_refund(out_refund_no=number) is True
        assert payments.refresh_refund(out_refund_no=number) is True

    assert events()[1:] == [("refunded", number, 1250)]
    assert heard == [{"service": "shop", "out_refund_no": number, "out_trade_no": paid, "amount": 1250}]


def test_what_is_rolled_back_is_not_sent(paid: str) -> None:
    def fail() -> None:
        with db.transaction():
            payments.refund(out_trade_no=paid)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (payments.find_refund(f"{paid}R"), pay_sandbox.refunds(), refunding(paid)) == (None, [], 0)


def test_never_more_than_was_paid(paid: str) -> None:
    payments.refund(out_trade_no=paid, amount=1000, out_refund_no="R1")
    with pytest.raises(Conflict):
        payments.refund(out_trade_no=paid, amount=251, out_refund_no="R2")
    with pytest.raises(Conflict):
        payments.refund(out_trade_no=paid)
    with pytest.raises(Conflict):
        payments.refund(out_trade_no=paid, amount=1, out_refund_no="R1")
    payments.refund(out_trade_no=paid, amount=250, out_refund_no="R2")
    assert [(row["out_refund_no"], row["refund_fee"]) for row in pay_sandbox.refunds()] == [("R1", 1000), ("R2", 250)]


def test_what_is_not_paid_has_nothing_to_give_back(app: Flask) -> None:
    number = order()
    with pytest.raises(Conflict):
        payments.refund(out_trade_no=number)
    with pytest.raises(NotFound):
        payments.refund(out_trade_no="SHOP9999")
    with pytest.raises(BadParameter):
        payments.refund(out_trade_no=number, amount=0)


def test_the_notification_of_a_refund(paid: str) -> None:
    number = payments.refund(out_trade_no=paid)
    message = pay_sandbox.refund_notification_of(number)
    assert ["SUCCESS" in payments.refund_notified(message) for _ in range(2)] == [True, True]
    assert refund_state(number) == "done"
    assert events()[1:] == [("refunded", number, 1250)]


@pytest.mark.parametrize(
    "trouble",
    [
        UpstreamSilent(),
        UpstreamRefused(code="SYSTEMERROR"),
        UpstreamRefused(code="BIZERR_NEED_RETRY"),
        UpstreamRefused(code="NOTENOUGH"),
    ],
)
def test_trouble_is_tried_again_with_the_same_number(
    paid: str, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(pay, "refund", raising(trouble))
        number = payments.refund(out_trade_no=paid)
        assert refund_state(number) == "asked"
        assert reconciling.step("refund", number).left_open
    assert reconciling.step("refund", number).outcome == "done"
    assert [row["out_refund_no"] for row in pay_sandbox.refunds()] == [number]


def test_the_answer_was_lost(paid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """WeChat did it, we do not know: asking again with the same number changes nothing there."""
    real = pay.refund

    def lost(**fields: Any) -> None:
        real(**fields)
        raise UpstreamSilent

    monkeypatch.setattr(pay, "refund", lost)
    number = payments.refund(out_trade_no=paid)
    monkeypatch.undo()
    assert refund_state(number) == "asked"
    assert reconciling.step("refund", number).outcome == "done"
    assert len(pay_sandbox.refunds()) == 1


def test_a_final_no(paid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[dict[str, Any]] = []
    with (
        monkeypatch.context() as broken,
        signals.wxpay_refund_failed.connected_to(lambda sender, **what: heard.append(what)),
    ):
        broken.setattr(pay, "refund", raising(UpstreamRefused(code="TRADE_OVERDUE")))
        number = payments.refund(out_trade_no=paid)
    refund = payments.find_refund(number)
    assert refund is not None
    assert (refund.state, refund.err_code) == ("failed", "TRADE_OVERDUE")
    assert events()[1:] == [("refund_failed", number, 1250)]
    assert heard[0]["err_code"] == "TRADE_OVERDUE"
    assert refunding(paid) == 0, "another refund, with another number, may be tried"
    assert list(payments.reconcile()) == []


def test_a_final_no_that_wechat_takes_back(paid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused, but there is such a refund: what it says of itself counts."""
    real = pay.refund

    def confused(**fields: Any) -> None:
        real(**fields)
        raise UpstreamRefused(code="INVALID_REQUEST")

    monkeypatch.setattr(pay, "refund", confused)
    number = payments.refund(out_trade_no=paid)
    assert refund_state(number) == "done"


@pytest.mark.parametrize(("status", "left"), [("REFUNDCLOSE", 0), ("CHANGE", 1250)])
def test_wechat_gives_up(paid: str, monkeypatch: pytest.MonkeyPatch, status: str, left: int) -> None:
    number = payments.refund(out_trade_no=paid)
    pay_sandbox.settle_refund(number, status)
    for _ in range(2):
        refunds.look(number)
    assert refund_state(number) == "failed"
    assert events()[1:] == [("refund_failed", number, 1250)]
    assert refunding(paid) == left


def test_a_refund_of_another_amount_is_left_alone(paid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    number = payments.refund(out_trade_no=paid)
    monkeypatch.setattr(pay, "refund_query", lambda **fields: pay.RefundWord("SUCCESS", 1))
    assert reconciling.step("refund", number).left_open
    assert refund_state(number) == "accepted"


def test_still_on_its_way(paid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    number = payments.refund(out_trade_no=paid)
    monkeypatch.setattr(pay, "refund_query", lambda **fields: pay.RefundWord("PROCESSING", 1250))
    step = reconciling.step("refund", number)
    assert (step.outcome, step.left_open) == ("accepted", True)


def test_refunded_from_within_paid(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    number = order()
    payments.prepay(out_trade_no=number)
    monkeypatch.setattr(
        "shop._tell", lambda what, number, amount: what == "paid" and payments.refund(out_trade_no=number)
    )
    payments.notified(pay_sandbox.pay(number))
    assert refund_state(f"{number}R") == "accepted"
