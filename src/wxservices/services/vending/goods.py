"""A shop's goods and its store (document ``vending``, 2.1, 2.4, 5.2.1)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ... import db, retrying
from ...errors import Conflict, NotFound
from ...models.vending import Category, Goods, Vendor
from . import ledger
from .ids import CATEGORY, GOODS, written

MOST = 1000
"""Goods that one list shows at most; the search finds the others."""

_of_vendor = db.Query(
    sa.select(Goods.id, Goods.name, Goods.spec, Goods.images)
    .join(Vendor, Vendor.shop_id == Goods.shop_id)
    .where(
        Vendor.id == sa.bindparam("vendor_id"),
        sa.or_(
            sa.func.lower(Goods.name).like(sa.bindparam("pattern"), escape="/"),
            Goods.bar_code.like(sa.bindparam("pattern"), escape="/"),
            Goods.id == sa.bindparam("number"),
        ),
    )
    .order_by(Goods.id)
    .limit(MOST)
)
_first_level = db.Query(
    sa.select(Category.id, Category.name)
    .where(Category.shop_id == sa.bindparam("shop_id"), Category.parent_id.is_(None))
    .order_by(Category.id)
)
_of_shop = db.Query(
    sa.select(
        sa.func.coalesce(Category.parent_id, Category.id).label("top_id"),
        Goods.id,
        Goods.name,
        Goods.spec,
        Goods.stock,
    )
    .join(Category, Category.id == Goods.category_id)
    .where(Goods.shop_id == sa.bindparam("shop_id"))
    .order_by(Goods.id)
)
_by_code = db.Query(
    sa.select(Goods.id, Goods.name, Goods.spec, Goods.bar_code, Goods.images, Goods.category_id, Category.parent_id)
    .join(Category, Category.id == Goods.category_id)
    .where(Goods.shop_id == sa.bindparam("shop_id"), Goods.bar_code == sa.bindparam("bar_code"))
)
_store = db.Query(sa.select(Goods.shop_id, Goods.stock).where(Goods.id == sa.bindparam("goods_id")))
_touch = sa.update(Goods).where(Goods.id == sa.bindparam("goods")).values(stock=Goods.stock + sa.bindparam("num"))
_set_price = sa.update(Goods).where(Goods.id == sa.bindparam("goods")).values(price=sa.bindparam("fen"))


def listed(*, vendor_id: int, search: str | None = None) -> dict[str, Any]:
    """``get_aisle_goods``: ``{"goods_list": [...]}``.

    :param search: in the name or the bar code, or the id.
    """
    number = (search or "").removeprefix(GOODS)
    found = _of_vendor.all(
        vendor_id=vendor_id,
        pattern=pattern(search),
        number=int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0,
    )
    return {
        "goods_list": [
            {
                "vendor_goods_id": written(GOODS, row.id),
                "vendor_goods_name": row.name,
                "goods_spec": row.spec,
                "goods_img_list": images(row.images),
            }
            for row in found
        ]
    }


def by_category(*, shop_id: int) -> dict[str, Any]:
    """``get_oa_goods``: ``{"list": [...]}``, the categories of the first level, each with its goods and their store."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in _of_shop.all(shop_id=shop_id):
        found.setdefault(row.top_id, []).append(
            {
                "vendor_goods_id": written(GOODS, row.id),
                "vendor_goods_name": row.name,
                "goods_spec": row.spec,
                "goods_stock": row.stock,
            }
        )
    return {
        "list": [
            {
                "category_id": written(CATEGORY, row.id),
                "category_name": row.name,
                "all_num": sum(each["goods_stock"] for each in found.get(row.id, ())),
                "goods_list": found.get(row.id, []),
            }
            for row in _first_level.all(shop_id=shop_id)
        ]
    }


def by_code(*, shop_id: int, goods_bar_code: str) -> dict[str, Any]:
    """``get_goods_bycode``: the good with that bar code.

    :raises NotFound: the shop has none.
    """
    row = _by_code.first(shop_id=shop_id, bar_code=goods_bar_code)
    if row is None:
        raise NotFound("goods_bar_code 没有该条形码的商品")
    return {
        "vendor_goods_id": written(GOODS, row.id),
        "vendor_goods_name": row.name,
        "goods_spec": row.spec,
        "goods_bar_code": row.bar_code,
        "goods_img_list": images(row.images),
        "category_id": category_path(row.parent_id, row.category_id),
    }


def set_price(*, goods_id: int, price_fen: int) -> None:
    """Sell a good at *price_fen* from now on.

    :raises NotFound: no such good.
    """
    with db.transaction():
        if not db.changed(_set_price, {"goods": goods_id, "fen": price_fen}):
            raise NotFound("vendor_goods_id 不存在")


@retrying.on_deadlock
def receive(*, goods_id: int, num: int, why: str, who: str) -> None:
    """Take *num* of a good into the store: a delivery, *why* its number, say.

    :raises NotFound: no such good.
    """
    with db.transaction():
        row = _locked(goods_id, num)
        entry = ledger.Entry(row.shop_id, ledger.RECEIVE, who, why)
        entry.move(goods_id, None, num)
        entry.write()


@retrying.on_deadlock
def count(*, goods_id: int, num: int, why: str, who: str) -> int:
    """Write down that *num* of a good were counted in the store, and answer by how many the books differed.

    :raises NotFound: no such good.
    :raises Conflict: *num* is below 0.
    """
    if num < 0:
        raise Conflict("数量不能为负")
    with db.transaction():
        # Up by one and down again: the row is ours and, changed by us, is read as it is now.
        row = _locked(goods_id, 1)
        before = row.stock - 1
        db.changed(_touch, {"goods": goods_id, "num": num - row.stock})
        entry = ledger.Entry(row.shop_id, ledger.COUNT, who, why)
        entry.move(goods_id, None, num - before)
        entry.write()
        return int(num - before)


def _locked(goods_id: int, num: int) -> Any:
    db.changed(_touch, {"goods": goods_id, "num": num})
    row = _store.first(goods_id=goods_id)
    if row is None:
        raise NotFound("vendor_goods_id 不存在")
    return row


def images(lines: str | None) -> list[str]:
    """The names of a good's pictures."""
    return (lines or "").splitlines()


def category_path(parent_id: int | None, category_id: int) -> list[str | None]:
    """A category as the document writes it: the one of the first level, then its own."""
    return [written(CATEGORY, number) for number in (parent_id, category_id) if number is not None]


def pattern(search: str | None) -> str:
    """For ``lower(column) LIKE``: *search* anywhere in it; without *search*, everything."""
    text = (search or "").lower()
    for special in "/%_":
        text = text.replace(special, f"/{special}")
    return f"%{text}%"
