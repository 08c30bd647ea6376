"""Sales: what machines report, and what is shown of them (document ``vending``, 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ... import clock, db, retrying, signals
from ...errors import Conflict, NotFound
from ...models.vending import Aisle, Order, OrderLine, Vendor
from . import boards, ledger
from .ids import AISLE, CUSTOMER, GOODS, ORDER, SHOP, VENDOR, written
from .paging import window

UNPAID, PAID, REFUNDED = 1, 2, 3

_vendor = db.Query(sa.select(Vendor.shop_id).where(Vendor.id == sa.bindparam("vendor_id")))
_known = db.Query(
    sa.select(Order.id, Order.goods_num).where(
        Order.vendor_id == sa.bindparam("vendor_id"), Order.order_no == sa.bindparam("order_no")
    )
)
_page = (
    sa.select(Order.id)
    .where(Order.shop_id == sa.bindparam("shop_id"), Order.pay_time.is_not(None))
    .order_by(Order.pay_time.desc(), Order.id.desc())
    .limit(sa.bindparam("rows"))
    .offset(sa.bindparam("skipped"))
    .subquery()
)
_listed = db.Query(  # the page is found in the index alone, then its rows are read
    sa.select(Vendor.num, Order.id, Order.pay_time, Order.status)
    .select_from(_page)
    .join(Order, Order.id == _page.c.id)
    .join(Vendor, Vendor.id == Order.vendor_id)
    .order_by(Order.pay_time.desc(), Order.id.desc())
)
_one = db.Query(
    sa.select(*Order.__table__.c, Vendor.num.label("vendor_num"))
    .join(Vendor, Vendor.id == Order.vendor_id)
    .where(Order.id == sa.bindparam("order_id"))
)
_lines = db.Query(
    sa.select(*OrderLine.__table__.c).where(OrderLine.order_id == sa.bindparam("order_id")).order_by(OrderLine.line)
)

_take = (
    sa.update(Aisle)
    .where(
        Aisle.id == sa.bindparam("aisle"),
        Aisle.vendor_id == sa.bindparam("vendor"),
        Aisle.goods_id.is_not(None),
        Aisle.goods_num >= sa.bindparam("num"),
    )
    .values(goods_num=Aisle.goods_num - sa.bindparam("num"), updated_at=sa.bindparam("now"))
)
_put_back = (
    sa.update(Aisle)
    .where(
        Aisle.id == sa.bindparam("aisle"),
        Aisle.goods_id == sa.bindparam("goods"),
        Aisle.goods_num + sa.bindparam("num") <= Aisle.capacity,
    )
    .values(goods_num=Aisle.goods_num + sa.bindparam("num"), updated_at=sa.bindparam("now"))
)
_price = (
    sa.update(Order)
    .where(Order.id == sa.bindparam("number"))
    .values(order_fee=sa.bindparam("fee"), paid_price=sa.bindparam("paid"))
)
_refund = (
    sa.update(Order)
    .where(Order.id == sa.bindparam("number"), Order.status == PAID)
    .values(status=REFUNDED, updated_at=sa.bindparam("now"))
)


@dataclass(frozen=True)
class Sold:
    """What came out of a lane.

    :param price_fen: of each (default: the good's price).
    """

    aisle_id: int
    goods_num: int = 1
    price_fen: int | None = None


@retrying.on_deadlock
def record_sale(
    *,
    vendor_id: int,
    order_no: str,
    lines: Sequence[Sold],
    paid_fen: int | None = None,
    pay_way: int = 1,
    customer_id: int | None = None,
    order_time: datetime | None = None,
    pay_time: datetime | None = None,
) -> int:
    """Record a machine's sale, and answer the order's number.  The same *order_no* again is the same sale.

    :param order_no: the machine's own number, at most 64 characters.
    :param lines: at least one.
    :param paid_fen: default: the sum of the lines.
    :param pay_way: 1 WeChat, 2 Alipay.
    :param order_time, pay_time: aware; default: now.
    :raises NotFound: no such machine, or a lane is not in it.
    :raises Conflict: a lane holds fewer by the books (``lanes.count`` puts them right), or *order_no* was another sale.
    """
    shop_id = _vendor.scalar(vendor_id=vendor_id)
    if shop_id is None:
        raise NotFound("vendor_id 不存在")
    if not lines or any(line.goods_num < 1 for line in lines):
        raise Conflict("订单没有商品")
    now = clock.now()
    pay_time = pay_time or now
    goods_num = sum(line.goods_num for line in lines)
    try:
        with db.transaction():
            # The order comes first: its unique key makes a second one wait, and find it.
            order_id = db.insert(
                Order,
                {
                    "shop_id": shop_id,
                    "vendor_id": vendor_id,
                    "order_no": order_no,
                    "customer_id": customer_id,
                    "status": PAID,
                    "pay_way": pay_way,
                    "order_fee": 0,
                    "paid_price": 0,
                    "goods_num": goods_num,
                    "order_time": order_time or pay_time,
                    "pay_time": pay_time,
                    "updated_at": now,
                },
            )
            rows = _taken(vendor_id, order_id, lines)
            fee = sum(row["goods_price"] * row["goods_num"] for row in rows)
            paid = fee if paid_fen is None else paid_fen
            db.changed(_price, {"number": order_id, "fee": fee, "paid": paid})
            db.execute(sa.insert(OrderLine), rows)
            entry = ledger.Entry(shop_id, ledger.SALE, "", f"{ORDER}{order_id}")
            for row in rows:
                entry.move(row["goods_id"], row["aisle_id"], -row["goods_num"])
            entry.write()
            boards.add(_totals(shop_id, vendor_id, pay_time, paid, rows))
            signals.send_after_commit(signals.vending_sold, order_id=order_id, vendor_id=vendor_id, shop_id=shop_id)
            return int(order_id)
    except db.Duplicate:
        known = _known.first(vendor_id=vendor_id, order_no=order_no)
        if known is None or known.goods_num != goods_num:
            raise Conflict("同一订单号的内容不同") from None
        return int(known.id)


@retrying.on_deadlock
def refund_sale(*, order_id: int, goods_back: bool = False, who: str = "") -> None:
    """Refund a sale: it no longer counts in the boards of its day.

    :param goods_back: nothing came out; the goods are in their lanes as before.
    :raises NotFound: no such order.
    :raises Conflict: it is not paid, or refunded already; or a lane has no room for its goods any more.
    """
    order = _one.first(order_id=order_id)
    if order is None:
        raise NotFound("vendor_order_id 不存在")
    lines = [row._asdict() for row in _lines.all(order_id=order_id)]
    with db.transaction():
        now = clock.now()
        if not db.changed(_refund, {"number": order_id, "now": now}):
            raise Conflict("订单未支付或已退款")
        if goods_back:
            entry = ledger.Entry(order.shop_id, ledger.REFUND, who, f"{ORDER}{order_id}")
            for line in sorted(lines, key=lambda line: line["aisle_id"]):
                place = {"aisle": line["aisle_id"], "goods": line["goods_id"], "num": line["goods_num"], "now": now}
                if not db.changed(_put_back, place):
                    raise Conflict(f"货道{line['aisle_name']}放不下退回的商品")
                entry.move(line["goods_id"], line["aisle_id"], line["goods_num"])
            entry.write()
        boards.add(_totals(order.shop_id, order.vendor_id, order.pay_time, order.paid_price, lines), -1)
        signals.send_after_commit(
            signals.vending_refunded, order_id=order_id, vendor_id=order.vendor_id, shop_id=order.shop_id
        )


def listed(*, shop_id: int, page_no: int | None = None, page_size: int | None = None) -> dict[str, Any]:
    """``get_order_list``: ``{"order_list": [...]}``, newest first; those that are not paid are left out."""
    return {
        "order_list": [
            {
                "vendor_num": row.num,
                "vendor_order_id": written(ORDER, row.id),
                "pay_time": int(row.pay_time.timestamp()),
                "order_status": row.status,
            }
            for row in _listed.all(shop_id=shop_id, **window(page_no, page_size))
        ]
    }


def details(*, vendor_order_id: int) -> dict[str, Any]:
    """``get_order_info``: ``{"info": {...}}``; money in yuan.

    :raises NotFound: no such order.
    """
    row = _one.first(order_id=vendor_order_id)
    if row is None:
        raise NotFound("vendor_order_id 不存在")
    return {
        "info": {
            "vendor_order_id": written(ORDER, row.id),
            "customer_id": written(CUSTOMER, row.customer_id),
            "vendor_id": written(VENDOR, row.vendor_id),
            "goods_list": [
                {
                    "vendor_goods_id": written(GOODS, line.goods_id),
                    "goods_name": line.goods_name,
                    "goods_price": db.yuan(line.goods_price),
                    "goods_num": line.goods_num,
                    "aisle_id": written(AISLE, line.aisle_id),
                    "aisle_name": line.aisle_name,
                    "all_money": db.yuan(line.goods_price * line.goods_num),
                }
                for line in _lines.all(order_id=vendor_order_id)
            ],
            "shop_id": written(SHOP, row.shop_id),
            "order_time": int(row.order_time.timestamp()),
            "pay_time": int(row.pay_time.timestamp()) if row.pay_time else None,
            "order_fee": db.yuan(row.order_fee),
            "paid_price": db.yuan(row.paid_price),
            "order_status": row.status,
            "pay_way": row.pay_way,
            "lastmodtime": int(row.updated_at.timestamp()),
            "delete": None,
            "vendor_num": row.vendor_num,
            "goods_all_num": row.goods_num,
        }
    }


def _taken(vendor_id: int, order_id: int, lines: Sequence[Sold]) -> list[dict[str, Any]]:
    """Take *lines* out of their lanes; the order's lines as they are written down."""
    now = clock.now()
    for line in sorted(lines, key=lambda line: line.aisle_id):
        taken = {"aisle": line.aisle_id, "vendor": vendor_id, "num": line.goods_num, "now": now}
        if not db.changed(_take, taken):
            lane = ledger.lane(line.aisle_id)
            if lane is None or lane.vendor_id != vendor_id:
                raise NotFound(f"aisle_id {written(AISLE, line.aisle_id)}不属于该设备")
            raise Conflict(f"货道{lane.name}账面库存不足")
    rows = []
    for number, line in enumerate(lines, 1):
        lane = ledger.lane(line.aisle_id)
        rows.append(
            {
                "order_id": order_id,
                "line": number,
                "goods_id": lane.goods_id,
                "goods_name": lane.goods_name,
                "goods_price": lane.price if line.price_fen is None else line.price_fen,
                "goods_num": line.goods_num,
                "aisle_id": lane.id,
                "aisle_name": lane.name,
            }
        )
        if lane.goods_num == 0:
            signals.send_after_commit(
                signals.vending_sold_out,
                aisle_id=lane.id,
                vendor_id=vendor_id,
                shop_id=lane.shop_id,
                goods_id=lane.goods_id,
            )
    return rows


def _totals(
    shop_id: int, vendor_id: int, pay_time: datetime, paid: int, lines: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    goods = [(line["goods_id"], line["goods_num"], line["goods_price"] * line["goods_num"]) for line in lines]
    return boards.rows_of(shop_id=shop_id, vendor_id=vendor_id, pay_time=pay_time, money=paid, goods=goods)
