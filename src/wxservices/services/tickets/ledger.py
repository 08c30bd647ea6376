"""The merchants' wallets as a double-entry ledger: what every fen did, and the proof of the balances.

====================  =====================================================================
account               what its sum is
====================  =====================================================================
``wechat``            minus what WeChat holds for us
``held``              money of orders that are neither finished nor given back
``fees``              what the agency has earned (``benefitRate``)
``cool:<merchant>``   credited and frozen: ``coolAmount``
``amount:<merchant>`` the merchant's balance: ``amount``
====================  =====================================================================

An order has each entry once at most: the key (order, entry, account) is the guard beside the order's state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from ... import clock, db
from ...models.tickets import Ledger, Order, User
from .errors import UnfreezeRefused

WECHAT, HELD, FEES = "wechat", "held", "fees"
RATE_UNIT = 10_000
"""A rate is a whole number of 1/10,000."""

BALANCES = {"cool": User.cool_amount, "amount": User.amount}
"""The columns that hold the sums of the merchants' accounts."""

_HELD_IN = (
    "wait_rob",
    "robing",
    "order_audit",
    "wait_confirme",
    "returned_audit",
    "returned_return",
    "returning_amount",
)

_sums = db.Query(sa.select(Ledger.account, sa.func.sum(Ledger.fen).label("fen")).group_by(Ledger.account))
_merchants = db.Query(sa.select(User.id, User.amount, User.cool_amount).where(User.role == "business"))
_unbalanced = db.Query(
    sa.select(Ledger.order_id, Ledger.entry)
    .group_by(Ledger.order_id, Ledger.entry)
    .having(sa.func.sum(Ledger.fen) != 0)
)
_held = (
    sa.select(Ledger.order_id, sa.func.sum(Ledger.fen).label("fen"))
    .where(Ledger.account == HELD)
    .group_by(Ledger.order_id)
    .subquery()
)
_expected = sa.case((Order.status.in_(_HELD_IN) & Order.credit.is_(None), Order.amount), else_=0)
_misheld = db.Query(
    sa.select(Order.order_no, Order.status, _expected.label("expected"), sa.func.coalesce(_held.c.fen, 0).label("fen"))
    .outerjoin(_held, _held.c.order_id == Order.id)
    .where(_expected != sa.func.coalesce(_held.c.fen, 0))
)


def cool(merchant_id: int) -> str:
    """The account of what is frozen for a merchant."""
    return f"cool:{merchant_id}"


def amount(merchant_id: int) -> str:
    """The account of a merchant's balance."""
    return f"amount:{merchant_id}"


def fee(fen: int, rate: int) -> int:
    """What the agency keeps of *fen* at *rate* (1/10,000), half a fen rounded up."""
    return (fen * rate * 2 + RATE_UNIT) // (2 * RATE_UNIT)


def post(order_id: int, entry: str, lines: Mapping[str, int]) -> None:
    """Write *entry* of an order, in the caller's transaction: fen by account, 0 in all.  Balances move with it.

    The order must have been moved before: its row is locked first, then a merchant's.

    :raises UnfreezeRefused: a balance would fall below 0.
    :raises db.Duplicate: the order has this entry already.
    """
    if sum(lines.values()):
        raise ValueError(f"{entry} does not balance")
    now = clock.now()
    for account, fen in lines.items():
        kind, _, merchant_id = account.partition(":")
        if merchant_id and fen:
            column = BALANCES[kind]
            if not db.changed(
                sa.update(User).where(User.id == int(merchant_id), column + fen >= 0).values({column: column + fen})
            ):
                raise UnfreezeRefused
        if fen:
            db.insert(Ledger, {"order_id": order_id, "entry": entry, "account": account, "fen": fen, "at": now})


def audit() -> Iterator[str]:
    """What is wrong with the books, a line each; nothing if they are right.

    Each entry sums up to 0; each merchant's balances are the sums of the accounts; what is held is the money of the
    orders whose state says so.
    """
    for row in _unbalanced.all():
        yield f"order {row.order_id}: entry {row.entry} does not sum up to 0"
    sums = balances()
    for merchant in _merchants.all():
        for account, stored in ((cool(merchant.id), merchant.cool_amount), (amount(merchant.id), merchant.amount)):
            if sums.pop(account, 0) != stored:
                yield f"merchant {merchant.id}: {account} is not the sum of its lines"
    for account in sums:
        if ":" in account:
            yield f"{account} belongs to no merchant"
    for row in _misheld.all():
        yield f"order {row.order_no} is {row.status}: {row.fen} fen are held, not {row.expected}"


def balances() -> dict[str, int]:
    """The sum of each account, in fen."""
    return {row.account: int(row.fen) for row in _sums.all()}
