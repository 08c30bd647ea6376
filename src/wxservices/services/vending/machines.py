"""Machines and the state they are in (document ``vending``, 1.0, 4.4, 7.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from ... import db
from ...errors import NotFound
from ...models.vending import Aisle, Fault, Goods, Vendor
from .goods import pattern
from .ids import VENDOR, written
from .paging import page

NORMAL, FAULTY, SHORT, OUT = 1, 2, 3, 4
"""``vendor_status``: 正常, 故障, 缺货 (an empty lane, more in the store), 断货 (an empty lane, none in the store)."""

_empty = (
    sa.select(
        Aisle.vendor_id,
        sa.func.sum(sa.case((Goods.stock > 0, 1), else_=0)).label("short"),
        sa.func.sum(sa.case((Goods.stock > 0, 0), else_=1)).label("out"),
    )
    .join(Goods, Goods.id == Aisle.goods_id)
    .where(Aisle.shop_id.in_(sa.bindparam("shops", expanding=True)), Aisle.goods_num == 0)
    .group_by(Aisle.vendor_id)
    .subquery()
)
_short = sa.func.coalesce(_empty.c.short, 0)
_out = sa.func.coalesce(_empty.c.out, 0)
_faulty = sa.exists(sa.select(1).where(Fault.vendor_id == Vendor.id, Fault.status.in_([1, 2]), Fault.kind != "stock"))
_status = sa.case((_faulty, FAULTY), (_out > 0, OUT), (_short > 0, SHORT), else_=NORMAL)
_of_shops = (
    sa.select(Vendor.id, Vendor.name, Vendor.num, Vendor.address)
    .add_columns(_short.label("short"), _out.label("out"), _status.label("status"))
    .outerjoin(_empty, _empty.c.vendor_id == Vendor.id)
    .where(Vendor.shop_id.in_(sa.bindparam("shops", expanding=True)))
)
_wanted = _of_shops.where(
    sa.or_(
        sa.func.lower(Vendor.name).like(sa.bindparam("pattern"), escape="/"),
        sa.func.lower(Vendor.num).like(sa.bindparam("pattern"), escape="/"),
    ),
    _status.in_(sa.bindparam("statuses", expanding=True)),
)
_count = db.Query(sa.select(sa.func.count()).select_from(_wanted.subquery()))
_pages = {
    sort: db.Query(
        _wanted.order_by(*first, Vendor.id.desc()).limit(sa.bindparam("rows")).offset(sa.bindparam("skipped"))
    )
    for sort, first in {1: (), 2: (_short.desc(),), 3: (_out.desc(),)}.items()
}
_states = db.Query(_of_shops)
_of_vendors = db.Query(_of_shops.where(Vendor.id.in_(sa.bindparam("vendors", expanding=True))))
_empty_lanes = db.Query(
    sa.select(Aisle.vendor_id, Aisle.name, Aisle.goods_num)
    .where(
        Aisle.vendor_id.in_(sa.bindparam("vendors", expanding=True)),
        Aisle.goods_num == 0,
        Aisle.goods_id.is_not(None),
    )
    .order_by(Aisle.vendor_id, sa.func.length(Aisle.name), Aisle.name)
)
_to_fill = db.Query(
    sa.select(sa.func.count(sa.distinct(Aisle.vendor_id))).where(
        Aisle.shop_id == sa.bindparam("shop_id"), Aisle.goods_id.is_not(None), Aisle.goods_num < Aisle.capacity
    )
)
_people = db.Query(
    sa.select(Vendor.person, Vendor.person_phone)
    .where(Vendor.shop_id == sa.bindparam("shop_id"), Vendor.person_phone.is_not(None), Vendor.person.is_not(None))
    .order_by(Vendor.id.desc())
)
_set_person = (
    sa.update(Vendor)
    .where(Vendor.id == sa.bindparam("vendor"))
    .values(person=sa.bindparam("new_name"), person_phone=sa.bindparam("new_phone"))
)


def listed(
    *,
    shops: Iterable[int],
    vendor_name: str | None = None,
    sort: int = 1,
    vendor_status_list: list[int] | None = None,
    page_size: int = 10,
    page_no: int = 1,
) -> dict[str, Any]:
    """``get_vendor_list``: a page of the machines of *shops*.

    :param sort: 1 newest first (by distance is the client's work), 2 by 缺货, 3 by 断货, most first.
    :param vendor_name: in the name or in the number.
    """
    filters = {
        "shops": list(shops),
        "pattern": pattern(vendor_name),
        "statuses": vendor_status_list or [NORMAL, FAULTY, SHORT, OUT],
    }
    rows = _pages[sort].all(**filters, **page(page_no, page_size))
    empty: dict[int, list[dict[str, Any]]] = {}
    for lane in _empty_lanes.all(vendors=[row.id for row in rows]) if rows else ():
        empty.setdefault(lane.vendor_id, []).append({"aisle_name": lane.name, "goods_num": lane.goods_num})
    return {
        "vendor_list": [
            {
                "vendor_id": written(VENDOR, row.id),
                "vendor_name": row.name,
                "address": row.address,
                "vendor_status": row.status,
                "stock_num": int(row.short),
                "out_num": int(row.out),
                "stockout_list": empty.get(row.id, []),
            }
            for row in rows
        ],
        "total": _count.scalar(**filters),
        "page_size": page_size,
        "page_no": page_no,
    }


def states(*, shop_id: int, vendors: Iterable[int] | None = None) -> dict[int, int]:
    """The state of each machine of a shop (of those of *vendors*), by its number."""
    shops = [shop_id]
    rows = _states.all(shops=shops) if vendors is None else _of_vendors.all(shops=shops, vendors=list(vendors))
    return {row.id: row.status for row in rows}


def to_replenish(*, shop_id: int) -> int:
    """How many machines of a shop have a lane that can be filled."""
    return int(_to_fill.scalar(shop_id=shop_id))


def people(*, shop_id: int) -> dict[str, Any]:
    """``get_vendor_person``: ``{"person_list": [...]}``, who looks after the machines, each phone once."""
    by_phone: dict[str, str] = {}
    for row in _people.all(shop_id=shop_id):
        by_phone.setdefault(row.person_phone, row.person)
    return {"person_list": [{"vendor_person": name, "person_phone": phone} for phone, name in by_phone.items()]}


def set_person(*, vendor_id: int, name: str, phone: str) -> None:
    """Let *name* look after a machine.

    :param phone: digits.
    :raises NotFound: no such machine.
    """
    with db.transaction():
        if not db.changed(_set_person, {"vendor": vendor_id, "new_name": name, "new_phone": phone}):
            raise NotFound("vendor_id 不存在")
