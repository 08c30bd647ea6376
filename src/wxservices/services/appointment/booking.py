"""Making, listing and cancelling appointments (document ``appointment``, sections 5 to 7)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from ... import clock, db, signals
from ...errors import Conflict, NotAllowed, NotFound
from ...models.appointment import Appointment
from . import openings

LISTED = 200
"""Most appointments that the list of an open_id has."""

_live = db.Query(
    sa.select(Appointment.id).where(
        Appointment.open_id == sa.bindparam("open_id"),
        Appointment.live == 1,
        Appointment.day == sa.bindparam("day"),
        Appointment.minute == sa.bindparam("minute"),
    )
)

_of_open_id = db.Query(
    sa.select(Appointment.id, Appointment.day, Appointment.minute)
    .where(Appointment.open_id == sa.bindparam("open_id"), Appointment.live == 1)
    .order_by(Appointment.day.desc(), Appointment.minute.desc())
    .limit(LISTED)
)

_found = db.Query(
    sa.select(
        Appointment.id,
        Appointment.open_id,
        Appointment.day,
        Appointment.minute,
        Appointment.live,
        Appointment.signed_in_at,
    ).where(Appointment.id == sa.bindparam("id"))
)

_cancel = (
    sa.update(Appointment)
    .where(Appointment.id == sa.bindparam("appointment_id"), Appointment.live == 1, Appointment.signed_in_at.is_(None))
    .values(live=None, cancelled_at=sa.bindparam("now"))
)


def make(*, day: dt.date, hour: int, minute: int, open_id: str, name: str, phone_num: str) -> dict[str, int]:
    """``/v1/make-appointment``: answers ``{"appointment_id"}``.

    :raises BadParameter: the minute is not on offer.
    :raises NotFree: it is full or past.
    :raises Conflict: *open_id* has booked it already.
    """
    wanted = openings.find(day=day, hour=hour, minute=minute)
    try:
        openings.open_tally(wanted)
        with db.transaction():
            # Everyone locks in this order: the tally of the minute, then the appointment.
            openings.take(wanted)
            appointment_id = _insert(wanted, open_id, name, phone_num)
            signals.send_after_commit(signals.appointment_booked, appointment_id=appointment_id, open_id=open_id)
    except (openings.NotFree, db.Duplicate) as error:
        # Who has the last place and asks again is told so, and not that the minute is full.
        if isinstance(error, db.Duplicate) or _live.first(open_id=open_id, day=day, minute=wanted.of_day):
            raise Conflict("您已预约该时间") from None
        raise
    return {"appointment_id": appointment_id}


def _insert(wanted: openings.Minute, open_id: str, name: str, phone_num: str) -> int:
    values = {
        "open_id": open_id,
        "name": name,
        "phone_num": phone_num,
        "day": wanted.day,
        "minute": wanted.of_day,
        "live": 1,
        "created_at": clock.now(),
    }
    return int(db.insert(Appointment, values))


def appointments(*, open_id: str) -> list[dict[str, Any]]:
    """``/v1/appointment/list``: ``[{"datetime": "YYYY-MM-DD HH:MM:SS", "appointment_id"}]``, the latest 200 that are
    not cancelled, the latest first.
    """
    return [
        {"datetime": f"{row.day} {row.minute // 60:02}:{row.minute % 60:02}:00", "appointment_id": row.id}
        for row in _of_open_id.all(open_id=open_id)
    ]


def cancel(*, appointment_id: int, open_id: str) -> None:
    """``/v1/cancel-appointment``: cancel an appointment of *open_id*; its place is free again.

    :raises NotFound: no such appointment.
    :raises NotAllowed: it is another's.
    :raises Conflict: it is cancelled, or signed in.
    :raises NotFree: its day is over.
    """
    row = find(appointment_id)
    if row.open_id != open_id:
        raise NotAllowed("只能取消本人的预约")
    _cancel_found(row)


def revoke(*, appointment_id: int) -> None:
    """Cancel an appointment, whosever it is (an operator's work; the document has no call for it).

    :raises NotFound, Conflict, NotFree: as :func:`cancel`.
    """
    _cancel_found(find(appointment_id))


def find(appointment_id: int) -> Any:
    """The row of an appointment: ``id, open_id, day, minute, live, signed_in_at``.

    :raises NotFound: there is none.
    """
    row = _found.first(id=appointment_id)
    if row is None:
        raise NotFound("预约不存在")
    return row


def _cancel_found(row: Any) -> None:
    if row.day < clock.today():
        raise openings.NotFree("预约日期已过")
    with db.transaction():
        # The tally first, as in make: the two never wait for each other crosswise.
        openings.give_back(row.day, row.minute)
        if not db.changed(_cancel, {"appointment_id": row.id, "now": clock.now()}):
            raise Conflict("预约已取消或已签到")
        signals.send_after_commit(signals.appointment_cancelled, appointment_id=row.id, open_id=row.open_id)
