"""Balances: spent by card, topped up, and proven by the ledger."""

from __future__ import annotations

from datetime import timedelta

import time_machine

from charging_data import PILE, Rider, books_are_right, pay, reconcile
from wxservices import clock, payments
from wxservices.piles import events, simulated, tell
from wxservices.services.charging import ledger
from wxservices.wechat import pay_sandbox


def later(**delta: float) -> time_machine.travel:
    """So long after now."""
    return time_machine.travel(clock.now() + timedelta(**delta))


def test_a_swipe_is_paid_from_the_balance(zhang: Rider) -> None:
    zhang.call("bindCard", cardNo="34345799")
    zhang.recharge(250)
    simulated.swipe(PILE, "02", "34345799")
    row = zhang.records()[0]
    assert (row["cardNo"], row["orderTag"], row["amount"], row["cmdStatus"]) == ("34345799", 2, 1, 2)
    assert row["orderNo"].startswith(PILE)
    assert ledger.of(zhang.user_id) == 150
    simulated.finish(row["orderNo"], seconds=1800)
    assert ledger.of(zhang.user_id) == 250 - 13
    assert books_are_right()


def test_a_swipe_is_refused_where_it_must_be(zhang: Rider) -> None:
    zhang.call("bindCard", cardNo="34345799")
    zhang.recharge(150)
    simulated.swipe(PILE, "02", "34345800")  # nobody's
    simulated.swipe(PILE, "02", "1")
    simulated.swipe(PILE, "09", "34345799")  # taken
    simulated.swipe(PILE, "10", "34345799")  # faulty
    simulated.swipe(PILE, "11", "34345799")
    simulated.swipe("014441AC54", "01", "34345799")  # offline
    simulated.swipe(PILE, "02", "34345799", fen=151)
    assert zhang.records() == []
    assert ledger.of(zhang.user_id) == 150
    assert zhang.number("02")
    assert books_are_right()


def test_a_swipe_that_is_told_twice_or_late_counts_once(zhang: Rider) -> None:
    zhang.call("bindCard", cardNo="34345799")
    zhang.recharge(1000)
    with time_machine.travel(clock.now(), tick=False):
        simulated.swipe(PILE, "02", "34345799", msg_id="a")
        simulated.swipe(PILE, "02", "34345799", msg_id="a")
    yesterday = events.Swiped(
        device_no=PILE, plug_no="03", card_no="34345799", msg_id="b", at=clock.now() - timedelta(days=1)
    )
    tell(yesterday)
    assert len(zhang.records()) == 1
    assert ledger.of(zhang.user_id) == 900


def test_a_swipe_that_the_pile_then_refuses_is_given_back(zhang: Rider) -> None:
    zhang.call("bindCard", cardNo="34345799")
    zhang.recharge(100)
    simulated.behave(PILE, "refuse")
    simulated.swipe(PILE, "02", "34345799")
    assert ledger.of(zhang.user_id) == 100
    simulated.behave(PILE, "silent")
    simulated.swipe(PILE, "03", "34345799")
    assert ledger.of(zhang.user_id) == 0
    with later(minutes=2):
        reconcile()
    assert ledger.of(zhang.user_id) == 100
    assert books_are_right()


def test_a_recharge_nobody_came_back_with_is_credited_all_the_same(zhang: Rider) -> None:
    told, lost, none = (zhang.call("getBalanceOrderNo", phone=zhang.phone, amount=5)["data"] for _ in range(3))
    zhang.client.post("/wxpay/prepay", json={"orderNo": told, "code": "zhang"})
    payments.notified(pay_sandbox.pay(told))
    assert ledger.of(zhang.user_id) == 500
    pay(lost, 500)
    with later(hours=4):
        assert sorted(reconcile()) == ["recharge credited", "recharge dead"]
        assert ledger.of(zhang.user_id) == 1000
        assert zhang.code("addBalance", phone=zhang.phone, amount=5, orderNo=none) == 402
        pay(none, 500)
        assert zhang.code("addBalance", phone=zhang.phone, amount=5, orderNo=none) == 200
    assert ledger.of(zhang.user_id) == 1500
    assert books_are_right()


def test_the_audit_sees_what_is_wrong(zhang: Rider) -> None:
    zhang.recharge(500)
    assert books_are_right()
    with ledger.db.transaction():
        ledger.db.changed(ledger.sa.update(ledger.User).values(balance=501))
    assert list(ledger.audit()) == [f"rider {zhang.user_id}: the balance is not the sum of its lines"]
    with ledger.db.transaction():
        ledger.db.changed(ledger.sa.update(ledger.User).values(balance=500))
        ledger.db.changed(ledger.sa.delete(ledger.Ledger).where(ledger.Ledger.account == "wechat"))
    assert any("does not sum up" in line for line in ledger.audit())
