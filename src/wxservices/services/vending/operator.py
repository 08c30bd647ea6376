"""What the operator of ``vending`` loads, and gets back (its form is in ``operator_form``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from ... import clock, db
from ...errors import Conflict
from ...models.vending import Aisle, Category, Goods, Member, Shop, Staff, Vendor
from . import ledger
from .goods import images
from .history import write
from .ids import AISLE, CATEGORY, GOODS, SHOP, VENDOR, written

BATCH = 200
"""Rows that are written at once."""


def apply(data: dict[str, Any]) -> Iterator[int]:
    """Create or update what *data* names, in the caller's transaction.  Yields how many things each step did."""
    for section, put in (
        ("shops", _shops),
        ("staff", _staff),
        ("categories", _categories),
        ("goods", _goods),
        ("vendors", _vendors),
        ("orders", _orders),
    ):
        rows = data.get(section, [])
        for start in range(0, len(rows), BATCH):
            yield put(rows[start : start + BATCH])


def dump() -> dict[str, Any]:
    """Everything that :func:`apply` takes, in its form, but for orders, which are the machines' data."""
    return {
        "shops": [
            {"shop_id": written(SHOP, row.id), "shop_name": row.name, **_given(shop_logo=row.logo)}
            for row in _all(Shop)
        ],
        "staff": [
            {"phone": row.phone, "name": row.name, "shops": [written(SHOP, shop) for shop in _shops_of(row.id)]}
            for row in _all(Staff)
        ],
        "categories": [
            {
                "category_id": written(CATEGORY, row.id),
                "shop_id": written(SHOP, row.shop_id),
                "category_name": row.name,
                **_given(parent_id=written(CATEGORY, row.parent_id)),
            }
            for row in _all(Category)
        ],
        "goods": [
            {
                "vendor_goods_id": written(GOODS, row.id),
                "shop_id": written(SHOP, row.shop_id),
                "category_id": written(CATEGORY, row.category_id),
                "goods_name": row.name,
                **_given(goods_spec=row.spec, goods_bar_code=row.bar_code, goods_img_list=images(row.images)),
                "goods_price": str(db.yuan(row.price)),
                "goods_stock": row.stock,
            }
            for row in _all(Goods)
        ],
        "vendors": [
            {
                "vendor_id": written(VENDOR, row.id),
                "shop_id": written(SHOP, row.shop_id),
                "vendor_num": row.num,
                "vendor_name": row.name,
                **_given(address=row.address, vendor_person=row.person, person_phone=row.person_phone),
                "aisles": [_aisle(lane) for lane in _lanes_of.all(vendor_id=row.id)],
            }
            for row in _all(Vendor)
        ],
    }


_lanes_of = db.Query(
    sa.select(*Aisle.__table__.c).where(Aisle.vendor_id == sa.bindparam("vendor_id")).order_by(Aisle.id)
)
_members = db.Query(
    sa.select(Member.shop_id).where(Member.staff_id == sa.bindparam("staff_id")).order_by(Member.shop_id)
)
_staff_ids = db.Query(sa.select(Staff.id, Staff.phone).where(Staff.phone.in_(sa.bindparam("phones", expanding=True))))
_narrow = (
    sa.update(Aisle)
    .where(Aisle.id == sa.bindparam("aisle"), Aisle.goods_num <= sa.bindparam("most"))
    .values(name=sa.bindparam("new_name"), capacity=sa.bindparam("most"))
)


def _all(model: Any) -> Any:
    return db.Query(sa.select(*model.__table__.c).order_by(model.id)).all()


def _shops_of(staff_id: int) -> list[int]:
    return [row.shop_id for row in _members.all(staff_id=staff_id)]


def _given(**values: Any) -> dict[str, Any]:
    """Those of *values* that say something."""
    return {name: value for name, value in values.items() if value}


def _aisle(lane: Any) -> dict[str, Any]:
    return {
        "aisle_id": written(AISLE, lane.id),
        "aisle_name": lane.name,
        "aisle_capacity": lane.capacity,
        **_given(vendor_goods_id=written(GOODS, lane.goods_id), goods_num=lane.goods_num),
    }


def _shops(rows: list[dict[str, Any]]) -> int:
    shops = [{"id": row["shop_id"], "name": row["shop_name"], "logo": row["shop_logo"]} for row in rows]
    db.upsert(Shop, ["id"], shops)
    return len(rows)


def _staff(rows: list[dict[str, Any]]) -> int:
    db.upsert(Staff, ["phone"], [{"phone": row["phone"], "name": row["name"]} for row in rows])
    ids = {row.phone: row.id for row in _staff_ids.all(phones=[row["phone"] for row in rows])}
    db.changed(sa.delete(Member).where(Member.staff_id.in_(ids.values())))
    members = [{"staff_id": ids[row["phone"]], "shop_id": shop} for row in rows for shop in set(row["shops"])]
    if members:
        db.execute(sa.insert(Member), members)
    return len(rows)


def _categories(rows: list[dict[str, Any]]) -> int:
    db.upsert(
        Category,
        ["id"],
        [
            {
                "id": row["category_id"],
                "shop_id": row["shop_id"],
                "name": row["category_name"],
                "parent_id": row["parent_id"],
            }
            for row in rows
        ],
    )
    return len(rows)


def _goods(rows: list[dict[str, Any]]) -> int:
    goods = [
        {
            "id": row["vendor_goods_id"],
            "shop_id": row["shop_id"],
            "category_id": row["category_id"],
            "name": row["goods_name"],
            "spec": row["goods_spec"],
            "bar_code": row["goods_bar_code"],
            "images": "\n".join(row["goods_img_list"]),
            "price": row["goods_price"],
            "stock": row["goods_stock"],
        }
        for row in rows
    ]
    for good in _new(Goods, goods, keep=("stock",)):
        _open(good["shop_id"], good["id"], None, good["stock"])
    return len(rows)


def _vendors(rows: list[dict[str, Any]]) -> int:
    now = clock.now()
    _new(
        Vendor,
        [
            {
                "id": row["vendor_id"],
                "shop_id": row["shop_id"],
                "num": row["vendor_num"],
                "name": row["vendor_name"],
                "address": row["address"],
                "person": row["vendor_person"],
                "person_phone": row["person_phone"],
            }
            for row in rows
        ],
    )
    aisles = [
        {
            "id": aisle["aisle_id"],
            "shop_id": row["shop_id"],
            "vendor_id": row["vendor_id"],
            "name": aisle["aisle_name"],
            "capacity": aisle["aisle_capacity"],
            "goods_id": aisle["vendor_goods_id"],
            "goods_num": aisle["goods_num"],
            "updated_at": now,
        }
        for row in rows
        for aisle in row["aisles"]
    ]
    new = _new(Aisle, aisles, keep=None)
    for aisle in new:
        if aisle["goods_id"] is not None:
            _open(aisle["shop_id"], aisle["goods_id"], aisle["id"], aisle["goods_num"])
    made = {aisle["id"] for aisle in new}
    for aisle in aisles:
        changes = {"aisle": aisle["id"], "new_name": aisle["name"], "most": aisle["capacity"]}
        if aisle["id"] not in made and not db.changed(_narrow, changes):
            raise Conflict(f"{AISLE}{aisle['id']} 的库存超过新的货道容量{aisle['capacity']}")
    return len(rows) + len(aisles)


def _orders(rows: list[dict[str, Any]]) -> int:
    for row in rows:
        write(
            order_id=row["vendor_order_id"],
            vendor_id=row["vendor_id"],
            order_no=row["order_no"] or f"VO{row['vendor_order_id']}",
            lines=row["goods_list"],
            status=row["order_status"],
            order_time=row["order_time"],
            pay_time=row["pay_time"],
            pay_way=row["pay_way"],
            customer_id=row["customer_id"],
            paid_fen=row["paid_price"],
        )
    return len(rows) + sum(len(row["goods_list"]) for row in rows)


def _new(model: Any, rows: list[dict[str, Any]], *, keep: tuple[str, ...] | None = ()) -> list[dict[str, Any]]:
    """Insert those of *rows* whose id is not there, update the others but for the columns *keep* (None: leave them
    alone), and answer the inserted ones."""
    there = {row.id for row in db.Query(sa.select(model.id).where(model.id.in_([row["id"] for row in rows]))).all()}
    new = [row for row in rows if row["id"] not in there]
    if new:
        db.execute(sa.insert(model), new)
    for row in rows if keep is not None else ():
        if row["id"] in there:
            rest = {name: value for name, value in row.items() if name not in ("id", *(keep or ()))}
            db.changed(sa.update(model).where(model.id == row["id"]).values(rest))
    return new


def _open(shop_id: int, goods_id: int, aisle_id: int | None, num: int) -> None:
    entry = ledger.Entry(shop_id, ledger.OPENING, "", "load")
    entry.move(goods_id, aisle_id, num)
    entry.write()
