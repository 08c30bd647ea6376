"""Going on with what a crash, a silent pile or a client that never came back left open."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from ... import clock, db
from ...errors import ServiceError
from ...models.charging import Order, Pile, Recharge
from ...payments import Step
from ...state import current_state
from . import balances, orders, settling, starting

log = logging.getLogger(__name__)

_due = db.Query(
    sa.select(Order.order_no).where(Order.next_try <= sa.bindparam("now")).order_by(Order.next_try).limit(10_000)
)
_abandoned = db.Query(
    sa.select(Order.order_no)
    .join(Pile, Pile.device_no == Order.device_no)
    .where(
        Order.state == "charging",
        sa.or_(Pile.lost_at <= sa.bindparam("before"), Pile.heard_at <= sa.bindparam("before")),
    )
)
_recharges = db.Query(
    sa.select(Recharge.order_no)
    .where(Recharge.next_try <= sa.bindparam("now"))
    .order_by(Recharge.next_try)
    .limit(10_000)
)


def reconcile() -> Iterator[Step]:
    """All that is due.  Can be repeated, and run in parallel: each move is conditional, each question repeatable."""
    now = clock.now()
    numbers = [row.order_no for row in _due.all(now=now)]
    grace = current_state().settings.charging_grace
    numbers += [row.order_no for row in _abandoned.all(before=now - grace) if row.order_no not in numbers]
    for number in numbers:
        yield _step("order", number, lambda number=number: _order(number))
    for row in _recharges.all(now=now):
        yield _step("recharge", row.order_no, lambda row=row: _recharge(row.order_no))


def _step(kind: str, number: str, go_on: Any) -> Step:
    try:
        return Step(kind, number, go_on(), False)
    except ServiceError as error:
        return Step(kind, number, f"{type(error).__name__}: {getattr(error, 'code', '') or error}", True)
    except Exception as error:
        log.exception("%s %s cannot be settled", kind, number)
        return Step(kind, number, type(error).__name__, True)


def _order(number: str) -> str:
    order = orders.find(number)
    if order.state == "reserved":
        orders.give_up(order, ("reserved",), "released")
        order = orders.find(number)
    elif order.state == "asking":  # whoever asked is gone
        orders.give_up(order, ("asking",), "failed")
        order = orders.find(number)
    elif order.state == "starting":
        if orders.give_up(order, ("starting",), "failed", cmd_status=orders.FAILED):
            starting.take_back(order)
    elif order.state == "charging":
        settling.vanished(order)
    if order.state in orders.DEAD and order.next_try is not None:
        orders.look_for_money(order)
    return str(orders.find(number).state)


def _recharge(number: str) -> str:
    balances.look_for_money(balances.find(number))
    return str(balances.find(number).state)
