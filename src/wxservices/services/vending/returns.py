"""Goods on their way back to the store (document ``vending``, 5)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ... import clock, db, retrying, signals
from ...errors import Conflict, NotFound
from ...models.vending import Category, Goods, Return, Shop
from . import ledger
from .goods import category_path
from .ids import GOODS, RETURN, SHOP, written
from .paging import window

_goods = db.Query(
    sa.select(Goods.shop_id, Shop.name.label("shop_name"))
    .join(Shop, Shop.id == Goods.shop_id)
    .where(Goods.id == sa.bindparam("goods_id"))
)
_complete = (
    sa.update(Return)
    .where(Return.id == sa.bindparam("return_number"), Return.status == 1)
    .values(status=2, use_name=sa.bindparam("name"), return_time=sa.bindparam("now"))
)
_one = db.Query(
    sa.select(Return.shop_id, Return.goods_id, Return.goods_num).where(Return.id == sa.bindparam("return_id"))
)
_listed = db.Query(
    sa.select(
        *Return.__table__.c,
        Goods.category_id,
        Category.parent_id,
        Goods.name,
        Goods.bar_code,
    )
    .join(Goods, Goods.id == Return.goods_id)
    .join(Category, Category.id == Goods.category_id)
    .where(
        Return.shop_id == sa.bindparam("shop_id"),
        Return.status.in_(sa.bindparam("statuses", expanding=True)),
        sa.or_(
            sa.bindparam("category_id").is_(None),
            Category.id == sa.bindparam("category_id"),
            Category.parent_id == sa.bindparam("category_id"),
        ),
    )
    .order_by(Return.id.desc())
    .limit(sa.bindparam("rows"))
    .offset(sa.bindparam("skipped"))
)


def take_in(*, shop_id: int, vendor_goods_id: int) -> None:
    """``photo_return_save``: note that one of a good is to come back.

    :raises NotFound: the shop has no such good.
    """
    row = _goods.first(goods_id=vendor_goods_id)
    if row is None or row.shop_id != shop_id:
        raise NotFound("vendor_goods_id 不存在")
    with db.transaction():
        db.insert(
            Return,
            {
                "shop_id": shop_id,
                "goods_id": vendor_goods_id,
                "goods_num": 1,
                "status": 1,
                "address": row.shop_name,
                "use_name": None,
                "return_time": clock.now(),
            },
        )


@retrying.on_deadlock
def complete(*, return_id: int, who: str, staff_id: int | None = None, use_name: str | None = None) -> None:
    """``return_save``: the good is back, and in the store.

    :raises NotFound: no such return.
    :raises Conflict: it was completed before.
    """
    row = _one.first(return_id=return_id)
    if row is None:
        raise NotFound("return_id 不存在")
    with db.transaction():
        # The store before the return, as the ledger has it; a second one waits there and finds it done.
        ledger.change_store([(row.goods_id, row.goods_num)])
        if not db.changed(_complete, {"return_number": return_id, "name": use_name or who, "now": clock.now()}):
            raise Conflict("该退货已完成")
        entry = ledger.Entry(row.shop_id, ledger.RETURN, who, f"{RETURN}{return_id}", staff_id)
        entry.move(row.goods_id, None, row.goods_num)
        entry.write()
        signals.send_after_commit(signals.vending_returned, return_id=return_id, shop_id=row.shop_id)


def listed(
    *,
    shop_id: int,
    return_status: int | None = None,
    category_id: int | None = None,
    page_no: int | None = None,
    page_size: int | None = None,
) -> dict[str, Any]:
    """``get_return_list``: ``{"list": [...]}``, newest first; *category_id* is one of either level."""
    found = _listed.all(
        shop_id=shop_id,
        statuses=[return_status] if return_status else [1, 2],
        category_id=category_id,
        **window(page_no, page_size),
    )
    return {
        "list": [
            {
                "return_id": written(RETURN, row.id),
                "shop_id": written(SHOP, row.shop_id),
                "vendor_goods_id": written(GOODS, row.goods_id),
                "category_id": category_path(row.parent_id, row.category_id),
                "goods_num": row.goods_num,
                "return_time": int(row.return_time.timestamp()),
                "return_address": row.address,
                "return_status": row.status,
                "use_name": row.use_name,
                "lastmodtime": int(row.return_time.timestamp()),
                "delete": 0,
                "goods_name": row.name,
                "goods_bar_code": row.bar_code,
            }
            for row in found
        ]
    }
