"""The money as a double-entry ledger: what every fen did, and the proof of the balances.

==================  =======================================================
account             what its sum is
==================  =======================================================
``wechat``          minus what WeChat holds for us
``held``            money of orders that are neither settled nor given back
``earned``          what charging came to
``balance:<rider>`` a rider's balance
==================  =======================================================

==============  =================================================================
entry           its lines
==============  =================================================================
``recharge``    ``wechat`` → ``balance``
``paid``        ``wechat`` → ``held``, an order paid by phone
``swipe``       ``balance`` → ``held``, an order paid by card
``refund``      ``held`` → ``wechat`` or ``balance``: nothing came of it
``settle``      ``held`` → ``earned``, and what was not used back where it came from
==============  =================================================================

A number has each entry once at most: the key (number, entry, account) is the guard beside the order's state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from ... import clock, db
from ...models.charging import Ledger, Order, User
from .errors import TooLittle

WECHAT, HELD, EARNED = "wechat", "held", "earned"

_sums = db.Query(sa.select(Ledger.account, sa.func.sum(Ledger.fen).label("fen")).group_by(Ledger.account))
_unbalanced = db.Query(
    sa.select(Ledger.order_no, Ledger.entry)
    .group_by(Ledger.order_no, Ledger.entry)
    .having(sa.func.sum(Ledger.fen) != 0)
)
_riders = db.Query(sa.select(User.id, User.balance))
_held = (
    sa.select(Ledger.order_no, sa.func.sum(Ledger.fen).label("fen"))
    .where(Ledger.account == HELD)
    .group_by(Ledger.order_no)
    .subquery()
)
_misheld = db.Query(
    sa.select(_held.c.order_no, _held.c.fen, Order.state)
    .outerjoin(Order, Order.order_no == _held.c.order_no)
    .where(_held.c.fen != 0, sa.or_(Order.state.is_(None), Order.state.in_(("finished", "failed", "released"))))
)
_move = (
    sa.update(User)
    .where(User.id == sa.bindparam("rider"), User.balance + sa.bindparam("fen") >= 0)
    .values(balance=User.balance + sa.bindparam("fen"))
)
_balance = db.Query(sa.select(User.balance).where(User.id == sa.bindparam("user_id")))


def balance(user_id: int) -> str:
    """The account of a rider's balance."""
    return f"balance:{user_id}"


def post(order_no: str, entry: str, lines: Mapping[str, int]) -> None:
    """Write an entry, in the caller's transaction: fen by account, 0 in all.  Balances move with it.

    :raises TooLittle: a balance would fall below 0.
    :raises db.Duplicate: the number has this entry already.
    """
    if sum(lines.values()):
        raise ValueError(f"{entry} does not balance")
    now = clock.now()
    for account, fen in lines.items():
        if not fen:
            continue
        rider = account.partition(":")[2]
        if rider and not db.changed(_move, {"rider": int(rider), "fen": fen}):
            raise TooLittle
        db.insert(Ledger, {"order_no": order_no, "entry": entry, "account": account, "fen": fen, "at": now})


def source(tag: int, user_id: int) -> str:
    """Where the money of an order came from, and goes back to."""
    return WECHAT if tag == 1 else balance(user_id)


def of(user_id: int) -> int:
    """A rider's balance in fen."""
    return int(_balance.scalar(user_id=user_id) or 0)


def audit() -> Iterator[str]:
    """What is wrong with the books, a line each; nothing if they are right."""
    for row in _unbalanced.all():
        yield f"{row.order_no}: entry {row.entry} does not sum up to 0"
    sums = {row.account: int(row.fen) for row in _sums.all()}
    for rider in _riders.all():
        if sums.pop(balance(rider.id), 0) != rider.balance:
            yield f"rider {rider.id}: the balance is not the sum of its lines"
    for account in sums:
        if ":" in account:
            yield f"{account} belongs to no rider"
    for row in _misheld.all():
        yield f"order {row.order_no} is {row.state or 'unknown'}: {row.fen} fen are still held"
