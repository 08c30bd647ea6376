"""A machine's lanes: what is in them, and what is put in, taken out or changed (document ``vending``, 2.0, 2.2)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ... import db, retrying
from ...errors import BadParameter, Conflict, NotFound
from ...models.vending import Aisle, Goods
from . import ledger
from .goods import images
from .ids import AISLE, written

_of_vendor = (
    sa.select(
        Aisle.id,
        Aisle.name,
        Aisle.goods_id,
        Aisle.goods_num,
        Aisle.capacity,
        Goods.name.label("goods_name"),
        Goods.spec,
        Goods.images,
        Goods.stock,
    )
    .outerjoin(Goods, Goods.id == Aisle.goods_id)
    .where(Aisle.vendor_id == sa.bindparam("vendor_id"))
    .order_by(sa.func.length(Aisle.name), Aisle.name, Aisle.id)  # 2 before 10
)
_all = db.Query(_of_vendor)
_to_fill = db.Query(_of_vendor.where(Aisle.goods_id.is_not(None), Aisle.goods_num < Aisle.capacity))

_in_shop = db.Query(
    sa.select(Goods.id).where(Goods.id == sa.bindparam("goods_id"), Goods.shop_id == sa.bindparam("shop_id"))
)
_set = (
    sa.update(Aisle)
    .where(Aisle.id == sa.bindparam("aisle"))
    .values(goods_id=sa.bindparam("goods"), goods_num=sa.bindparam("num"))
)


def listed(*, vendor_id: int, normal: int | None = None) -> dict[str, Any]:
    """``get_aisle_list``: ``{"aisle_list": [...]}``, all lanes with *normal*, else those that can be filled."""
    return {
        "aisle_list": [
            {
                "is_set": 0 if row.goods_id is None else 1,
                "aisle_id": written(AISLE, row.id),
                "aisle_name": row.name,
                "goods_name": row.goods_name,
                "goods_spec": row.spec,
                "goods_num": None if row.goods_id is None else row.goods_num,
                "aisle_capacity": row.capacity,
                "goods_img": None if row.goods_id is None else images(row.images),
                "goods_stock": row.stock,
            }
            for row in (_all if normal else _to_fill).all(vendor_id=vendor_id)
        ]
    }


@retrying.on_deadlock
def save(
    *,
    aisle_id: int,
    vendor_goods_id: int | None = None,
    is_sale: int | None = None,
    goods_num: int | None = None,
    who: str = "",
    staff_id: int | None = None,
) -> None:
    """``save_aisle``: take the good off (*is_sale*), set or replace it (*vendor_goods_id*), or leave *goods_num* of it.
    What leaves the lane goes to the store.

    :raises BadParameter: nothing is asked for.
    :raises Conflict: there is no good in the lane, or fewer than *goods_num*.
    """
    if (vendor_goods_id, is_sale, goods_num) == (None, None, None):
        raise BadParameter("vendor_goods_id", "与is_sale、goods_num须有其一")
    with db.transaction():
        lane = _locked(aisle_id)
        if is_sale is not None:
            kind, goods_id, staying = ledger.TAKE_OFF, None, 0
        elif vendor_goods_id is not None and vendor_goods_id != lane.goods_id:
            kind, goods_id, staying = ledger.REPLACE, vendor_goods_id, 0
        else:
            kind, goods_id, staying = ledger.REDUCE, lane.goods_id, lane.goods_num
        if lane.goods_id is None and kind != ledger.REPLACE:
            raise Conflict("货道未配置商品")
        left = staying if goods_num is None or kind == ledger.TAKE_OFF else goods_num
        if left > staying:
            raise Conflict("goods_num 只能减少，补货请用补货完成")
        _put(lane, goods_id, left)
        entry = ledger.Entry(lane.shop_id, kind, who, staff_id=staff_id)
        entry.move(lane.goods_id, lane.id, left - lane.goods_num)
        entry.move(lane.goods_id, None, lane.goods_num - left)
        if entry.moves:
            ledger.change_store([(lane.goods_id, lane.goods_num - left)])
            entry.write()


@retrying.on_deadlock
def count(*, aisle_id: int, goods_num: int, why: str, who: str) -> int:
    """Write down that *goods_num* were counted in a lane, *why* they may differ from the books, and answer by how many
    they did.

    :raises NotFound: no such lane.
    :raises Conflict: there is no good in it, or *goods_num* is more than it holds.
    """
    with db.transaction():
        lane = _locked(aisle_id)
        if lane.goods_id is None:
            raise Conflict("货道未配置商品")
        if not 0 <= goods_num <= lane.capacity:
            raise Conflict(f"货道容量为{lane.capacity}")
        _put(lane, lane.goods_id, goods_num)
        entry = ledger.Entry(lane.shop_id, ledger.COUNT, who, why)
        entry.move(lane.goods_id, lane.id, goods_num - lane.goods_num)
        entry.write()
        return int(goods_num - lane.goods_num)


def _locked(aisle_id: int) -> Any:
    lane = ledger.locked_lane(aisle_id)
    if lane is None:
        raise NotFound("aisle_id 不存在")
    return lane


def _put(lane: Any, goods_id: int | None, goods_num: int) -> None:
    if goods_id not in (None, lane.goods_id) and not _in_shop.first(goods_id=goods_id, shop_id=lane.shop_id):
        raise NotFound("vendor_goods_id 不存在")
    db.changed(_set, {"aisle": lane.id, "goods": goods_id, "num": goods_num})
