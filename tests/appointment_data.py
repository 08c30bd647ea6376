"""What the tests of ``appointment`` start from: a small office on a Monday morning, and how people book there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from flask import Flask

from apps import make_app, running
from wxservices import WxServices, db, fields
from wxservices.blueprints import appointment
from wxservices.services.appointment import booking, operator, signin

OFFICE: dict[str, Any] = {
    "openings": [
        {
            "hours": [
                {"start": "09:00", "end": "11:00", "step": 10, "capacity": 2},
                {"start": "1330", "end": "1400", "step": 15, "capacity": 1},
            ]
        }
    ]
}

MONDAY = date(2026, 11, 23)
SUNDAY = date(2026, 11, 29)
EARLY = "2026-11-23T00:00:00+00:00"
"""08:00 in Beijing on a plain working Monday."""

ADMIN = {"Authorization": "Bearer sandbox"}
ZHANG = {"open_id": "o-1", "name": "张三", "phone_num": "13800138000"}
LI = {"open_id": "o-2", "name": "李四", "phone_num": "13900139000"}


@contextmanager
def serving(
    uri: str,
    data: dict[str, Any] | None = None,
    *,
    extension: WxServices | None = None,
    socketio: Any = None,
    prefix: str | None = None,
    **config: Any,
) -> Iterator[Flask]:
    """An application that serves ``appointment`` with *data* loaded, inside its context."""
    app = make_app(uri, extension=extension, **config)
    if socketio is not None:
        socketio.init_app(app)
    app.register_blueprint(appointment.bp, url_prefix=prefix)
    with running(app, "appointment"):
        load(data or OFFICE)
        yield app
        signin.channel().close()


def load(data: dict[str, Any]) -> None:
    with db.transaction():
        sum(operator.apply(fields.load(operator.AppointmentData(), data)))


def book(person: dict[str, str] = ZHANG, hour: int = 9, minute: int = 0, day: date = MONDAY) -> int:
    """Book a minute for *person* through the service; its id."""
    return booking.make(day=day, hour=hour, minute=minute, **person)["appointment_id"]


def person(number: int) -> dict[str, str]:
    return {"open_id": f"o-{number}", "name": f"测试{number}", "phone_num": f"139{number:08d}"}
