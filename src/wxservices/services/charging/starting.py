"""Paid, then started (document ``charging``, 7, 8): a client's word is no payment, and a pile is told to start once.

Every step leaves a state that ``reconcile`` goes on from: the rider is charged and served, or has the money back.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from ... import clock, db
from ...errors import BadParameter, Conflict, NotAllowed, UpstreamError
from ...models.charging import Order, Plug
from ...piles import current_driver
from ...retrying import on_deadlock
from ...state import current_state
from . import confirming, orders, plugs, tariffs
from .errors import PileOffline, StartFailed

log = logging.getLogger(__name__)

POLL = 0.05
"""Seconds between looks at what the pile has answered."""

_state = db.Query(sa.select(Order.state).where(Order.order_no == sa.bindparam("order_no")))
_claim = (
    sa.update(Order)
    .where(
        Order.order_no == sa.bindparam("number"),
        Order.state == "reserved",
        Order.held_until > sa.bindparam("now"),
    )
    .values(state="asking", amount=sa.bindparam("fen"), next_try=sa.bindparam("later"))
)
_hold = sa.update(Plug).where(Plug.order_no == sa.bindparam("number")).values(held_until=None)


def pay(*, user_id: int, deviceNo: str, plug: str, orderNo: str | None = None, amount: int | None = None) -> None:
    """``mobilePaymentCharging``: start what is paid; with neither *orderNo* nor *amount* (fen), let a reservation go.

    :raises BadParameter: one of the two, or more than is taken.
    :raises NoSuchPile: there is none.
    :raises NotAllowed: another's order, another plug, another amount than before, or too late.
    :raises PileOffline: it is; the reservation stays.
    :raises StartFailed: not paid, or the pile does not start.  The plug is free, and money that is here goes back.
    """
    if orderNo is None and amount is None:
        plugs.let_go(user_id=user_id, device_no=deviceNo, plug_no=plug)
        return
    if orderNo is None or amount is None:
        raise BadParameter("orderNo" if orderNo is None else "amount", "不能为空")
    check_amount(amount)
    pile = plugs.pile(deviceNo)
    order = orders.own(user_id, orderNo)
    if (order.device_no, order.plug_no) != (deviceNo, plug):
        raise NotAllowed("插头与订单不符")
    if order.state == "reserved":
        if order.held_until <= clock.now():
            raise NotAllowed("订单已过期，请重新扫码")
        if not plugs.is_online(pile):
            raise PileOffline
        if claim(orderNo, amount):
            _go(orders.find(orderNo), amount)
            return
        order = orders.find(orderNo)
    _same_answer(order, amount)


def check_amount(fen: int) -> None:
    """:raises BadParameter: more than ``WXSERVICES_CHARGING_MAX_FEN``."""
    if fen > current_state().settings.charging_max_fen:
        raise BadParameter("amount", "金额超过上限")


@on_deadlock
def claim(order_no: str, fen: int) -> bool:
    """Take a reservation, so that it no longer ends by itself.  Of many at once, one gets it: the only one that asks
    and starts.
    """
    now = clock.now()
    with db.transaction():
        params = {"number": order_no, "fen": fen, "now": now, "later": now + orders.LOOK_AGAIN}
        return bool(db.changed(_claim, params) and db.changed(_hold, {"number": order_no}))


def _go(order: Any, fen: int) -> None:
    """Confirm, start, wait: for who has claimed the order."""
    try:
        here = confirming.confirm(order.order_no)
    except (UpstreamError, Conflict) as error:
        log.warning("Order %s is not confirmed: %s", order.order_no, type(error).__name__)
        here = None
    if here != fen:
        orders.give_up(order, ("asking",), "failed")
        raise StartFailed(order.order_no)
    try:
        with db.transaction():
            now = clock.now()
            later = now + orders.LOOK_AGAIN
            orders.move(order.order_no, ("asking",), "starting", cmd_status=orders.TOLD, next_try=later)
    except orders.Moved:  # somebody thought that this process was dead
        raise StartFailed(order.order_no) from None
    tell(order)
    _wait(order)


def tell(order: Any) -> None:
    """Tell the pile to start *order*.  Its answer comes as an event; that it can't be told is as good as no answer."""
    db.outside_transaction("Telling a pile")
    seconds, energy = tariffs.limits(tariffs.of_pile(order.device_no), order.amount)
    try:
        current_driver().start(
            device_no=order.device_no,
            plug_no=order.plug_no,
            order_no=order.order_no,
            seconds=seconds,
            energy=energy,
            expires_at=clock.now() + current_state().settings.charging_start_timeout,
        )
    except UpstreamError as error:
        log.warning("Pile %s can't be told to start %s: %s", order.device_no, order.order_no, type(error).__name__)


def take_back(order: Any) -> None:
    """Tell the pile to stop *order*, which it may have started without being heard."""
    db.outside_transaction("Telling a pile")
    with suppress(UpstreamError):
        current_driver().stop(device_no=order.device_no, plug_no=order.plug_no, order_no=order.order_no)


def _wait(order: Any) -> None:
    """Wait for the pile's answer; without one in time, the order has failed."""
    if wait(order.order_no, ("starting",)) in ("charging", "finished"):
        return
    if orders.give_up(order, ("starting",), "failed", cmd_status=orders.FAILED):
        take_back(order)
    elif orders.find(order.order_no).state in ("charging", "finished"):
        return  # at the last moment
    raise StartFailed(order.order_no)


def wait(order_no: str, pending: tuple[str, ...]) -> str:
    """The state in which an order is once it is none of *pending*, or the time for it is over."""
    end = time.monotonic() + current_state().settings.charging_start_timeout.total_seconds()
    while (state := str(_state.scalar(order_no=order_no))) in pending and time.monotonic() < end:
        time.sleep(POLL)
    return state


def _same_answer(order: Any, fen: int) -> None:
    """What who asked first is told, for who asks again."""
    if order.state in ("reserved", "released"):
        raise NotAllowed("订单已过期，请重新扫码")
    if order.amount != fen:
        raise NotAllowed("金额与订单不符")
    # WeChat takes a while to answer, and then the pile.
    state = wait(order.order_no, ("asking",))
    if state == "starting":
        state = wait(order.order_no, ("starting",))
    if state not in ("charging", "finished"):
        raise StartFailed(order.order_no)
