"""Booking a window (document ``traffic``, sections 2 to 4)."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from ... import clock, db, signals, sms
from ...errors import BadParameter, Conflict, NotFound
from ...models.traffic import Booking, Number
from . import businesses, drafts, slots

SERVICE = "traffic"
PURPOSE = "order"

_live = db.Query(sa.select(Booking.id).where(Booking.live_key == sa.bindparam("live_key")))

_of_openid = db.Query(
    sa.select(Booking.ordernum, Booking.businame, Booking.status, Booking.day, Booking.starttime, Booking.id)
    .where(Booking.openid == sa.bindparam("openid"))
    .order_by(Booking.id.desc())
    .limit(200)
)

_of_ordernum = db.Query(
    sa.select(Booking.id, Booking.openid, Booking.day, Booking.slot_id).where(
        Booking.ordernum == sa.bindparam("ordernum")
    )
)

_next_number = (
    sa.update(Number)
    .where(Number.day == sa.bindparam("on_day"), Number.busitype == sa.bindparam("of_type"))
    .values(last=Number.last + 1)
)
_number = db.Query(
    sa.select(Number.last).where(Number.day == sa.bindparam("day"), Number.busitype == sa.bindparam("busitype"))
)

_cancel = (
    sa.update(Booking)
    .where(Booking.id == sa.bindparam("booking_id"), Booking.status == "0")
    .values(status="1", live_key=None, cancelled_at=sa.bindparam("now"))
)


def send_code(*, phone: str, address: str) -> None:
    """``/wx/getverify``: send a verification code to *phone*.

    :raises TooMany: asked for too often.
    :raises UpstreamError: the SMS could not be sent.
    """
    sms.send_code(service=SERVICE, purpose=PURPOSE, phone=phone, address=address)


def confirm(
    *,
    openid: str,
    phone: str,
    verifycode: str,
    username: str,
    userid: str,
    busitype: str,
    timeid: str,
    busiid: str | None = None,
    carnumber: str | None = None,
) -> None:
    """``/wx/orderconfirm``: book a place.  The code is spent only when the booking succeeds.

    :param busitype: ``"0"`` 车管 (needs *busiid*), ``"1"`` 违法 (needs *carnumber*).
    :raises BadParameter: an unknown business or time, a missing field, a wrong code.
    :raises Conflict: the time is full or past, or this person has a booking of that type on that day.
    """
    period = slots.find(timeid)
    if period.busitype != busitype:
        raise BadParameter("timeid", "预约时间与业务类型不符")
    if busitype == "0":
        if not busiid:
            raise BadParameter("busiid", "请选择业务")
        businame, carnumber = businesses.find(busiid).businame, None
    else:
        if not carnumber:
            raise BadParameter("carnumber", "车牌号不能为空")
        businame, busiid = businesses.VIOLATION_NAME, None
    if not period.free:
        raise Conflict("该时间段已约满或已过，请选择其他时间")
    live_key = f"{period.day:%Y%m%d}{busitype}{userid}"
    if _live.first(live_key=live_key):
        raise Conflict("您当天已有该类业务的预约")
    code_id = sms.check_code(service=SERVICE, purpose=PURPOSE, phone=phone, code=verifycode)
    slots.open_tally(period)
    _open_numbers(period.day, busitype)
    with db.transaction():
        # Everyone locks in this order: the slot's tally, the day's numbers, then rows of their own.
        slots.take(period)
        ordernum = _take_number(period.day, busitype)
        try:
            booking_id = db.insert(
                Booking,
                {
                    "ordernum": ordernum,
                    "openid": openid,
                    "busitype": busitype,
                    "busiid": busiid,
                    "businame": businame,
                    "carnumber": carnumber,
                    "username": username,
                    "userid": userid,
                    "phone": phone,
                    "day": period.day,
                    "slot_id": period.id,
                    "starttime": period.starttime,
                    "endtime": period.endtime,
                    "status": "0",
                    "live_key": live_key,
                    "created_at": clock.now(),
                },
            )
        except db.Duplicate:
            raise Conflict("您当天已有该类业务的预约") from None
        sms.spend_code(code_id)
        signals.send_after_commit(signals.traffic_booked, booking_id=booking_id, ordernum=ordernum, openid=openid)
    drafts.forget(openid=openid)


def orders(*, openid: str) -> dict[str, Any]:
    """Page data of ``/wx/orderquery``: ``{"orderlist": [...]}``, the newest 200, newest first.

    ``status``: ``"0"`` booked, ``"1"`` cancelled, ``"2"`` number taken; ``ordertime``: start, YYYYMMDDHHMMSS.
    """
    return {
        "orderlist": [
            {
                "ordernum": row.ordernum,
                "businame": row.businame,
                "status": row.status,
                "ordertime": f"{row.day:%Y%m%d}{row.starttime}00",
                "orderid": row.id,
            }
            for row in _of_openid.all(openid=openid)
        ]
    }


def cancel(*, ordernum: str) -> None:
    """Cancel a booking and free its place (an operator's work; the document has no call for it).

    :raises NotFound: no such booking.
    :raises Conflict: it is cancelled, or its number is taken.
    """
    row = _of_ordernum.first(ordernum=ordernum)
    if row is None:
        raise NotFound("预约不存在")
    with db.transaction():
        # The tally first, as in confirm: the two never wait for each other crosswise.
        slots.give_back(row.day, row.slot_id)
        if not db.changed(_cancel, {"booking_id": row.id, "now": clock.now()}):
            raise Conflict("预约已取消或已取号")
        signals.send_after_commit(signals.traffic_cancelled, booking_id=row.id, ordernum=ordernum, openid=row.openid)


def _open_numbers(day: date, busitype: str) -> None:
    with db.transaction():
        db.insert_once(Number, {"day": day, "busitype": busitype, "last": 0})


def _take_number(day: date, busitype: str) -> str:
    db.changed(_next_number, {"on_day": day, "of_type": busitype})
    return f"{day:%Y%m%d}{busitype}{_number.scalar(day=day, busitype=busitype):04d}"
