"""What a pile says of an order, and what it came to."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ... import clock, db, payments, signals
from ...errors import Conflict, NotFound
from ...models.charging import Order
from ...piles import Finished, Progress, Refused, Started, current_driver
from ...retrying import on_deadlock
from ...state import current_state
from . import ledger, orders, starting, tariffs

log = logging.getLogger(__name__)

RUNNING = ("charging", "starting")
"""An order that a pile reports finished may be ``starting`` still: its first word may come last."""

_progress = (
    sa.update(Order)
    .where(
        Order.order_no == sa.bindparam("number"),
        Order.device_no == sa.bindparam("device"),
        Order.state == "charging",
        Order.seconds <= sa.bindparam("for"),
    )
    .values(seconds=sa.bindparam("for"), energy=sa.bindparam("used"))
)


def _of(event: Any) -> Any:
    """The order that *event* is about; None (and a line in the log) if that pile has no such order there."""
    order = orders.find(event.order_no)
    if order is None or (order.device_no, order.plug_no) != (event.device_no, event.plug_no):
        log.warning("Pile %s tells of %s, which it has not", event.device_no, event.order_no[:64])
        return None
    return order


def started(event: Started) -> None:
    """The pile charges.  If the order is dead by now, it is told to stop."""
    order = _of(event)
    if order is None:
        return
    seconds, _ = tariffs.limits(tariffs.of_pile(order.device_no), order.amount)
    now = clock.now()
    ends_by = now + timedelta(seconds=seconds or tariffs.LONGEST)
    try:
        with db.transaction():
            orders.move(
                order.order_no,
                ("starting",),
                "charging",
                cmd_status=orders.CONFIRMED,
                started_at=now,
                ends_by=ends_by,
                next_try=ends_by + current_state().settings.charging_grace,
            )
            signals.send_after_commit(
                signals.charging_started, order_no=order.order_no, device_no=order.device_no, plug_no=order.plug_no
            )
    except orders.Moved:
        if order.state in orders.DEAD:
            starting.take_back(order)


def refused(event: Refused) -> None:
    """The pile will not."""
    order = _of(event)
    if order is not None:
        orders.give_up(order, ("starting",), "failed", cmd_status=orders.FAILED)


def progress(event: Progress) -> None:
    """How far it is."""
    params = {"number": event.order_no, "device": event.device_no, "for": event.seconds, "used": event.energy}
    with db.transaction():
        db.changed(_progress, params)


def finished(event: Finished) -> None:
    """It is over: settled once, however often it is told."""
    order = _of(event)
    if order is not None and order.state in RUNNING:
        settle(order, event.seconds, event.energy, ended_at=min(event.at, clock.now()))


@on_deadlock
def settle(
    order: Any, seconds: int, energy: int, *, ended_at: datetime, fen: int | None = None, unused: bool | None = None
) -> bool:
    """Write down what an order came to; what was not used goes back, to WeChat or to the balance.  Answers False if it
    is settled already.

    :param fen: the cost, if not the tariff's.
    :param unused: whether what was not used goes back, if not as the tariff says.
    """
    tariff = tariffs.of_pile(order.device_no)
    cost = min(tariffs.cost(tariff, seconds, energy) if fen is None else fen, order.amount)
    back = order.amount - cost if (tariff.return_unused if unused is None else unused) else 0
    began = order.started_at or ended_at - timedelta(seconds=seconds)
    try:
        with db.transaction():
            if back and order.tag == orders.PHONE:
                payments.refund(out_trade_no=order.order_no, amount=back, reason="充电未用完部分")
            orders.move(
                order.order_no,
                RUNNING,
                "finished",
                cmd_status=orders.CONFIRMED,
                seconds=seconds,
                energy=energy,
                cost=order.amount - back,
                started_at=began,
                ended_at=began + timedelta(seconds=seconds),
                next_try=None,
            )
            orders.free_plug(order)
            lines = {ledger.HELD: -order.amount, ledger.EARNED: order.amount - back}
            ledger.post(order.order_no, "settle", {**lines, ledger.source(order.tag, order.user_id): back})
            signals.send_after_commit(
                signals.charging_finished,
                order_no=order.order_no,
                seconds=seconds,
                energy=energy,
                cost=order.amount - back,
            )
    except Conflict:  # settled meanwhile, or its money taken for a refund
        return False
    return True


def vanished(order: Any) -> None:
    """Settle an order whose pile does not report it, by ``WXSERVICES_CHARGING_VANISHED``: ``last``, what was reported
    last; ``refund``, nothing.  What was not used goes back in any case.
    """
    free = current_state().settings.charging_vanished == "refund"
    log.warning("Pile %s does not report %s: it is settled by rule", order.device_no, order.order_no)
    settle(
        order,
        order.seconds,
        order.energy,
        ended_at=clock.now(),
        fen=0 if free or not order.seconds else None,
        unused=True,
    )


def stop(*, order_no: str) -> None:
    """Tell the pile to end what charges under *order_no*.  It is settled when the pile reports.

    :raises NotFound: there is no such order.
    :raises Conflict: it does not charge.
    :raises UpstreamSilent: the pile can't be told.
    """
    order = orders.find(order_no)
    if order is None:
        raise NotFound("订单不存在")
    if order.state not in RUNNING:
        raise Conflict("该订单不在充电")
    db.outside_transaction("Telling a pile")
    current_driver().stop(device_no=order.device_no, plug_no=order.plug_no, order_no=order_no)
