"""Topping a balance up (document ``charging``, 9 and 10): credited once, when WeChat says that it is paid."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from ... import clock, db, payments, signals
from ...errors import BadParameter, Conflict, NotAllowed, UpstreamError
from ...models.charging import Recharge
from ...service import Payment
from . import confirming, ledger, numbers, people, starting
from .errors import NotConfirmed

log = logging.getLogger(__name__)

LOOKED_FOR = timedelta(hours=3)
"""So long WeChat is asked for money under a number that nobody comes back with: a prepay id lives two hours."""

_recharge = db.Query(sa.select(Recharge.__table__).where(Recharge.order_no == sa.bindparam("order_no")))
_this = Recharge.order_no == sa.bindparam("number")
_credit = (
    sa.update(Recharge)
    .where(_this, Recharge.state.in_(("open", "dead")), Recharge.amount == sa.bindparam("fen"))
    .values(state="credited", next_try=None)
)


def number(*, user_id: int, phone: str, amount: int) -> str:
    """``getBalanceOrderNo``: a number under which *amount* fen for the rider with *phone* can be paid.

    :raises NotAllowed: nobody is registered with *phone*.
    :raises BadParameter: more than is taken.
    """
    starting.check_amount(amount)
    rider = people.registered_or_refuse(phone)
    now = clock.now()
    with db.transaction():
        order_no = numbers.new()
        row = {"order_no": order_no, "user_id": rider, "amount": amount, "state": "open", "created_at": now}
        db.insert(Recharge, {**row, "next_try": now + LOOKED_FOR})
    return order_no


def add(*, user_id: int, phone: str, amount: int, orderNo: str | None = None, deviceNo: str | None = None) -> None:
    """``addBalance``; *deviceNo* is the number as the document's example has it.

    :raises BadParameter: no number, or more than is taken.
    :raises NotAllowed: nobody is registered with *phone*, or the number is not for it.
    :raises NotConfirmed: WeChat does not confirm that amount for that number.
    """
    order_no = orderNo or deviceNo
    if order_no is None:
        raise BadParameter("orderNo", "不能为空")
    starting.check_amount(amount)
    rider = people.registered_or_refuse(phone)
    recharge = find(order_no)
    if recharge is None or recharge.user_id != rider:
        raise NotAllowed("订单不存在或不属于该手机号")
    try:
        # The money is credited where WeChat's word is written down; here it is made sure that it was asked.
        if recharge.amount == amount and confirming.confirm(order_no) == amount:
            return
    except (UpstreamError, Conflict) as error:
        log.warning("Recharge %s is not confirmed: %s", order_no, type(error).__name__)
    raise NotConfirmed


def find(order_no: str) -> Any:
    """The recharge with that number, or None."""
    return _recharge.first(order_no=order_no)


def credit(payment: Payment) -> None:
    """The money for a recharge is there: in the transaction that says so, once.  What nobody asked for goes back."""
    order_no, fen = payment.out_trade_no, payment.amount
    if not db.changed(_credit, {"number": order_no, "fen": fen}):
        payments.refund(out_trade_no=order_no, reason="充值金额不符")
        return
    rider = int(find(order_no).user_id)
    ledger.post(order_no, "recharge", {ledger.WECHAT: -fen, ledger.balance(rider): fen})
    signals.send_after_commit(signals.charging_credited, order_no=order_no, user_id=rider, amount=fen)


def look_for_money(recharge: Any) -> None:
    """For a number that nobody came back with: once more, whether it was paid.

    :raises UpstreamError: WeChat does not say.
    """
    with suppress(Conflict):
        confirming.confirm(recharge.order_no)
    with db.transaction():
        dead = sa.update(Recharge).where(_this, Recharge.state == "open").values(state="dead", next_try=None)
        db.changed(dead, {"number": recharge.order_no})
