"""What the operator of ``appointment`` loads: opening hours, exceptions for a minute, exceptions to the calendar.

::

    appointment:
      openings:
        - hours:                                   # every working day
            - {start: "09:00", end: "11:00", step: 10, capacity: 2}
        - {weekday: 5, hours: [{start: "09:00", end: "10:00", capacity: 2}]}
        - {day: 2026-10-10, hours: [{start: "09:00", end: "12:00", capacity: 4}]}
      minutes:
        - {day: 2026-10-12, time: "09:30", capacity: 0}
      days:
        - {day: 2026-10-11, working: true}

An opening is known by weekday (1 is Monday) or day, or by having neither; its ``hours`` are the whole of it, and an
empty list takes it away.  ``end`` is not on offer itself.  An exception for a minute is known by day and time; without
a ``capacity`` it is taken back.  ``days`` is the whole of it: what is missing is the calendar's again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError, validates_schema

from ... import db, fields, workdays
from ...models.appointment import Opening, Tally
from ...operator_fields import ClockText, Flag, Rows
from .openings import SERVICE

BATCH = 200
"""Rows that are written at once."""

STEP = 10
"""Minutes from one that can be booked to the next, where the file says nothing."""


class HoursData(fields.Strict):
    start = ClockText(required=True)
    end = ClockText(required=True)
    step = fields.Integer(min=1, max=720, load_default=STEP)
    capacity = fields.Integer(min=1, max=100_000, required=True)

    @validates_schema
    def ends_after_it_starts(self, data: dict[str, Any], **_: Any) -> None:
        if data["end"] <= data["start"]:
            raise ValidationError("应晚于start", "end")


class OpeningData(fields.Strict):
    weekday = fields.Integer(min=1, max=7, load_default=None)
    day = fields.DateText("YYYY-MM-DD", load_default=None)
    hours = Rows(HoursData, "start", required=True)

    @validates_schema
    def is_of_one_kind(self, data: dict[str, Any], **_: Any) -> None:
        if data["weekday"] and data["day"]:
            raise ValidationError("不能与weekday同时出现", "day")

    @validates_schema
    def hours_do_not_overlap(self, data: dict[str, Any], **_: Any) -> None:
        if any(one["end"] > next_["start"] for one, next_ in pairwise(sorted(data["hours"], key=_start))):
            raise ValidationError("时间段重叠", "hours")


class MinuteData(fields.Strict):
    day = fields.DateText("YYYY-MM-DD", required=True)
    time = ClockText(required=True)
    capacity = fields.Integer(min=0, max=100_000, load_default=None)


class DayData(fields.Strict):
    day = fields.DateText("YYYY-MM-DD", required=True)
    working = Flag(required=True)


class AppointmentData(fields.Strict):
    openings = Rows(OpeningData, "weekday", "day")
    minutes = Rows(MinuteData, "day", "time")
    days = Rows(DayData, "day")


def apply(data: dict[str, Any]) -> Iterator[int]:
    """Create or update what *data* names, in the caller's transaction.  Yields how many things each step did."""
    for opening in data.get("openings", []):
        key = _key(opening["weekday"], opening["day"])
        db.execute(sa.delete(Opening).where(Opening.day_key == key))
        if opening["hours"]:
            db.execute(sa.insert(Opening), [{"day_key": key, **_period(**hours)} for hours in opening["hours"]])
        yield 1 + len(opening["hours"])
    minutes = [
        {"day": row["day"], "minute": _of_day(row["time"]), "capacity": row["capacity"]}
        for row in data.get("minutes", [])
    ]
    for start in range(0, len(minutes), BATCH):
        batch = minutes[start : start + BATCH]
        db.upsert(Tally, ("day", "minute"), batch)
        yield len(batch)
    if "days" in data:
        workdays.replace(SERVICE, [(row["day"], row["working"]) for row in data["days"]])
        yield len(data["days"])


_all_openings = db.Query(sa.select(*Opening.__table__.c).order_by(Opening.day_key, Opening.start))
_all_exceptions = db.Query(
    sa.select(Tally.day, Tally.minute, Tally.capacity)
    .where(Tally.capacity.is_not(None))
    .order_by(Tally.day, Tally.minute)
)


def dump() -> dict[str, Any]:
    """Everything that :func:`apply` takes, in its form."""
    openings: dict[str, list[dict[str, Any]]] = {}
    for row in _all_openings.all():
        hours = {"start": _clock(row.start), "end": _clock(row.end), "step": row.step, "capacity": row.capacity}
        openings.setdefault(row.day_key, []).append(hours)
    return {
        "openings": [{**_kind(key), "hours": hours} for key, hours in openings.items()],
        "minutes": [
            {"day": row.day.isoformat(), "time": _clock(row.minute), "capacity": row.capacity}
            for row in _all_exceptions.all()
        ],
        "days": [{"day": day.isoformat(), "working": worked} for day, worked in workdays.exceptions(SERVICE)],
    }


def _start(hours: dict[str, Any]) -> str:
    return str(hours["start"])


def _period(*, start: str, end: str, step: int, capacity: int) -> dict[str, int]:
    return {"start": _of_day(start), "end": _of_day(end), "step": step, "capacity": capacity}


def _key(weekday: int | None, day: date | None) -> str:
    return f"{day:%Y%m%d}" if day else str(weekday or "")


def _kind(key: str) -> dict[str, Any]:
    if len(key) == 8:
        return {"day": date.fromisoformat(key).isoformat()}
    return {"weekday": int(key)} if key else {}


def _of_day(time: str) -> int:
    """The minute of the day at HHMM."""
    return int(time[:2]) * 60 + int(time[2:])


def _clock(of_day: int) -> str:
    return f"{of_day // 60:02}:{of_day % 60:02}"
