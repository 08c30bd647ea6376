"""What merchants and operators do with a paid order: rob it, hand the tickets in, audit them; and what it earns.

The document has no calls for these; they are functions and commands of ``flask wxservices tickets``.  An order's row
is locked before its merchant's.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ... import db
from ...errors import BadParameter, NotAllowed
from ...models.tickets import Order
from . import accounts, ledger, ordering, states
from .errors import ConfirmRefused, HandInRefused, NoSuchOrder, RobRefused

_order = db.Query(
    sa.select(
        Order.id,
        Order.order_no,
        Order.user_id,
        Order.merchant_id,
        Order.status,
        Order.amount,
        Order.credit,
        Order.ticket_note,
    ).where(Order.order_no == sa.bindparam("order_no"))
)
_in_status = db.Query(
    sa.select(Order.order_no, Order.status, Order.from_site, Order.to_site, Order.amount, Order.merchant_id)
    .where(Order.status == sa.bindparam("status"))
    .order_by(Order.id)
    .limit(sa.bindparam("most"))
)


def robbed(order_no: str) -> Any:
    """The order with that number: ``id``, ``order_no``, ``user_id``, ``merchant_id``, ``status``, ``amount``,
    ``credit``, ``ticket_note``.

    :raises NoSuchOrder: none.
    """
    order = _order.first(order_no=order_no)
    if order is None:
        raise NoSuchOrder
    return order


def waiting(*, status: str = "wait_rob", most: int = 100) -> list[dict[str, Any]]:
    """The orders that are in *status*, the oldest first, at most *most*: ``orderNo``, ``fromSite``, ``toSite``,
    ``orderAmount`` (yuan), ``merchant`` (id or None).
    """
    return [
        {
            "orderNo": row.order_no,
            "fromSite": row.from_site,
            "toSite": row.to_site,
            "orderAmount": db.yuan(row.amount),
            "merchant": row.merchant_id,
        }
        for row in _in_status.all(status=status, most=most)
    ]


def rob(*, merchant_id: int, order_no: str) -> None:
    """Take an order that is paid and nobody's yet.  Of any number who want it one gets it.

    :raises NoSuchOrder: none.
    :raises RobRefused: it is another's, or not to be had.
    :raises NotAllowed: the merchant is not authenticated.
    """
    merchant = accounts.find(merchant_id)
    if merchant.role != accounts.BUSINESS or merchant.status != accounts.AUTHENTICATED:
        raise NotAllowed("商户未通过认证")
    order = ordering.numbered(order_no)
    with db.transaction():
        states.move(order, "rob", actor=str(merchant_id), refused=RobRefused, merchant_id=merchant_id)
        seq = ordering.next_seq(merchant_id)
        db.changed(sa.update(Order).where(Order.id == order.id).values(merchant_seq=seq))


def hand_in(*, merchant_id: int, order_no: str, note: str) -> None:
    """Hand in the tickets that were bought.

    :param note: their number at the railway, 1 to 255 characters.
    :raises BadParameter: no such *note*.
    :raises NoSuchOrder: none, or another merchant's.
    :raises HandInRefused: it is not the time for it.
    """
    if not 1 <= len(note) <= 255:
        raise BadParameter("note", "应为1到255个字符")
    order = robbed(order_no)
    if order.merchant_id != merchant_id:
        raise NoSuchOrder
    with db.transaction():
        states.move(order, "hand_in", actor=str(merchant_id), refused=HandInRefused, ticket_note=note)


def passed(*, order_no: str, operator: str = "") -> None:
    """The tickets that were handed in are right: credit the merchant, frozen, less the fee.

    :raises NoSuchOrder: none.
    :raises MoveRefused: nothing is to be audited.
    """
    order = robbed(order_no)
    states.check(order, "pass")
    credit = credit_for(order)
    with db.transaction():
        states.move(order, "pass", actor=operator, credit=credit)
        post_credit(order, credit)


def reject(*, order_no: str, operator: str = "") -> None:
    """The tickets that were handed in are not right: the merchant hands in again.

    :raises NoSuchOrder: none.
    :raises MoveRefused: nothing is to be audited.
    """
    order = robbed(order_no)
    with db.transaction():
        states.move(order, "reject", actor=operator, ticket_note="")


def confirm(*, user_id: int, id: int) -> None:
    """``confirmeOrder``: the customer has the tickets; the merchant's credit becomes balance.

    :raises NoSuchOrder: none, or another's.
    :raises ConfirmRefused: there is nothing to confirm.
    :raises UnfreezeRefused: the frozen balance does not hold the credit.
    """
    order = robbed(ordering.own(user_id, id=id).order_no)
    with db.transaction():
        states.move(order, "confirm", actor=str(user_id), refused=ConfirmRefused)
        post_settlement(order, order.credit or 0)


def credit_for(order: Any) -> int:
    """What its merchant gets for *order*, in fen: the amount less the fee at the merchant's rate."""
    return int(order.amount - ledger.fee(order.amount, accounts.find(order.merchant_id).benefit_rate))


def post_credit(order: Any, credit: int) -> None:
    """Credit the merchant of *order*, frozen, in the caller's transaction, which has moved the order."""
    fee = order.amount - credit
    ledger.post(
        order.id, "credited", {ledger.HELD: -order.amount, ledger.FEES: fee, ledger.cool(order.merchant_id): credit}
    )


def post_settlement(order: Any, credit: int) -> None:
    """Make the frozen credit of *order* balance, in the caller's transaction, which has moved the order."""
    ledger.post(
        order.id, "settled", {ledger.cool(order.merchant_id): -credit, ledger.amount(order.merchant_id): credit}
    )
