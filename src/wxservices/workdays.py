"""Which days are worked: the operator's word, else China's official calendar, else the plain week.

The official calendar (public holidays and the weekend days worked in their place) comes from the package
``chinesecalendar``, which covers the years that the State Council has announced.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache

import sqlalchemy as sa

from . import db
from .models.common import Day
from .state import current_state

log = logging.getLogger(__name__)

_exceptions = db.Query(
    sa.select(Day.day, Day.working).where(
        Day.service == sa.bindparam("service"),
        Day.day >= sa.bindparam("first"),
        Day.day <= sa.bindparam("last"),
    )
)


def working(service: str, first: date, count: int = 1) -> list[tuple[date, bool]]:
    """The *count* days from *first* on, each with whether it is worked."""
    days = [first + timedelta(days=n) for n in range(count)]
    exceptions: dict[date, bool] = {
        row.day: row.working for row in _exceptions.all(service=service, first=days[0], last=days[-1])
    }
    return [(day, exceptions[day] if day in exceptions else _official(day)) for day in days]


def is_working(service: str, day: date) -> bool:
    """Whether *day* is worked."""
    return working(service, day)[0][1]


def _official(day: date) -> bool:
    known = _announced(day)
    if known is not None:
        return known
    warned: set[int] = current_state().parts.setdefault("provisional_years", set())
    if day.year not in warned:
        warned.add(day.year)
        log.warning(
            "No official calendar for %d yet: its days are provisional, Monday to Friday. "
            "Upgrade chinesecalendar, or load exceptions.",
            day.year,
        )
    return day.weekday() < 5


@lru_cache(maxsize=1024)
def _announced(day: date) -> bool | None:
    """What the package knows; kept, because it goes through its whole table each time.  None outside its years."""
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def replace(service: str, days: Sequence[tuple[date, bool]]) -> None:
    """Make *days* the operator's word, in the caller's transaction: what is not among them is the calendar's again."""
    current = db.session()
    current.execute(sa.delete(Day).where(Day.service == service))
    if days:
        rows = [{"service": service, "day": day, "working": worked} for day, worked in days]
        current.execute(sa.insert(Day), rows)


_all = db.Query(sa.select(Day.day, Day.working).where(Day.service == sa.bindparam("service")).order_by(Day.day))


def exceptions(service: str) -> list[tuple[date, bool]]:
    """The operator's word, in order of days."""
    return [(row.day, row.working) for row in _all.all(service=service)]
