"""The boards' totals computed anew from the orders, a shop's month at a time."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

import sqlalchemy as sa

from ... import clock, db, retrying
from ...models.vending import Order, OrderLine, Total
from . import boards
from .ids import GOODS, SHOP, VENDOR
from .orders import PAID

_shops = db.Query(
    sa.select(Order.shop_id, sa.func.min(Order.pay_time).label("first"), sa.func.max(Order.pay_time).label("last"))
    .where(Order.pay_time.is_not(None))
    .group_by(Order.shop_id)
)
_PREFIXES = {"S": SHOP, "V": VENDOR, "G": GOODS}
_months = db.Query(sa.select(Total.shop_id, Total.period).where(Total.subject == "S", Total.span == "M"))
_lines = db.Query(
    sa.select(
        Order.id,
        Order.vendor_id,
        Order.pay_time,
        Order.paid_price,
        OrderLine.goods_id,
        OrderLine.goods_num,
        OrderLine.goods_price,
    )
    .join(OrderLine, OrderLine.order_id == Order.id)
    .where(
        Order.shop_id == sa.bindparam("shop_id"),
        Order.pay_time >= sa.bindparam("since", type_=Order.pay_time.type),
        Order.pay_time < sa.bindparam("until", type_=Order.pay_time.type),
        Order.status == PAID,
    )
    .order_by(Order.id)
)
_stored = db.Query(
    sa.select(*(Total.__table__.c[name] for name in (*boards.KEY, *boards.SUMS))).where(
        Total.shop_id == sa.bindparam("shop_id"),
        sa.or_(
            *(
                sa.and_(Total.span == span, Total.period.between(sa.bindparam(f"{span}1"), sa.bindparam(f"{span}2")))
                for span in "HDM"
            )
        ),
    )
)


def months() -> list[tuple[int, date]]:
    """Every shop and month (its first day) of which there are orders or totals."""
    found = {(row.shop_id, date(row.period // 100, row.period % 100, 1)) for row in _months.all()}
    for row in _shops.all():
        month, last = (clock.local(instant).date().replace(day=1) for instant in (row.first, row.last))
        while month <= last:
            found.add((row.shop_id, month))
            month = boards.next_month(month)
    return sorted(found)


@retrying.on_deadlock
def rebuild(shop_id: int, month: date) -> list[str]:
    """Put the totals of a shop's month right, and answer what was wrong, a line each."""
    with db.transaction():
        number = month.year * 100 + month.month
        gate = dict(zip(boards.KEY, (shop_id, "S", "M", number, shop_id), strict=True))
        # Every sale of the month changes this row before the other totals: until the end there is none.
        db.upsert(
            Total, boards.KEY, [{**gate, **dict.fromkeys(boards.SUMS, 0), "updated_at": clock.now()}], add=boards.SUMS
        )
        right = _computed(shop_id, month)
        stored = {
            tuple(row[: len(boards.KEY)]): tuple(row[len(boards.KEY) :])
            for row in _stored.all(
                shop_id=shop_id,
                M1=number, M2=number,
                D1=number * 100, D2=number * 100 + 99,
                H1=number * 10_000, H2=number * 10_000 + 9999,
            )
        }  # fmt: skip
        nothing = (0,) * len(boards.SUMS)
        wrong = [key for key in sorted(right | stored) if right.get(key, nothing) != stored.get(key, nothing)]
        db.upsert(Total, boards.KEY, [_row(key, right.get(key, nothing)) for key in wrong])
        if tuple(gate.values()) not in right:
            db.changed(sa.delete(Total).where(*(getattr(Total, name) == value for name, value in gate.items())))
        return [f"{_named(key)}: {stored.get(key, nothing)} is {right.get(key, nothing)}" for key in wrong]


def _computed(shop_id: int, month: date) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """The totals of a shop's month by its orders."""
    orders: dict[int, tuple[Any, list[tuple[int, int, int]]]] = {}
    since = clock.local_midnight(month).astimezone(UTC)
    until = clock.local_midnight(boards.next_month(month)).astimezone(UTC)
    for row in _lines.all(shop_id=shop_id, since=since, until=until):
        goods = orders.setdefault(row.id, (row, []))[1]
        goods.append((row.goods_id, row.goods_num, row.goods_price * row.goods_num))
    totals: dict[tuple[Any, ...], tuple[int, ...]] = {}
    for order, goods in orders.values():
        for total in boards.rows_of(
            shop_id=shop_id, vendor_id=order.vendor_id, pay_time=order.pay_time, money=order.paid_price, goods=goods
        ):
            key = tuple(total[name] for name in boards.KEY)
            sums = totals.get(key, (0,) * len(boards.SUMS))
            totals[key] = tuple(a + total[name] for a, name in zip(sums, boards.SUMS, strict=True))
    return totals


def _row(key: tuple[Any, ...], sums: tuple[int, ...]) -> dict[str, Any]:
    return {
        **dict(zip(boards.KEY, key, strict=True)),
        **dict(zip(boards.SUMS, sums, strict=True)),
        "updated_at": clock.now(),
    }


def _named(key: tuple[Any, ...]) -> str:
    shop_id, subject, span, period, subject_id = key
    return f"SH{shop_id} {span} {period} {_PREFIXES[subject]}{subject_id}"
