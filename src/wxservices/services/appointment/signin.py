"""Signing in, and the notice of it (document ``appointment``, sections 8 and 10)."""

from __future__ import annotations

import sqlalchemy as sa

from ... import clock, db, notices, signals
from ...errors import Conflict, NotAllowed, ServiceError
from ...models.appointment import Appointment
from ...notices import Channel
from . import booking, openings

CHANNEL = "signin-notify"
SIGNED_IN = "1"
"""``event_type`` of the notice."""

_sign_in = (
    sa.update(Appointment)
    .where(
        Appointment.id == sa.bindparam("appointment_id"),
        Appointment.day == sa.bindparam("today"),
        Appointment.live == 1,
        Appointment.signed_in_at.is_(None),
    )
    .values(signed_in_at=sa.bindparam("now"))
)


def channel() -> Channel:
    """``/ws/signin-notify``: where ``{"appointment_id", "event_type": "1"}`` comes when someone has signed in."""
    return notices.channel(CHANNEL)


def sign_in(*, appointment_id: int) -> None:
    """``/v1./sign-in``: note that who has this appointment is there.  Once, and on its day.

    :raises NotFound: no such appointment.
    :raises Conflict: it is cancelled, or signed in already.
    :raises NotAllowed: its day is yet to come.
    :raises NotFree: its day is over.
    """
    where = {"appointment_id": appointment_id, "today": clock.today(), "now": clock.now()}
    with db.transaction():
        if not db.changed(_sign_in, where):
            raise _refusal(appointment_id)
        notice = {"appointment_id": appointment_id, "event_type": SIGNED_IN}
        db.after_commit(lambda: channel().publish(notice))
        signals.send_after_commit(signals.appointment_signed_in, appointment_id=appointment_id)


def _refusal(appointment_id: int) -> ServiceError:
    row = booking.find(appointment_id)
    if row.live is None:
        return Conflict("预约已取消")
    if row.signed_in_at is not None:
        return Conflict("已签到，请勿重复签到")
    return openings.NotFree("预约日期已过") if row.day < clock.today() else NotAllowed("未到预约日期，不能签到")
