"""What was sold: totals kept with each sale, and the reports read from them (document ``vending``, 4.0 and 4.1).

A report reads totals of hours, days and whole months, never orders, so that it costs the same whatever was sold.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa

from ... import clock, db
from ...errors import BadParameter
from ...models.vending import Goods, Total, Vendor
from .ids import GOODS, SHOP, VENDOR, written

KEY = ("shop_id", "subject", "span", "period", "subject_id")
SUMS = ("order_num", "goods_num", "all_money")
BEST = 5
YEARS = range(2000, 2100)

_between = (
    Total.shop_id == sa.bindparam("shop_id"),
    Total.period.between(sa.bindparam("since"), sa.bindparam("until")),
)
_of_shop = (
    sa.select(Total.period, Total.order_num, Total.all_money, Total.goods_num, Total.updated_at)
    .where(*_between, Total.subject == "S", Total.order_num > 0)
    .order_by(Total.period)
)
_hours = db.Query(_of_shop.where(Total.span == "H"))
_days = db.Query(_of_shop.where(Total.span == "D"))
_money = db.Query(
    sa.select(sa.func.coalesce(sa.func.sum(Total.all_money), 0)).where(
        *_between, Total.subject == "S", Total.span == "D"
    )
)
_orders = db.Query(
    sa.select(sa.func.coalesce(sa.func.sum(Total.order_num), 0)).where(
        Total.shop_id == sa.bindparam("shop_id"), Total.subject == "S", Total.span == "M"
    )
)


def _best(subject: str) -> Any:
    money = sa.func.sum(Total.all_money)
    return (
        sa.select(Total.subject_id, money.label("money"), sa.func.sum(Total.goods_num).label("num"))
        .where(
            Total.shop_id == sa.bindparam("shop_id"),
            Total.subject == subject,
            sa.or_(
                sa.and_(Total.span == "M", Total.period.between(sa.bindparam("month_1"), sa.bindparam("month_2"))),
                sa.and_(Total.span == "D", Total.period.between(sa.bindparam("head_1"), sa.bindparam("head_2"))),
                sa.and_(Total.span == "D", Total.period.between(sa.bindparam("tail_1"), sa.bindparam("tail_2"))),
            ),
        )
        .group_by(Total.subject_id)
        .having(money > 0)
        .order_by(money.desc(), Total.subject_id)
        .limit(BEST)
        .subquery()
    )


_best_vendors, _best_goods = _best("V"), _best("G")
_vendors = db.Query(
    sa.select(_best_vendors, Vendor.name, Vendor.num.label("vendor_num"))
    .join(Vendor, Vendor.id == _best_vendors.c.subject_id)
    .order_by(_best_vendors.c.money.desc(), _best_vendors.c.subject_id)
)
_goods = db.Query(
    sa.select(_best_goods, Goods.name)
    .join(Goods, Goods.id == _best_goods.c.subject_id)
    .order_by(_best_goods.c.money.desc(), _best_goods.c.subject_id)
)


def rows_of(
    *, shop_id: int, vendor_id: int, pay_time: datetime, money: int, goods: Iterable[tuple[int, int, int]]
) -> list[dict[str, Any]]:
    """What one sale adds to the totals, in the order in which everyone locks them.

    :param money: paid, in fen.
    :param goods: of each line the good, the number and the fen.
    """
    at = clock.local(pay_time)
    hour, day, month = int(f"{at:%Y%m%d%H}"), int(f"{at:%Y%m%d}"), int(f"{at:%Y%m}")
    merged: dict[int, list[int]] = {}
    for goods_id, num, fen in goods:
        sums = merged.setdefault(goods_id, [0, 0])
        sums[0] += num
        sums[1] += fen
    number = sum(num for num, _ in merged.values())
    # The shop's month comes first: whoever has it has all totals of the shop's month (see ``rebuild``).
    found = [("S", "M", month, shop_id, number, money), ("S", "D", day, shop_id, number, money)]
    found += [("S", "H", hour, shop_id, number, money)]
    found += [("V", "M", month, vendor_id, number, money), ("V", "D", day, vendor_id, number, money)]
    for goods_id, (num, fen) in sorted(merged.items()):
        found += [("G", "M", month, goods_id, num, fen), ("G", "D", day, goods_id, num, fen)]
    return [
        {
            **dict(zip(KEY, (shop_id, subject, span, period, subject_id), strict=True)),
            **dict(zip(SUMS, (1, num, fen), strict=True)),
        }
        for subject, span, period, subject_id, num, fen in found
    ]


def add(rows: list[dict[str, Any]], sign: int = 1) -> None:
    """Add :func:`rows_of` a sale to the totals (*sign* -1: take them off), in the caller's transaction."""
    now = clock.now()
    changes = [{**row, **{name: sign * row[name] for name in SUMS}, "updated_at": now} for row in rows]
    db.upsert(Total, KEY, changes, add=SUMS)


def today(*, shop_id: int, time_cut: int = 2) -> dict[str, Any]:
    """``get_today_data``: today so far, in slices of *time_cut* hours, which divides 24."""
    day = clock.today()
    number = _period(day)
    slices: dict[int, list[int]] = {}
    for row in _hours.all(shop_id=shop_id, since=number * 100, until=number * 100 + 23):
        sums = slices.setdefault(row.period % 100 // time_cut, [0, 0, 0])
        for index, value in enumerate((row.all_money, row.order_num, row.goods_num)):
            sums[index] += value
    money = sum(sums[0] for sums in slices.values())
    num = sum(sums[1] for sums in slices.values())
    yesterday = _period(day - timedelta(days=1))
    before = int(_money.scalar(shop_id=shop_id, since=yesterday, until=yesterday))
    return {
        "data": {
            "money": db.yuan(money),
            "num": num,
            "pre_money": _each(money, num),
            "compare_money": _percent(before, money),
        },
        "time_list": [
            {"time": f"{(index + 1) * time_cut % 24:02}:00:00", "list": _slice(slices.get(index))}
            for index in range(24 // time_cut)
        ],
        "sort": _sort(shop_id, _pieces(day, day)),
    }


def by_date(
    *, shop_id: int, time_type: int = 1, begin_day: date | None = None, end_day: date | None = None
) -> dict[str, Any]:
    """``get_date_board``: *time_type* 1 this week (from Monday), 2 this month, 3 *begin_day* to *end_day*, both
    included, or everything without them.

    :raises BadParameter: one of the days is missing, or they are the wrong way round.
    """
    period = _chosen(time_type, begin_day, end_day)
    if period is None:
        since, until, before, pieces = 0, 99_999_999, 0, _EVERYTHING
    else:
        begin, end = period
        since, until, pieces = _period(begin), _period(end), _pieces(begin, end)
        earlier = _before(time_type, begin, end)
        before = int(_money.scalar(shop_id=shop_id, since=_period(earlier), until=_period(begin - timedelta(days=1))))
    rows = _days.all(shop_id=shop_id, since=since, until=until)
    money, num = sum(row.all_money for row in rows), sum(row.order_num for row in rows)
    return {
        "data": {
            "money": db.yuan(money),
            "num": num,
            "compare_money": _percent(before, money),
            "pre_money": _each(money, num),
        },
        "list": [
            {
                "day": row.period,
                "shop_id": written(SHOP, shop_id),
                "order_num": row.order_num,
                "all_money": db.yuan(row.all_money),
                "goods_num": row.goods_num,
                "lastmodtime": int(row.updated_at.timestamp()),
                "delete": 0,
            }
            for row in rows
        ],
        "sort": _sort(shop_id, pieces),
    }


def orders(*, shop_id: int) -> int:
    """How many paid orders a shop has."""
    return int(_orders.scalar(shop_id=shop_id))


def _chosen(time_type: int, begin: date | None, end: date | None) -> tuple[date, date] | None:
    today = clock.today()
    if time_type == 1:
        monday = today - timedelta(days=today.weekday())
        return monday, monday + timedelta(days=6)
    if time_type == 2:
        return today.replace(day=1), next_month(today) - timedelta(days=1)
    if begin is None and end is None:
        return None
    if begin is None or end is None:
        raise BadParameter("end_day" if end is None else "begin_day", "不能为空")
    if begin > end:
        raise BadParameter("end_day", "不能早于begin_day")
    for name, day in (("begin_day", begin), ("end_day", end)):
        if day.year not in YEARS:
            raise BadParameter(name, f"应在{YEARS[0]}年到{YEARS[-1]}年之间")
    return begin, end


def _before(time_type: int, begin: date, end: date) -> date:
    """The first day of the period before: the last week, the last month, or as many days as this one has."""
    if time_type == 2:
        return (begin - timedelta(days=1)).replace(day=1)
    return begin - (end - begin) - timedelta(days=1)


_EVERYTHING = {"month_1": 0, "month_2": 999_999, "head_1": 1, "head_2": 0, "tail_1": 1, "tail_2": 0}


def _pieces(begin: date, end: date) -> dict[str, int]:
    """*begin* to *end* as whole months, with the days before and after them.  What is empty runs from 1 to 0."""
    first = begin if begin.day == 1 else next_month(begin)
    after = (end + timedelta(days=1)).replace(day=1)
    if first >= after:
        head, months, tail = (_period(begin), _period(end)), (1, 0), (1, 0)
    else:
        months = _period(first) // 100, _period(after - timedelta(days=1)) // 100
        head = (_period(begin), _period(first - timedelta(days=1))) if begin < first else (1, 0)
        tail = (_period(after), _period(end)) if after <= end else (1, 0)
    numbers = (*months, *head, *tail)
    return dict(zip(_EVERYTHING, numbers, strict=True))


def next_month(day: date) -> date:
    """The first day of the month after that of *day*."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _sort(shop_id: int, pieces: dict[str, int]) -> dict[str, Any]:
    return {
        "vendor_list": [
            {
                "vendor_name": row.name,
                "vendor_num": row.vendor_num,
                "vendor_id": written(VENDOR, row.subject_id),
                "all_money": db.yuan(row.money),
            }
            for row in _vendors.all(shop_id=shop_id, **pieces)
        ],
        "goods_list": [
            {
                "goods_name": row.name,
                "vendor_goods_id": written(GOODS, row.subject_id),
                "all_money": db.yuan(row.money),
                "all_num": int(row.num),
            }
            for row in _goods.all(shop_id=shop_id, **pieces)
        ],
    }


def _slice(sums: list[int] | None) -> dict[str, Any]:
    if not sums:
        return {}
    money, order_num, goods_num = sums
    return {"all_money": db.yuan(money), "order_num": order_num, "goods_num": goods_num}


def _period(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _each(money: int, num: int) -> Decimal:
    """Yuan for each of *num* orders."""
    return _rounded(db.yuan(money) / num) if num else Decimal(0)


def _percent(before: int, now: int) -> Decimal:
    return _rounded(Decimal(before) * 100 / now) if now else Decimal(0)


def _rounded(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.01"), ROUND_HALF_UP)
