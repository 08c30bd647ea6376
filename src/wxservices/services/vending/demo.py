"""Demo data of ``vending`` beside ``demo/vending.yaml``: passwords, a record, returns, faults, and sales of today and
the days before, whatever day it is.  All of it is invented.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ... import clock, db
from ...models.vending import Fault, Record, RecordLine, Return, Staff
from . import history, people

PHONES = ("19960000000", "19960000001")
PASSWORD = "123456"  # noqa: S105
RECORDED = datetime.fromtimestamp(1546487461, UTC)

FAULTS = [
    (62, 107, 1546594167, "stock"),
    (55, 119, 1546594021, "machine"),
    (50, 453, 1546593975, "machine"),
]
RETURNS = [
    (41, 22, 1546587657, "冉总sixsixsix"),
    (57, 13, 1546587642, "冉总sixsixsix"),
    (58, 9, 1546590000, None),
]
SALES = [(9, 56, 107, 300, 2), (13, 61, 107, 300, 1), (14, 70, 64, 450, 1), (13, 71, 64, 300, 3)]
"""Good, lane, machine, price in fen, number: one sale each, a few hours apart, every day of the last ten."""

_without_password = db.Query(sa.select(Staff.phone).where(Staff.phone.in_(PHONES), Staff.password.is_(None)))


def load() -> None:
    """Make what is not there yet."""
    for row in _without_password.all():
        people.set_password(phone=row.phone, password_md5=PASSWORD)
    with db.transaction():
        record = {"id": 594, "shop_id": 888, "vendor_id": 107, "use_name": "冉总666", "record_time": RECORDED}
        if db.insert_once(Record, record):
            db.execute(sa.insert(RecordLine), [_line(56, 9, 2, "1", "百事可乐"), _line(61, 13, 5, "3", "可口可乐")])
        for number, goods_id, at, who in RETURNS:
            db.insert_once(Return, _return(number, goods_id, at, who))
        for number, vendor_id, at, kind in FAULTS:
            db.insert_once(Fault, _fault(number, vendor_id, at, kind))
    _sell()


def _sell() -> None:
    midnight = clock.local_midnight(clock.today())
    now = clock.now()
    for days in range(9, -1, -1):
        for place, (goods_id, aisle_id, vendor_id, price, num) in enumerate(SALES):
            at = midnight + timedelta(hours=8 + 3 * place) - timedelta(days=days)
            if days == 0:  # today so far: at the hours that are past, or else right now
                at = min(at, now)
            with db.transaction():
                history.write(
                    vendor_id=vendor_id,
                    order_no=f"DEMO{clock.today() - timedelta(days=days):%Y%m%d}-{place}",
                    lines=[{"vendor_goods_id": goods_id, "aisle_id": aisle_id, "goods_price": price, "goods_num": num}],
                    status=2,
                    order_time=at - timedelta(seconds=20),
                    pay_time=at,
                    customer_id=969,
                )


def _line(aisle_id: int, goods_id: int, num: int, aisle: str, goods: str) -> dict[str, Any]:
    return {
        "record_id": 594,
        "aisle_id": aisle_id,
        "goods_id": goods_id,
        "goods_num": num,
        "aisle_name": aisle,
        "goods_name": goods,
    }


def _return(number: int, goods_id: int, at: int, who: str | None) -> dict[str, Any]:
    return {
        "id": number,
        "shop_id": 888,
        "goods_id": goods_id,
        "goods_num": 1,
        "status": 2 if who else 1,
        "address": "默认店铺",
        "use_name": who,
        "return_time": datetime.fromtimestamp(at, UTC),
    }


def _fault(number: int, vendor_id: int, at: int, kind: str) -> dict[str, Any]:
    return {
        "id": number,
        "shop_id": 888,
        "vendor_id": vendor_id,
        "kind": kind,
        "open_key": f"{vendor_id}:{kind}:",
        "remark": "断货" if kind == "stock" else "出货口卡住",
        "fault_time": datetime.fromtimestamp(at, UTC),
        "status": 1,
        "is_send": False,
        "reminders": 0,
    }
