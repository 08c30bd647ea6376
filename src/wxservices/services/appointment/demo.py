"""Demo data of ``appointment`` beside ``demo/appointment.yaml``: of open_id ``demo`` an appointment today, one to come
and one cancelled; of the next working day one minute full.

People and numbers are invented.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

import sqlalchemy as sa

from ... import clock, db, workdays
from ...errors import Conflict
from ...models.appointment import Appointment, Tally
from . import booking
from .openings import SERVICE

OPEN_ID = "demo"
OTHERS = ["demo-2", "demo-3"]
PERSON = {"name": "张三", "phone_num": "13800138000"}
TODAY, TO_COME, CANCELLED, FULL = (16, 0), (9, 0), (9, 10), (10, 30)
"""Hour and minute.  Today's is off the hours on offer, so that it takes nobody's place, at any time of the day."""

_there = db.Query(
    sa.select(Appointment.id).where(
        Appointment.open_id == OPEN_ID,
        Appointment.day == sa.bindparam("day"),
        Appointment.minute == sa.bindparam("minute"),
        sa.func.coalesce(Appointment.live, 0) == sa.bindparam("live"),
    )
)


def load() -> None:
    """Make what is not there."""
    today = clock.today()
    tomorrow = today + dt.timedelta(days=1)
    next_day = next((day for day, worked in workdays.working(SERVICE, tomorrow, 20) if worked), tomorrow)
    with db.transaction():
        _insert(today, TODAY, live=1)
        _insert(next_day, CANCELLED, live=0)
    for (hour, minute), open_id in [(TO_COME, OPEN_ID), *((FULL, other) for other in OTHERS)]:
        with suppress(Conflict):
            booking.make(day=next_day, hour=hour, minute=minute, open_id=open_id, **PERSON)


def _insert(day: dt.date, time: tuple[int, int], *, live: int) -> None:
    minute = time[0] * 60 + time[1]
    if _there.first(day=day, minute=minute, live=live):
        return
    now = clock.now()
    values = {"open_id": OPEN_ID, **PERSON, "day": day, "minute": minute, "created_at": now}
    if live:
        db.insert_once(Tally, {"day": day, "minute": minute, "booked": 0})
        row = sa.and_(Tally.day == day, Tally.minute == minute)
        db.changed(sa.update(Tally).where(row).values(booked=Tally.booked + 1))
    db.insert(Appointment, {**values, "live": live or None, "cancelled_at": None if live else now})
