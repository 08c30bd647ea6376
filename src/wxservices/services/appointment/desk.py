"""What the front desk sees (document ``appointment``, both sections 9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from ... import clock, db
from ...models.appointment import Appointment
from ...state import current_state

_columns = (
    Appointment.day,
    Appointment.minute,
    Appointment.open_id,
    Appointment.name,
    Appointment.phone_num,
    Appointment.live,
)
_days = Appointment.day.between(sa.bindparam("first"), sa.bindparam("last"))

_booked = db.Query(
    sa.select(*_columns)
    .where(_days)
    .order_by(Appointment.day.desc(), Appointment.minute.desc(), Appointment.id.desc())
    .limit(sa.bindparam("most"))
)

_signed_in = db.Query(
    sa.select(*_columns)
    .where(_days, Appointment.signed_in_at.is_not(None))
    .order_by(Appointment.day.desc(), Appointment.signed_in_at.desc(), Appointment.id.desc())
    .limit(sa.bindparam("most"))
)


def appointments(*, date: dt.date | None = None) -> list[dict[str, Any]]:
    """``/admin/appointment/list``: ``[{"day", "hour", "minute", "open_id", "name", "phone_num", "status"}]``, the
    latest time first.  ``status``: 0 normal, 1 cancelled.

    :param date: the day of the appointments; None: from one month ago on.
    """
    return _listed(_booked, date)


def sign_ins(*, date: dt.date | None = None) -> list[dict[str, Any]]:
    """``/admin/signin-appointment/list``: those who have signed in, in the same form, the latest to do so first."""
    return _listed(_signed_in, date)


def _listed(query: db.Query, date: dt.date | None) -> list[dict[str, Any]]:
    first, last = (date, date) if date else (_month_before(clock.today()), dt.date.max)
    return list(_rows(query.all(first=first, last=last, most=current_state().settings.appointment_list_max)))


def _rows(rows: Iterable[Any]) -> Iterable[dict[str, Any]]:
    for row in rows:
        yield {
            "day": row.day.isoformat(),
            "hour": row.minute // 60,
            "minute": row.minute % 60,
            "open_id": row.open_id,
            "name": row.name,
            "phone_num": row.phone_num,
            "status": 0 if row.live else 1,
        }


def _month_before(day: dt.date) -> dt.date:
    """The same day of the month before, or that month's last."""
    last = day.replace(day=1) - dt.timedelta(days=1)
    return last.replace(day=min(day.day, last.day))
