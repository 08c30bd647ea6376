"""Money on its way back: returnAmount, the operator's word, and WeChat's (document ``tickets``, 订单退款接口).

Rows are locked in this order: payment, refund, order, user.
"""

from __future__ import annotations

import logging

from ... import db, payments
from ...errors import Conflict
from ...service import Refund
from . import ledger, merchants, ordering, states
from .errors import MoveRefused

log = logging.getLogger(__name__)

REASON = "客户退票"
MOST = 20
"""Refunds that may be tried for one order."""


def ask(*, user_id: int, id: int) -> None:
    """``returnAmount``: at once where nothing is bought yet, else for an operator to decide.

    :raises NoSuchOrder: none, or another's.
    :raises MoveRefused: its state allows no refund.
    """
    order = ordering.own(user_id, id=id)
    with db.transaction():
        if order.status == "wait_rob":
            _refund(order.order_no)
        states.move(order, "return", actor=str(user_id))


def approve(*, order_no: str, operator: str = "") -> None:
    """Give the customer the money back, and take back what the merchant was credited.

    :raises NoSuchOrder: none.
    :raises MoveRefused: nobody has asked for it, or it is decided.
    """
    order = merchants.robbed(order_no)
    states.check(order, "approve")
    with db.transaction():
        _refund(order_no)
        states.move(order, "approve", actor=operator, credit=None)
        if order.credit is not None:
            fee = order.amount - order.credit
            cool = ledger.cool(order.merchant_id)
            ledger.post(order.id, "undone", {cool: -order.credit, ledger.FEES: -fee, ledger.HELD: order.amount})


def refuse(*, order_no: str, operator: str = "") -> None:
    """Refuse the customer the money: a merchant who has handed in the tickets is paid for them.

    :raises NoSuchOrder: none.
    :raises MoveRefused: nobody has asked for it, or it is decided.
    """
    order = merchants.robbed(order_no)
    states.check(order, "refuse")
    with db.transaction():
        if order.credit is None and order.ticket_note:
            credit = merchants.credit_for(order)
            states.move(order, "refuse", actor=operator, credit=credit)
            merchants.post_credit(order, credit)
        else:
            credit = order.credit
            states.move(order, "refuse", actor=operator)
        if credit is not None:
            merchants.post_settlement(order, credit)


def again(*, order_no: str) -> str:
    """Ask WeChat once more for a refund that it has refused for good, under another number, which is answered.

    :raises NoSuchOrder: none.
    :raises Conflict: there is no such refund.
    """
    order = ordering.numbered(order_no)
    number, last = _number(order_no)
    if order.status != "returning_amount" or last is None or last.state != "failed":
        raise Conflict("该订单没有被微信拒绝的退款")
    with db.transaction():
        return payments.refund(out_trade_no=order_no, out_refund_no=number, reason=REASON)


def refresh(order_no: str) -> bool:
    """Ask WeChat about a refund that is under way, now and then.  Answers whether it is done now."""
    _, last = _number(order_no)
    return last is not None and payments.refresh_refund(out_refund_no=last.out_refund_no)


def returned(refund: Refund) -> None:
    """WeChat has given the money back: in the transaction that says so, once a refund."""
    order = ordering.numbered(refund.out_trade_no)
    states.move(order, "refund", actor=refund.out_refund_no)
    ledger.post(order.id, "returned", {ledger.HELD: -refund.amount, ledger.WECHAT: refund.amount})


def failed(refund: Refund) -> None:
    """WeChat does not give it back.  The order stays ``returning_amount``, and an operator is needed: :func:`again`."""
    log.error("Refund %s was refused by WeChat: %s", refund.out_refund_no, refund.err_code)


def _refund(order_no: str) -> None:
    try:
        payments.refund(out_trade_no=order_no, reason=REASON)
    except Conflict:  # there is one already: another was quicker
        raise MoveRefused from None


def _number(order_no: str) -> tuple[str, Refund | None]:
    """The first number for a refund of the order that is free, and the refund before it."""
    last = None
    for count in range(1, MOST + 1):
        number = f"{order_no}R{count if count > 1 else ''}"
        found = payments.find_refund(number)
        if found is None:
            return number, last
        last = found
    raise Conflict("该订单退款次数过多")
