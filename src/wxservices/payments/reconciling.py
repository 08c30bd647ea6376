"""Going on where a crash, a lost notification or WeChat's silence left something: row by row, each under a lease.

Correctness does not hang on the lease (every move is a conditional UPDATE, every question to WeChat may be repeated);
it only keeps two who reconcile at the same time from doing the same work.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from .. import clock, db
from ..errors import ConfigurationError, ServiceError
from ..models.payments import PaymentRow, RefundRow
from ..state import current_state
from . import orders, refunds, rows

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""Longer than two calls of WeChat with their time-outs."""

Kind = Literal["payment", "refund"]


@dataclass(frozen=True)
class Step:
    """What became of one row.

    ``outcome``: the state that it is in now; ``waiting``: nothing is wrong, and nothing to do before its time (an
    order that can still be paid, one too young to be closed at WeChat); ``busy``: another process is at it; else what
    went wrong.  ``left_open`` where a person, or another try, is needed.
    """

    kind: str
    number: str
    outcome: str
    left_open: bool


class _Queue:
    """The rows of one table that are not settled."""

    def __init__(self, model: Any, key: Any, settle: Callable[[str], datetime | None], state: db.Query) -> None:
        self.settle, self.state = settle, state
        this, free = key == sa.bindparam("number"), model.next_try.is_not(None)
        idle = sa.or_(model.leased_until.is_(None), model.leased_until <= sa.bindparam("now"))
        self.all = db.Query(sa.select(key).where(free).order_by(model.next_try))
        self.due = db.Query(sa.select(key).where(model.next_try <= sa.bindparam("now")).order_by(model.next_try))
        self.claim = (
            sa.update(model)
            .where(this, free, idle)
            .values(leased_until=sa.bindparam("until"), next_try=sa.bindparam("again"), attempts=model.attempts + 1)
        )
        self.release = (
            sa.update(model).where(this, model.leased_until == sa.bindparam("until")).values(leased_until=None)
        )
        self.again = sa.update(model).where(this, free).values(next_try=sa.bindparam("again"))


def _settle_refund(out_refund_no: str) -> datetime | None:
    refunds.send(out_refund_no)
    refunds.look(out_refund_no)
    return None


_queues: dict[Kind, _Queue] = {
    "payment": _Queue(PaymentRow, PaymentRow.out_trade_no, orders.settle, rows.payment),
    "refund": _Queue(RefundRow, RefundRow.out_refund_no, _settle_refund, rows.refund),
}


def pending(kind: Kind, *, due_only: bool = False) -> list[str]:
    """The numbers of what is not settled; with *due_only* what is to be looked at again by now."""
    queue = _queues[kind]
    found = queue.due.all(now=clock.now()) if due_only else queue.all.all()
    return [row[0] for row in found]


def step(kind: Kind, number: str) -> Step:
    """Bring one row as far as it goes now."""
    queue = _queues[kind]
    row = queue.state.first(number=number)
    now = clock.now()
    until = now + LEASE
    with db.transaction():
        again = now + rows.delay(row.attempts if row else 0)
        claimed = db.changed(queue.claim, {"number": number, "now": now, "until": until, "again": again})
    if not claimed:
        row = queue.state.first(number=number)
        settled = row is None or row.next_try is None
        return Step(kind, number, row.state if row and settled else "busy", not settled)
    problem, next_try = "", None
    try:
        next_try = queue.settle(number)
    except (ServiceError, ConfigurationError) as error:
        problem = f"{type(error).__name__}: {getattr(error, 'code', '') or error}"
    except Exception as error:
        log.exception("%s %s cannot be settled", kind, number)
        problem = type(error).__name__
    with db.transaction():
        if next_try is not None:
            db.changed(queue.again, {"number": number, "again": next_try})
        db.changed(queue.release, {"number": number, "until": until})
    row = queue.state.first(number=number)
    state = row.state if row else ""
    if problem:
        return Step(kind, number, f"{state}, {problem}", True)
    if next_try is not None:
        return Step(kind, number, "waiting", False)
    return Step(kind, number, state, state == "failed" or row is None or row.next_try is not None)


def of_services() -> Iterator[Step]:
    """What the mounted services have open themselves."""
    for service in current_state().mounted.values():
        if service.reconcile is not None:
            yield from service.reconcile()


def reconcile(*, due_only: bool = False) -> Iterator[Step]:
    """All that is not settled, the services' own first, then payments: each may bring refunds.  Can be repeated, and
    run in parallel.
    """
    yield from of_services()
    kinds: tuple[Kind, ...] = ("payment", "refund")
    for kind in kinds:
        for number in pending(kind, due_only=due_only):
            yield step(kind, number)
