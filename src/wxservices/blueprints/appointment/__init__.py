"""The document ``appointment``: a minute is booked, its owner signs in, the front desk's screen shows it.

Mount it with ``app.register_blueprint(appointment.bp)``, after the host's ``SocketIO(app)`` if there is one; with a
``SocketIO`` that is made later, call ``appointment.attach(socketio)``.
"""

from __future__ import annotations

from ...services.appointment import SERVICE, booking, desk, openings, signin
from ..document import Call, Document
from ..guards import admin, own_open_id
from . import schemas
from .envelopes import Reply
from .live import Live, attach, attach_at_mount

__all__ = ["attach", "bp"]

OWN, ADMIN = (own_open_id,), (admin,)

bp = Document(
    SERVICE,
    __name__,
    envelope=Reply(),
    urls=[
        # 2, 3, 4 可预约的日期、小时、分钟
        Call("/v1/available-days/list", None, openings.available_days),
        Call("/v1/avaliable-hours/list", schemas.Day, openings.hours),
        Call("/avaliable-minutes/list", schemas.Hour, openings.minutes),
        # 5, 6, 7 预约、列表、取消
        Call("/v1/make-appointment", schemas.MakeAppointment, booking.make, OWN),
        Call("/v1/appointment/list", schemas.OpenId, booking.appointments, OWN),
        Call("/v1/cancel-appointment", schemas.CancelAppointment, booking.cancel, OWN),
        # 8 签到: as printed, and as meant
        Call("/v1./sign-in", schemas.AppointmentId, signin.sign_in),
        Call("/v1/sign-in", schemas.AppointmentId, signin.sign_in),
        # 9 管理系统
        Call("/admin/appointment/list", schemas.Date, desk.appointments, ADMIN),
        Call("/admin/signin-appointment/list", schemas.Date, desk.sign_ins, ADMIN),
        # 10 签到通知
        Live("/ws/signin-notify", None, signin.channel),
    ],
)
bp.record(attach_at_mount)
