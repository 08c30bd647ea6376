"""Demo data of ``traffic`` beside ``demo/traffic.yaml``: three bookings today, whatever day it is.

People and numbers are invented.
"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from ... import clock, db
from ...models.traffic import Booking

PHONE = "13800138000"
PEOPLE = [
    ("张三", "11010119900307002X", "0"),
    ("李四", "110101199003070038", "1"),
    ("王五", "110101199003070046", "2"),
]
BUSINESS = ("111", "机动车年检")

_there = db.Query(sa.select(Booking.id).where(Booking.ordernum == sa.bindparam("ordernum")))


def load() -> None:
    """Make today's bookings unless they are there.

    They belong to no slot, so that they hold no place; their numbers end in letters, so that none is taken.
    """
    today = clock.today()
    with db.transaction():
        for position, (username, userid, status) in enumerate(PEOPLE):
            ordernum = f"{today:%Y%m%d}0DEMO{position + 1}"
            if not _there.first(ordernum=ordernum):
                db.insert(Booking, _row(today, ordernum, username, userid, status))


def _row(today: date, ordernum: str, username: str, userid: str, status: str) -> dict[str, object]:
    now = clock.now()
    return {
        "ordernum": ordernum,
        "openid": "demo",
        "busitype": "0",
        "busiid": BUSINESS[0],
        "businame": BUSINESS[1],
        "carnumber": None,
        "username": username,
        "userid": userid,
        "phone": PHONE,
        "day": today,
        "slot_id": 0,
        "starttime": "0900",
        "endtime": "1000",
        "status": status,
        "live_key": None if status == "1" else f"{today:%Y%m%d}0{userid}",
        "created_at": now,
        "taken_at": now if status == "2" else None,
        "cancelled_at": now if status == "1" else None,
    }
