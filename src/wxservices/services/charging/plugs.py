"""Piles and their plugs: what they are, and which order has one (document ``charging``, 5, 6 and 8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from ... import clock, db
from ...errors import BadParameter
from ...models.charging import Pile, Plug
from ...retrying import on_deadlock
from ...state import current_state
from . import numbers, orders, tariffs
from .errors import NoSuchPile, PileOffline, PlugFaulty, PlugTaken

FREE, TAKEN, FAULTY = 0, 1, 2

_pile = db.Query(
    sa.select(Pile.device_no, Pile.online, Pile.heard_at, Pile.plugs).where(Pile.device_no == sa.bindparam("device_no"))
)
_plugs = db.Query(
    sa.select(Plug.plug_no, Plug.status, Plug.order_no, Plug.held_until)
    .where(Plug.device_no == sa.bindparam("device_no"))
    .order_by(Plug.plug_no)
)
_plug = db.Query(
    sa.select(Plug.status, Plug.order_no, Plug.user_id, Plug.held_until).where(
        Plug.device_no == sa.bindparam("device_no"), Plug.plug_no == sa.bindparam("plug_no")
    )
)
_this = (Plug.device_no == sa.bindparam("device"), Plug.plug_no == sa.bindparam("plug"))
_is_free = (
    Plug.status == FREE,
    sa.or_(Plug.order_no.is_(None), Plug.held_until <= sa.bindparam("now")),
)
_take = (
    sa.update(Plug)
    .where(*_this, *_is_free)
    .values(order_no=sa.bindparam("number"), user_id=sa.bindparam("rider"), held_until=sa.bindparam("until"))
)


def pile(device_no: str) -> Any:
    """A pile: ``online``, ``heard_at``, ``plugs`` (how many).

    :raises NoSuchPile: the operator has none of that number.
    """
    row = _pile.first(device_no=device_no)
    if row is None:
        raise NoSuchPile
    return row


def has(device_no: str, plug_no: str) -> bool:
    """Whether that pile has that plug."""
    return _plug.first(device_no=device_no, plug_no=plug_no) is not None


def is_online(row: Any) -> bool:
    """Whether a pile (:func:`pile`) is there: it said so, and its heartbeat, if it has one, is not late."""
    late = current_state().settings.charging_heartbeat
    return bool(row.online) and (row.heard_at is None or row.heard_at > clock.now() - late)


def status(*, deviceNo: str) -> dict[str, Any]:
    """``getPileStatus``: ``{"deviceNo", "status", "plugs"}``.  A reserved plug shows as taken.

    :raises NoSuchPile: there is none.
    """
    row = pile(deviceNo)
    now = clock.now()
    return {
        "deviceNo": row.device_no,
        "status": int(is_online(row)),
        "plugs": [
            TAKEN if each.status == FREE and _has(each, now) else each.status for each in _plugs.all(device_no=deviceNo)
        ],
    }


def _has(plug: Any, now: Any) -> bool:
    """Whether an order has the plug."""
    return plug.order_no is not None and (plug.held_until is None or plug.held_until > now)


@on_deadlock
def reserve(*, user_id: int, deviceNo: str, plug: str) -> str:
    """``getOrderNo``: a number, with the plug held for it; the same again for who has it already.

    :raises NoSuchPile, PileOffline, PlugFaulty, PlugTaken: in this order.
    :raises BadParameter: the pile has no such plug.
    """
    now = clock.now()
    row = pile(deviceNo)
    it = _plug.first(device_no=deviceNo, plug_no=plug)
    if it is None:
        raise BadParameter("plug", "该充电桩没有此插头")
    if not is_online(row):
        raise PileOffline
    if it.status == FAULTY:
        raise PlugFaulty
    if it.user_id == user_id and it.held_until is not None and _has(it, now):
        return str(it.order_no)
    tariff = tariffs.of_pile(deviceNo)
    until = now + current_state().settings.charging_reservation
    with db.transaction():
        order_no = numbers.new()
        take(deviceNo, plug, user_id=user_id, order_no=order_no, until=until)
        orders.keep(
            user_id,
            order_no=order_no,
            device_no=deviceNo,
            plug_no=plug,
            tag=orders.PHONE,
            state="reserved",
            cmd_status=orders.NOT_STARTED,
            amount=tariff.prepay,
            held_until=until,
            next_try=until + timedelta(seconds=30),
        )
    return order_no


def take(device_no: str, plug_no: str, *, user_id: int, order_no: str, until: Any) -> None:
    """Hold a free plug for an order, in the caller's transaction.  The UPDATE is the guard: of many, one gets it.

    :raises PlugTaken: it is not free.
    """
    params = {"device": device_no, "plug": plug_no, "now": clock.now()}
    if not db.changed(_take, {**params, "number": order_no, "rider": user_id, "until": until}):
        raise PlugTaken


def let_go(*, user_id: int, device_no: str, plug_no: str) -> None:
    """Section 8: the rider's own reservation of a plug is let go, if there is one.  Money that was paid goes back."""
    it = _plug.first(device_no=device_no, plug_no=plug_no)
    if it is None or it.user_id != user_id or it.held_until is None:
        return
    order = orders.find(it.order_no)
    if order is not None:
        orders.give_up(order, ("reserved",), "released")


def put_status(device_no: str, plug_no: str, value: int, at: Any) -> None:
    """Note what a pile says of a plug, unless it has said something newer."""
    newer = sa.or_(Plug.said_at.is_(None), Plug.said_at <= sa.bindparam("at"))
    statement = sa.update(Plug).where(*_this, newer).values(status=sa.bindparam("is"), said_at=sa.bindparam("at"))
    db.changed(statement, {"device": device_no, "plug": plug_no, "is": value, "at": at})
