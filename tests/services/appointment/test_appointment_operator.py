"""What the operator loads, and its faults; the demonstration data."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from appointment_data import EARLY, MONDAY, book, load
from wxservices import db, fields, operator_file
from wxservices.errors import BadParameter
from wxservices.models.appointment import Tally
from wxservices.services.appointment import SERVICE, booking, desk, openings, operator, signin

HOURS = {"start": "09:00", "end": "10:00", "step": 10, "capacity": 2}
ALL: dict[str, Any] = {
    "openings": [
        {"hours": [HOURS, HOURS | {"start": "13:00", "end": "15:00", "step": 30}]},
        {"day": "2026-12-24", "hours": [HOURS]},
        {"weekday": 5, "hours": [HOURS | {"capacity": 1}]},
    ],
    "minutes": [{"day": "2026-11-24", "time": "09:10", "capacity": 0}],
    "days": [{"day": "2026-11-28", "working": True}],
}


def test_what_is_dumped_is_what_was_loaded_however_often(office: Flask) -> None:
    for _ in range(2):
        load(ALL)
    assert sorted(map(str, operator.dump().pop("openings"))) == sorted(map(str, ALL["openings"]))
    assert operator.dump() | {"openings": ALL["openings"]} == ALL
    load(operator.dump())
    assert operator.dump() | {"openings": ALL["openings"]} == ALL


def test_an_openings_hours_are_the_whole_of_it_and_other_openings_stay(office: Flask) -> None:
    load(ALL)
    load({"openings": [{"hours": [HOURS]}, {"weekday": 5, "hours": []}]})
    assert operator.dump()["openings"] == [{"hours": [HOURS]}, {"day": "2026-12-24", "hours": [HOURS]}]


def test_what_is_booked_stays_booked(office: Flask) -> None:
    book()
    load({"minutes": [{"day": "2026-11-23", "time": "0900", "capacity": 1}], "openings": [{"hours": []}]})
    assert db.Query(sa.select(Tally.booked)).all() == [(1,)]
    assert len(booking.appointments(open_id="o-1")) == 1


def test_the_step_is_ten_minutes_where_nothing_is_said(office: Flask) -> None:
    load({"openings": [{"hours": [{"start": "0900", "end": "0930", "capacity": 1}]}]})
    assert [row["minute"] for row in openings.minutes(day=MONDAY, hour=9)["minutes"]] == [0, 10, 20]


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"openings": [{"hours": [HOURS | {"end": "09:00"}]}]}, "openings[0].hours[0].end"),
        ({"openings": [{"hours": [HOURS | {"end": "24:30"}]}]}, "openings[0].hours[0].end"),
        ({"openings": [{"hours": [HOURS | {"step": 0}]}]}, "openings[0].hours[0].step"),
        ({"openings": [{"hours": [HOURS | {"capacity": 0}]}]}, "openings[0].hours[0].capacity"),
        ({"openings": [{"hours": [HOURS | {"places": 1}]}]}, "openings[0].hours[0].places"),
        ({"openings": [{"hours": [HOURS, HOURS]}]}, "openings[0].hours[1]"),
        ({"openings": [{"hours": [HOURS, HOURS | {"start": "09:50", "end": "1100"}]}]}, "openings[0].hours"),
        ({"openings": [{"weekday": 8, "hours": []}]}, "openings[0].weekday"),
        ({"openings": [{"weekday": 1, "day": "2026-11-23", "hours": []}]}, "openings[0].day"),
        ({"openings": [{"hours": []}, {"hours": []}]}, "openings[1]"),
        ({"openings": [{}]}, "openings[0].hours"),
        ({"minutes": [{"day": "2026-11-31", "time": "0900", "capacity": 1}]}, "minutes[0].day"),
        ({"minutes": [{"day": "2026-11-30", "time": "0960", "capacity": 1}]}, "minutes[0].time"),
        ({"minutes": [{"day": "2026-11-30", "time": "0900", "capacity": -1}]}, "minutes[0].capacity"),
        ({"days": [{"day": "2026-11-30", "working": "yes"}]}, "days[0].working"),
    ],
)
def test_a_fault_is_named_by_its_path(data: dict[str, Any], path: str) -> None:
    with pytest.raises(BadParameter) as fault:
        fields.load(operator.AppointmentData(), data)
    assert fault.value.field == path


def test_a_file_tells_the_line() -> None:
    content = b"appointment:\n  openings:\n    - hours:\n        - {start: 09:00, end: 08:00, capacity: 2}\n"
    (fault,) = operator_file.read("shop.yaml", content, {"appointment": SERVICE}).faults
    assert str(fault) == "shop.yaml:4: appointment.openings[0].hours[0].end 应晚于start"


@pytest.mark.parametrize(
    ("now", "next_day"),
    [(EARLY, "2026-11-24"), ("2026-11-28T15:00:00+00:00", "2026-11-30")],
    ids=["Monday", "Saturday"],
)
def test_the_demonstration_can_be_repeated(office: Flask, now: str, next_day: str) -> None:
    with time_machine.travel(now, tick=False):
        for _ in range(2):
            assert SERVICE.demo is not None
            SERVICE.demo()
        today, coming = now[:10], next_day
        rows = desk.appointments()
        assert [(row["day"], row["status"]) for row in rows if row["open_id"] == "demo"] == [
            (coming, 1),
            (coming, 0),
            (today, 0),
        ]
        assert [
            row["status"] for row in openings.minutes(day=openings.dt.date.fromisoformat(coming), hour=10)["minutes"]
        ] == [
            0,
            0,
            0,
            1,
            0,
            0,
        ]
        first = booking.appointments(open_id="demo")[-1]
        assert first["datetime"].startswith(today)
        signin.sign_in(appointment_id=first["appointment_id"])
        SERVICE.demo()
        assert len(desk.appointments()) == len(rows)
