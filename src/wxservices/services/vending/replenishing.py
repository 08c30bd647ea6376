"""Filling a machine up, and what was filled (document ``vending``, 2.3 and 3.0)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from ... import clock, db, nonces, retrying, signals
from ...errors import Conflict, NotFound
from ...models.vending import Aisle, Goods, Record, RecordLine
from . import ledger
from .ids import AISLE, GOODS, RECORD, VENDOR, written
from .paging import window

REPEATED = timedelta(minutes=1)
"""The same content from the same person within this time is the same replenishing."""

_lanes = db.Query(
    sa.select(Aisle.id, Aisle.vendor_id, Aisle.shop_id, Aisle.name).where(
        Aisle.id.in_(sa.bindparam("aisles", expanding=True))
    )
)
_names = db.Query(sa.select(Goods.id, Goods.name).where(Goods.id.in_(sa.bindparam("goods", expanding=True))))
_fill = (
    sa.update(Aisle)
    .where(
        Aisle.id == sa.bindparam("aisle"),
        Aisle.goods_id == sa.bindparam("goods"),
        Aisle.goods_num + sa.bindparam("num") <= Aisle.capacity,
    )
    .values(goods_num=Aisle.goods_num + sa.bindparam("num"), updated_at=sa.bindparam("now"))
)
_records = db.Query(
    sa.select(Record.id, Record.vendor_id, Record.use_name, Record.record_time)
    .where(Record.shop_id == sa.bindparam("shop_id"))
    .order_by(Record.id.desc())
    .limit(sa.bindparam("rows"))
    .offset(sa.bindparam("skipped"))
)
_lines = db.Query(
    sa.select(*RecordLine.__table__.c)
    .where(RecordLine.record_id.in_(sa.bindparam("records", expanding=True)))
    .order_by(RecordLine.record_id, RecordLine.aisle_id)
)


@retrying.on_deadlock
def replenish(
    *,
    vendor_id: int,
    lines: list[dict[str, int]],
    who: str,
    staff_id: int | None = None,
    use_name: str | None = None,
) -> None:
    """``aisle_record``: move goods from the store into lanes and write a record of it; all of it or nothing.

    :param lines: ``{"aisle_id", "vendor_goods_id", "goods_num"}``; those of one lane are added up.
    :param use_name: the name on the record (default: *who*).
    :raises NotFound: a lane is not in that machine.
    :raises Conflict: another good in a lane, no room in it, or not enough in the store.
    """
    use_name = use_name or who
    wanted = _added_up(lines)
    lanes = {row.id: row for row in _lanes.all(aisles=list(wanted))}
    for aisle_id in wanted:
        if aisle_id not in lanes or lanes[aisle_id].vendor_id != vendor_id:
            raise NotFound(f"aisle_id {written(AISLE, aisle_id)}不属于该设备")
    names = {row.id: row.name for row in _names.all(goods=[goods_id for goods_id, _ in wanted.values()])}
    shop_id = next(iter(lanes.values())).shop_id
    content = json.dumps([vendor_id, use_name, sorted(wanted.items())])
    with db.transaction():
        if not nonces.use(f"vending-record-{staff_id}", hashlib.sha256(content.encode()).hexdigest(), REPEATED):
            return
        from_store: Counter[int] = Counter()
        for aisle_id, (goods_id, num) in sorted(wanted.items()):
            _fill_lane(lanes[aisle_id], goods_id, num)
            from_store[goods_id] -= num
        ledger.change_store(from_store.items())
        record_id = db.insert(
            Record,
            {
                "shop_id": shop_id,
                "vendor_id": vendor_id,
                "staff_id": staff_id,
                "use_name": use_name,
                "record_time": clock.now(),
            },
        )
        entry = ledger.Entry(shop_id, ledger.REPLENISH, who, f"{RECORD}{record_id}", staff_id)
        rows = []
        for aisle_id, (goods_id, num) in wanted.items():
            entry.move(goods_id, None, -num)
            entry.move(goods_id, aisle_id, num)
            rows.append(
                {
                    "record_id": record_id,
                    "aisle_id": aisle_id,
                    "goods_id": goods_id,
                    "goods_num": num,
                    "aisle_name": lanes[aisle_id].name,
                    "goods_name": names[goods_id],
                }
            )
        db.execute(sa.insert(RecordLine), rows)
        entry.write()
        signals.send_after_commit(
            signals.vending_replenished, record_id=record_id, vendor_id=vendor_id, shop_id=shop_id
        )


def listed(*, shop_id: int, page_no: int | None = None, page_size: int | None = None) -> dict[str, Any]:
    """``get_record_list``: ``{"list": [...]}``, newest first."""
    records = _records.all(shop_id=shop_id, **window(page_no, page_size))
    lines: dict[int, list[dict[str, Any]]] = {}
    for line in _lines.all(records=[row.id for row in records]) if records else ():
        lines.setdefault(line.record_id, []).append(
            {
                "aisle_id": written(AISLE, line.aisle_id),
                "vendor_goods_id": written(GOODS, line.goods_id),
                "goods_num": line.goods_num,
                "aisle_name": line.aisle_name,
                "goods_name": line.goods_name,
            }
        )
    return {
        "list": [
            {
                "record_id": written(RECORD, row.id),
                "aisle_list": lines.get(row.id, []),
                "vendor_id": written(VENDOR, row.vendor_id),
                "record_time": int(row.record_time.timestamp()),
                "use_name": row.use_name,
                "lastmodtime": int(row.record_time.timestamp()),
                "delete": None,
            }
            for row in records
        ]
    }


def _added_up(lines: list[dict[str, int]]) -> dict[int, tuple[int, int]]:
    """What goes into each lane: the good and how many."""
    wanted: dict[int, tuple[int, int]] = {}
    for line in lines:
        goods_id, num = wanted.get(line["aisle_id"], (line["vendor_goods_id"], 0))
        if goods_id != line["vendor_goods_id"]:
            raise Conflict("同一货道只能放一种商品")
        wanted[line["aisle_id"]] = goods_id, num + line["goods_num"]
    return wanted


def _fill_lane(lane: Any, goods_id: int, num: int) -> None:
    """The conditional UPDATE is the guard: never another good, never above what the lane holds."""
    if not db.changed(_fill, {"aisle": lane.id, "goods": goods_id, "num": num, "now": clock.now()}):
        raise Conflict(f"货道{lane.name}的商品已更换或容量不足")
