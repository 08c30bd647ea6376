"""Days and periods on offer (document ``traffic``, section 3, the second: 点击时间选择)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ... import clock, db, workdays
from ...errors import BadParameter, Conflict
from ...models.traffic import Slot, Tally
from ...state import current_state

SERVICE = "traffic"
WEEKDAYS = "一二三四五六日"

_of_day = db.Query(
    sa.select(
        Slot.id,
        Slot.day_key,
        Slot.starttime,
        Slot.endtime,
        (sa.func.coalesce(Tally.booked, 0) >= Slot.capacity).label("full"),
    )
    .outerjoin(Tally, sa.and_(Tally.slot_id == Slot.id, Tally.day == sa.bindparam("day")))
    .where(
        Slot.busitype == sa.bindparam("busitype"),
        Slot.day_key.in_(["", sa.bindparam("day_key")]),
        Slot.capacity > 0,
    )
    .order_by(Slot.starttime, Slot.id)
)

_take = (
    sa.update(Tally)
    .where(
        Tally.day == sa.bindparam("on_day"),
        Tally.slot_id == sa.bindparam("slot"),
        Tally.booked < sa.select(Slot.capacity).where(Slot.id == sa.bindparam("slot")).scalar_subquery(),
    )
    .values(booked=Tally.booked + 1)
)

_give_back = (
    sa.update(Tally)
    .where(Tally.day == sa.bindparam("on_day"), Tally.slot_id == sa.bindparam("slot"), Tally.booked > 0)
    .values(booked=Tally.booked - 1)
)


@dataclass(frozen=True)
class Period:
    """A slot on a day.  Times are HHMM of the business zone."""

    id: int
    day: date
    busitype: str
    starttime: str
    endtime: str
    full: bool

    @property
    def timeid(self) -> str:
        """Names date, type and slot; opaque to clients."""
        return f"{self.day:%Y%m%d}-{self.busitype}-{self.id}"

    @property
    def begins(self) -> datetime:
        """The instant at which it begins."""
        clock_time = timedelta(hours=int(self.starttime[:2]), minutes=int(self.starttime[2:]))
        return clock.local_midnight(self.day) + clock_time

    @property
    def free(self) -> bool:
        """Whether it can still be booked."""
        return not self.full and clock.now() < self.begins


def days() -> dict[str, Any]:
    """Page data of ``/wx/timeselect``: ``{"datelist": [{"date", "status", "weekday"}]}``, eight days from today.

    ``status``: ``"1"`` working day, ``"0"`` day off.
    """
    count = current_state().settings.traffic_days
    return {
        "datelist": [
            {"date": f"{day:%Y%m%d}", "status": "1" if worked else "0", "weekday": WEEKDAYS[day.weekday()]}
            for day, worked in workdays.working(SERVICE, clock.today(), count)
        ]
    }


def times(*, date: date, busitype: str) -> dict[str, Any]:
    """Reply of ``/wx/getordertime``: ``{"timelist": [{"starttime", "endtime", "status", "timeid"}]}``.

    ``status``: ``"0"`` free, ``"1"`` full or already begun.

    :raises BadParameter: *date* is not among the days on offer.
    """
    return {
        "timelist": [
            {
                "starttime": period.starttime,
                "endtime": period.endtime,
                "status": "0" if period.free else "1",
                "timeid": period.timeid,
            }
            for period in _periods(date, busitype)
        ]
    }


def find(timeid: str) -> Period:
    """The period that *timeid* names, full or not.

    :raises BadParameter: it names none that is on offer.
    """
    match = re.fullmatch(r"(\d{4})(\d{2})(\d{2})-([01])-(\d{1,18})", timeid, re.ASCII)
    if match:
        year, month, day, busitype, slot_id = match.groups()
        try:
            periods = _periods(date(int(year), int(month), int(day)), busitype)
        except (ValueError, BadParameter):  # no date at all, or none on offer
            periods = []
        for period in periods:
            if period.id == int(slot_id):
                return period
    raise BadParameter("timeid", "预约时间不存在")


def busitype_of(timeid: str) -> str:
    """The type within a *timeid* that :func:`find` has found."""
    return timeid.split("-")[1]


def day_of(timeid: str) -> date:
    """The date within a *timeid* that :func:`find` has found."""
    return datetime.strptime(timeid[:8], "%Y%m%d").date()  # noqa: DTZ007


def _periods(day: date, busitype: str) -> list[Period]:
    """All periods of *day*: its own if it has any, else those of every working day."""
    today = clock.today()
    if not today <= day < today + timedelta(days=current_state().settings.traffic_days):
        raise BadParameter("date", "不在可预约日期内")
    rows = _of_day.all(day=day, busitype=busitype, day_key=f"{day:%Y%m%d}")
    own = [row for row in rows if row.day_key]
    if not own and not workdays.is_working(SERVICE, day):
        return []
    return [Period(row.id, day, busitype, row.starttime, row.endtime, row.full) for row in own or rows]


def take(period: Period) -> None:
    """Take one place, in the caller's transaction.  The conditional UPDATE is the guard against overbooking.

    :raises Conflict: none is left.
    """
    where = {"on_day": period.day, "slot": period.id}
    if not db.changed(_take, where):
        raise Conflict("该时间段已约满，请选择其他时间")


def open_tally(period: Period) -> None:
    """Make sure that the row is there which :func:`take` counts in.  In a transaction of its own, so that
    bookings of other slots never wait for it.
    """
    with db.transaction():
        db.insert_once(Tally, {"day": period.day, "slot_id": period.id, "booked": 0})


def give_back(day: date, slot_id: int) -> None:
    """Give one place back, in the caller's transaction."""
    db.changed(_give_back, {"on_day": day, "slot": slot_id})
