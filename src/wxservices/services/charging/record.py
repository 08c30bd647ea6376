"""What a rider's orders were (document ``charging``, 13), in exactly the document's formats."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ... import clock, db
from ...models.charging import Order, User

UNKNOWN = "-"

_total = db.Query(sa.select(User.orders).where(User.id == sa.bindparam("user_id")))
_page = db.Query(
    sa.select(
        Order.order_no,
        Order.device_no,
        Order.card_no,
        Order.plug_no,
        Order.tag,
        Order.amount,
        Order.cmd_status,
        Order.started_at,
        Order.ended_at,
    )
    .where(
        Order.user_id == sa.bindparam("user_id"),
        Order.user_seq.between(sa.bindparam("first"), sa.bindparam("last")),
    )
    .order_by(Order.user_seq.desc())
)


def page(*, user_id: int, pageNum: int, pageSize: int) -> dict[str, Any]:
    """``getOrderRecord``: ``{"list", "total"}``, the newest first.  A page after the last one is empty.

    It is a range of a key, and costs the same however many orders there are.
    """
    total = int(_total.scalar(user_id=user_id) or 0)
    last = total - (pageNum - 1) * pageSize
    rows = _page.all(user_id=user_id, first=last - pageSize + 1, last=last) if last > 0 else []
    return {"list": [_shown(row) for row in rows], "total": total}


def _shown(row: Any) -> dict[str, Any]:
    return {
        "orderNo": row.order_no,
        "deviceNo": row.device_no,
        "cardNo": row.card_no,
        "plugNo": row.plug_no,
        "orderTag": row.tag,
        "amount": db.yuan(row.amount),
        "cmdStatus": row.cmd_status,
        "chargingStartTime": _time(row.started_at),
        "chargingEndTime": _time(row.ended_at),
        "elapsedTime": _elapsed(row.ended_at - row.started_at) if row.started_at and row.ended_at else UNKNOWN,
    }


def _time(at: datetime | None) -> str:
    if at is None:
        return UNKNOWN
    local = clock.local(at)
    return f"{local.year}年{local:%m}月{local:%d}日 {local:%H}时{local:%M}分"


def _elapsed(time: timedelta) -> str:
    hours, seconds = divmod(int(time.total_seconds()), 3600)
    return f"{hours}小时{seconds // 60}分"
