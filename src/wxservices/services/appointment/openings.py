"""What is on offer: days, hours, minutes (document ``appointment``, sections 2 to 4).

Which days are worked is decided first, as in the calendar of ``workdays``.  Of the periods for a worked day those for
its weekday count, else those for every working day; periods for a date count instead of both, worked or not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ... import clock, db, workdays
from ...errors import BadParameter, Conflict
from ...models.appointment import Opening, Tally
from ...state import current_state

SERVICE = "appointment"
FREE, GONE = 0, 1
"""``status`` of an hour or a minute: gone is full or past."""


class NotFree(Conflict):
    """Every place is taken, or the time is over."""

    default_message = "该时间已约满或已过，请选择其他时间"


_openings = db.Query(
    sa.select(Opening.day_key, Opening.start, Opening.end, Opening.step, Opening.capacity)
    .where(
        sa.or_(
            Opening.day_key.in_(["", *"1234567"]),
            Opening.day_key.between(sa.bindparam("first"), sa.bindparam("last")),
        )
    )
    .order_by(Opening.day_key, Opening.start)
)

# Only what can be full at all: the range of the primary key, and nothing of what was booked before or after.
_nearly_full = db.Query(
    sa.select(Tally.day, Tally.minute, Tally.booked, Tally.capacity).where(
        Tally.day.between(sa.bindparam("first"), sa.bindparam("last")),
        sa.or_(Tally.booked >= sa.bindparam("least"), Tally.capacity.is_not(None)),
    )
)

_of_minute = db.Query(
    sa.select(Tally.booked, Tally.capacity).where(
        Tally.day == sa.bindparam("day"), Tally.minute == sa.bindparam("minute")
    )
)

_take = (
    sa.update(Tally)
    .where(
        Tally.day == sa.bindparam("on_day"),
        Tally.minute == sa.bindparam("at_minute"),
        Tally.booked < sa.func.coalesce(Tally.capacity, sa.bindparam("places")),
    )
    .values(booked=Tally.booked + 1)
)

_give_back = (
    sa.update(Tally)
    .where(Tally.day == sa.bindparam("on_day"), Tally.minute == sa.bindparam("at_minute"), Tally.booked > 0)
    .values(booked=Tally.booked - 1)
)


@dataclass(frozen=True)
class Minute:
    """A minute on offer.  ``of_day`` counts from midnight; ``capacity`` is the opening's number of places."""

    day: dt.date
    of_day: int
    capacity: int


def available_days() -> dict[str, Any]:
    """``/v1/available-days/list``: ``{"days": ["YYYY-MM-DD", …]}``, those with a free minute."""
    statuses = _statuses(clock.today(), current_state().settings.appointment_days)
    return {"days": [day.isoformat() for day, status in statuses.items() if FREE in status.values()]}


def hours(*, day: dt.date) -> list[dict[str, int]]:
    """``/v1/avaliable-hours/list``: ``[{"hour", "status"}]``; an hour is gone when all its minutes are.

    :raises BadParameter: *day* is further off than what is on offer.
    :raises NotFree: it is over.
    """
    found: dict[int, int] = {}
    for minute, status in _statuses_of(day).items():
        found[minute // 60] = min(status, found.get(minute // 60, GONE))
    return [{"hour": hour, "status": status} for hour, status in found.items()]


def minutes(*, day: dt.date, hour: int) -> dict[str, Any]:
    """``/avaliable-minutes/list``: ``{"minutes": [{"minute", "status"}]}``.

    :raises BadParameter: *day* is further off than what is on offer, or not open at *hour*.
    :raises NotFree: *day* is over.
    """
    found = [
        {"minute": minute % 60, "status": status}
        for minute, status in _statuses_of(day).items()
        if minute // 60 == hour
    ]
    if not found:
        raise BadParameter("hour", "不在可预约时间内")
    return {"minutes": found}


def find(*, day: dt.date, hour: int, minute: int) -> Minute:
    """The minute on offer that these name, full or not.

    :raises BadParameter: it is none.
    :raises NotFree: it is past.
    """
    _within(day)
    of_day = hour * 60 + minute
    capacities = _capacities(day, 1)[day]
    if of_day not in capacities:
        open_then = any(each // 60 == hour for each in capacities)
        raise BadParameter("minute" if open_then else "hour" if capacities else "day", "不在可预约时间内")
    if of_day <= _past(day):
        raise NotFree
    return Minute(day, of_day, capacities[of_day])


def open_tally(minute: Minute) -> None:
    """Make sure that the row is there which :func:`take` counts in.

    :raises NotFree: it says that no place is left.
    """
    row = _of_minute.first(day=minute.day, minute=minute.of_day)
    if row is None:
        # In a transaction of its own, so that bookings of other minutes never wait for it.
        with db.transaction():
            db.insert_once(Tally, {"day": minute.day, "minute": minute.of_day, "booked": 0})
    elif row.booked >= _places(row.capacity, minute.capacity):
        raise NotFree


def take(minute: Minute) -> None:
    """Take one place, in the caller's transaction.  The conditional UPDATE is the guard against overbooking.

    :raises NotFree: none is left.
    """
    where = {"on_day": minute.day, "at_minute": minute.of_day, "places": minute.capacity}
    if not db.changed(_take, where):
        raise NotFree


def give_back(day: dt.date, of_day: int) -> None:
    """Give one place back, in the caller's transaction."""
    db.changed(_give_back, {"on_day": day, "at_minute": of_day})


def _within(day: dt.date) -> None:
    today = clock.today()
    if day < today:
        raise NotFree("该日期已过")
    if day >= today + dt.timedelta(days=current_state().settings.appointment_days):
        raise BadParameter("day", "不在可预约日期内")


def _statuses_of(day: dt.date) -> dict[int, int]:
    _within(day)
    return _statuses(day, 1)[day]


def _statuses(first: dt.date, count: int) -> dict[dt.date, dict[int, int]]:
    """For *count* days from *first* on, the status of each minute on offer.  Three statements, whatever is booked."""
    offer = _capacities(first, count)
    places = [capacity for capacities in offer.values() for capacity in capacities.values()]
    if not places:
        return {day: {} for day in offer}
    full = set()
    for row in _nearly_full.all(first=first, last=first + dt.timedelta(days=count - 1), least=min(places)):
        if row.booked >= _places(row.capacity, offer[row.day].get(row.minute, 0)):
            full.add((row.day, row.minute))
    return {
        day: {minute: GONE if minute <= past or (day, minute) in full else FREE for minute in capacities}
        for day, capacities in offer.items()
        for past in [_past(day)]
    }


def _places(exception: int | None, capacity: int) -> int:
    return capacity if exception is None else exception


def _past(day: dt.date) -> int:
    """The last minute of *day* that has begun; -1 when none has."""
    now = clock.local()
    return now.hour * 60 + now.minute if day == now.date() else -1


def _capacities(first: dt.date, count: int) -> dict[dt.date, dict[int, int]]:
    """For *count* days from *first* on, the places of each minute on offer, in the order of minutes."""
    last = first + dt.timedelta(days=count - 1)
    periods: dict[str, dict[int, int]] = {}
    for row in _openings.all(first=f"{first:%Y%m%d}", last=f"{last:%Y%m%d}"):
        minutes_ = periods.setdefault(row.day_key, {})
        minutes_.update(dict.fromkeys(range(row.start, row.end, row.step), row.capacity))
    nothing: dict[int, int] = {}

    def of(day: dt.date, worked: bool) -> Iterator[dict[int, int] | None]:
        yield periods.get(f"{day:%Y%m%d}")
        if worked:
            yield periods.get(str(day.isoweekday()))
            yield periods.get("")

    return {
        day: next(filter(None, of(day, worked)), nothing) for day, worked in workdays.working(SERVICE, first, count)
    }
