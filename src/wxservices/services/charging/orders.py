"""An order's way, and the one function for each move.

::

    reserved ──> asking ──> starting ──> charging ──> finished
       │            │           │
       └> released  └─> failed <┘          a card's order begins at starting

``reserved`` a plug is held for it; ``asking`` WeChat is asked whether it is paid; ``starting`` the pile is told;
``charging`` the pile said yes; ``finished`` it is settled.  ``released`` and ``failed``: nothing came of it, and money
that was paid goes back, or, if it comes later, goes back then.

Each move is an UPDATE on the condition that the order still is where it is moved from.  Everyone locks in this order:
the payment, the refund, the order, the plug, the rider.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ... import clock, db, payments, signals
from ...errors import Conflict, NotAllowed, NotFound
from ...models.charging import Order, Plug, User
from ...retrying import on_deadlock
from ...service import Payment, Refund
from . import confirming, ledger

PHONE, CARD = 1, 2
ALIVE = ("reserved", "asking", "starting")
DEAD = ("released", "failed")
NOT_STARTED, TOLD, CONFIRMED, FAILED = range(4)
"""``cmdStatus``."""

LOOK_AGAIN = timedelta(seconds=60)
"""After so long somebody else goes on with what is not finished: longer than WeChat and a pile take to answer."""

_order = db.Query(sa.select(Order.__table__).where(Order.order_no == sa.bindparam("order_no")))
_this = Order.order_no == sa.bindparam("number")
_count_up = sa.update(User).where(User.id == sa.bindparam("rider")).values(orders=User.orders + 1)
_count = db.Query(sa.select(User.orders).where(User.id == sa.bindparam("user_id")))
_free = (
    sa.update(Plug)
    .where(
        Plug.device_no == sa.bindparam("device"),
        Plug.plug_no == sa.bindparam("plug"),
        Plug.order_no == sa.bindparam("number"),
    )
    .values(order_no=None, user_id=None, held_until=None)
)
_paid = sa.update(Order).where(_this, Order.state.in_(("reserved", "asking"))).values(amount=sa.bindparam("fen"))


class Moved(Conflict):
    """The order is in another state by now: nothing of the caller's transaction may stay."""


def find(order_no: str) -> Any:
    """The order with that number, or None."""
    return _order.first(order_no=order_no)


def own(user_id: int, order_no: str) -> Any:
    """The order, if it is this rider's.

    :raises NotAllowed: it is not.
    """
    order = find(order_no)
    if order is None or order.user_id != user_id or order.tag != PHONE:
        raise NotAllowed("订单不存在或不属于当前用户")
    return order


def keep(user_id: int, **values: object) -> None:
    """Write an order down as the newest in its rider's record, in the caller's transaction."""
    db.changed(_count_up, {"rider": user_id})
    seq = int(_count.scalar(user_id=user_id))
    row = {"card_no": None, "seconds": 0, "energy": 0, "created_at": clock.now(), **values}
    db.insert(Order, {"user_id": user_id, "user_seq": seq, **row})


def move(order_no: str, sources: tuple[str, ...], target: str, **values: object) -> None:
    """Move an order, in the caller's transaction.

    :raises Moved: it is in none of *sources*.
    """
    statement = sa.update(Order).where(_this, Order.state.in_(sources)).values(state=target, **values)
    if not db.changed(statement, {"number": order_no}):
        raise Moved


def free_plug(order: Any) -> None:
    """Let the plug go that *order* has, in the caller's transaction."""
    db.changed(_free, {"device": order.device_no, "plug": order.plug_no, "number": order.order_no})


@on_deadlock
def give_up(order: Any, sources: tuple[str, ...], target: str, *, cmd_status: int | None = None) -> bool:
    """End an order of which nothing came: its plug is free, its money goes back.  Answers False if it is in none of
    *sources* by now.
    """
    values: dict[str, Any] = {} if cmd_status is None else {"cmd_status": cmd_status}
    try:
        with db.transaction():
            next_try = _repay(order)
            move(order.order_no, sources, target, next_try=next_try, **values)
            free_plug(order)
            signals.send_after_commit(signals.charging_failed, order_no=order.order_no, state=target)
    except (Conflict, db.Duplicate):  # somebody else has ended it, and given the money back
        if find(order.order_no).state in sources:
            raise
        return False
    return True


def _repay(order: Any) -> datetime | None:
    """Give the money of *order* back, in the transaction that ends it.  Answers when to look for money once more."""
    if order.tag == CARD:
        ledger.post(order.order_no, "refund", {ledger.HELD: -order.amount, ledger.balance(order.user_id): order.amount})
        return None
    try:
        fen = confirming.close(order.order_no)
    except NotFound:  # not ordered through us, as far as is known: WeChat will be asked
        return clock.now() + LOOK_AGAIN
    if fen is not None:
        _refund(order.order_no, fen)
    return None


def _refund(order_no: str, fen: int) -> None:
    payments.refund(out_trade_no=order_no, reason="充电未开启")
    ledger.post(order_no, "refund", {ledger.HELD: -fen, ledger.WECHAT: fen})


def paid(payment: Payment) -> None:
    """The money for an order is there: in the transaction that says so, once.  If it is too late for it, it goes back.

    :raises NotFound: there is no such order.
    """
    if find(payment.out_trade_no) is None:
        raise NotFound("订单不存在")
    ledger.post(payment.out_trade_no, "paid", {ledger.WECHAT: -payment.amount, ledger.HELD: payment.amount})
    if not db.changed(_paid, {"number": payment.out_trade_no, "fen": payment.amount}):
        _refund(payment.out_trade_no, payment.amount)


@on_deadlock
def look_for_money(order: Any) -> None:
    """For an order that is dead: whether money came for it, which then goes back.

    :raises UpstreamError: WeChat does not say.
    """
    fen = confirming.confirm(order.order_no)
    with db.transaction():
        if fen is not None:
            # Nearly always it went back when it came; not if it came just while the order died.
            with suppress(Conflict):
                _refund(order.order_no, fen)
        db.changed(
            sa.update(Order).where(_this, Order.state.in_(DEAD)).values(next_try=None), {"number": order.order_no}
        )


def refunded(refund: Refund) -> None:
    """WeChat has given it back.  The books say so since it was decided."""


def refund_failed(refund: Refund) -> None:
    """WeChat will not: payments has logged and signalled it, a person must look."""


def closed(payment: Payment) -> None:
    """Nobody paid in time.  The order goes its own way."""
