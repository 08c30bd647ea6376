"""What the tests of ``traffic`` start from: a small office, and people with right check digits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from flask import Flask

from apps import make_app, running
from wxservices import db, fields
from wxservices.blueprints import traffic
from wxservices.services.traffic import booking, operator, slots
from wxservices.sms import sandbox

OFFICE: dict[str, Any] = {
    "businesses": [
        {
            "busiid": "1",
            "businame": "机动车业务",
            "children": [
                {
                    "busiid": "11",
                    "businame": "检验",
                    "children": [{"busiid": "111", "businame": "年检", "busitips": "带行驶证"}],
                },
                {"busiid": "12", "businame": "过户"},
            ],
        },
        {"busiid": "2", "businame": "换证", "busitips": "带照片"},
    ],
    "slots": [
        {"busitype": "0", "starttime": "0900", "endtime": "1000", "capacity": 2},
        {"busitype": "0", "starttime": "1000", "endtime": "1100", "capacity": 1},
        {"busitype": "1", "starttime": "0930", "endtime": "1030", "capacity": 3},
    ],
}

MONDAY = date(2026, 11, 23)
EARLY = "2026-11-23T00:00:00+00:00"
"""08:00 in Beijing on a plain working Monday."""

ZHANG = {"username": "张三", "userid": "11010119900307002X", "phone": "13800138000"}
LI = {"username": "李四", "userid": "110101199003070038", "phone": "13900139000"}


@contextmanager
def office(
    uri: str, data: dict[str, Any] | None = None, *, prefix: str | None = None, **config: Any
) -> Iterator[Flask]:
    """An application that serves ``traffic`` with *data* loaded, inside its context."""
    app = make_app(uri, **config)
    app.register_blueprint(traffic.bp, url_prefix=prefix)
    with running(app, "traffic"):
        with db.transaction():
            sum(operator.apply(fields.load(operator.TrafficData(), data or OFFICE)))
        yield app


def person(number: int) -> dict[str, str]:
    """The *number*-th of ten thousand invented people: username, userid, phone."""
    head = f"11010119900307{number % 1000:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    check = "10X98765432"[sum(int(digit) * weight for digit, weight in zip(head, weights, strict=True)) % 11]
    return {"username": f"测试{number}", "userid": head + check, "phone": f"139{number:08d}"}


def code_for(phone: str) -> str:
    """Ask for a code as a person would, and read it where the sandbox shows it."""
    booking.send_code(phone=phone, address=f"10.{int(phone[-6:-3]) % 256}.{int(phone[-3:]) % 256}.1")
    return str(sandbox.recent(phone)[0]["code"])


def timeid(position: int = 0, day: date = MONDAY, busitype: str = "0") -> str:
    """The *position*-th slot of *day*."""
    return str(slots.times(date=day, busitype=busitype)["timelist"][position]["timeid"])


def book(person: dict[str, str], **changes: Any) -> None:
    """Book a window for *person* through the service: Monday at nine, unless told otherwise."""
    request = {"openid": f"o-{person['phone']}", "busitype": "0", "busiid": "111", "carnumber": None, **person}
    request |= changes
    request.setdefault("timeid", timeid(busitype=request["busitype"]))
    request.setdefault("verifycode", "")
    request["verifycode"] = request["verifycode"] or code_for(request["phone"])
    booking.confirm(**request)
