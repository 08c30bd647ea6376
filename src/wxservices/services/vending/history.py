"""Orders of the past, from an operator's file: they count in the boards and move no stock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ... import db
from ...models.vending import Aisle, Goods, Order, OrderLine, Vendor
from . import boards
from .orders import PAID

_number = db.Query(
    sa.select(Order.id).where(Order.vendor_id == sa.bindparam("vendor_id"), Order.order_no == sa.bindparam("order_no"))
)
_aisle_names = db.Query(sa.select(Aisle.id, Aisle.name).where(Aisle.id.in_(sa.bindparam("aisles", expanding=True))))
_goods_names = db.Query(sa.select(Goods.id, Goods.name).where(Goods.id.in_(sa.bindparam("goods", expanding=True))))
_shop_of_vendor = db.Query(sa.select(Vendor.shop_id).where(Vendor.id == sa.bindparam("vendor_id")))


def write(
    *,
    vendor_id: int,
    order_no: str,
    lines: list[dict[str, Any]],
    status: int,
    order_time: datetime,
    pay_time: datetime | None,
    order_id: int | None = None,
    pay_way: int = 1,
    customer_id: int | None = None,
    paid_fen: int | None = None,
) -> None:
    """Write an order of the past down, unless it is there: it counts in the boards and moves no stock.

    :param lines: ``{"vendor_goods_id", "aisle_id", "goods_price" (fen), "goods_num"}``.
    """
    fee = sum(line["goods_price"] * line["goods_num"] for line in lines)
    order = {
        "shop_id": _shop_of_vendor.scalar(vendor_id=vendor_id),
        "vendor_id": vendor_id,
        "order_no": order_no,
        "customer_id": customer_id,
        "status": status,
        "pay_way": pay_way,
        "order_fee": fee,
        "paid_price": fee if paid_fen is None else paid_fen,
        "goods_num": sum(line["goods_num"] for line in lines),
        "order_time": order_time,
        "pay_time": pay_time,
        "updated_at": pay_time or order_time,
        **({"id": order_id} if order_id else {}),
    }
    if not db.insert_once(Order, order):
        return
    number = (
        order_id
        or db.Query(
            sa.select(sa.func.max(Order.id)).where(Order.vendor_id == vendor_id, Order.order_no == order_no)
        ).scalar()
    )
    aisles = {row.id: row.name for row in _aisle_names.all(aisles=[line["aisle_id"] for line in lines])}
    goods = {row.id: row.name for row in _goods_names.all(goods=[line["vendor_goods_id"] for line in lines])}
    db.execute(
        sa.insert(OrderLine),
        [
            {
                "order_id": number,
                "line": place,
                "goods_id": line["vendor_goods_id"],
                "goods_name": goods[line["vendor_goods_id"]],
                "goods_price": line["goods_price"],
                "goods_num": line["goods_num"],
                "aisle_id": line["aisle_id"],
                "aisle_name": aisles[line["aisle_id"]],
            }
            for place, line in enumerate(lines, 1)
        ],
    )
    if status == PAID and pay_time:
        boards.add(
            boards.rows_of(
                shop_id=order["shop_id"],
                vendor_id=vendor_id,
                pay_time=pay_time,
                money=order["paid_price"],
                goods=[
                    (line["vendor_goods_id"], line["goods_num"], line["goods_price"] * line["goods_num"])
                    for line in lines
                ],
            )
        )
