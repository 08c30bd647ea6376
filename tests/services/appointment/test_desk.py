"""The two lists of the admin."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from appointment_data import LI, MONDAY, ZHANG, book
from wxservices import clock, db
from wxservices.models.appointment import Appointment
from wxservices.services.appointment import booking, desk, signin


def times(rows: list[dict[str, Any]]) -> list[str]:
    return [f"{row['day']} {row['hour']}:{row['minute']:02} {row['open_id']} {row['status']}" for row in rows]


def test_appointments_of_a_day_the_latest_first_cancelled_ones_too(office: Flask) -> None:
    book(ZHANG, 10, 10)
    booking.revoke(appointment_id=book(ZHANG, 9, 10))
    book(LI, 9, 10)
    book(LI, 9, 0, MONDAY + timedelta(days=1))
    rows = desk.appointments(date=MONDAY)
    assert rows[0] == {"day": "2026-11-23", "hour": 10, "minute": 10, **ZHANG, "status": 0}
    assert times(rows[1:]) == ["2026-11-23 9:10 o-2 0", "2026-11-23 9:10 o-1 1"]


def test_sign_ins_are_those_who_came_the_latest_to_do_so_first(office: Flask) -> None:
    late, early = book(ZHANG, 10, 10), book(LI, 9, 0)
    book(ZHANG, 9, 0)
    signin.sign_in(appointment_id=late)
    with time_machine.travel("2026-11-23T00:10:00+00:00", tick=False):
        signin.sign_in(appointment_id=early)
    assert times(desk.sign_ins(date=MONDAY)) == ["2026-11-23 9:00 o-2 0", "2026-11-23 10:10 o-1 0"]
    assert times(desk.sign_ins()) == times(desk.sign_ins(date=MONDAY))
    assert desk.sign_ins(date=MONDAY + timedelta(days=1)) == []


def _insert(day: date) -> None:
    with db.transaction():
        db.insert(Appointment, {**ZHANG, "day": day, "minute": 540, "live": 1, "created_at": clock.now()})


@pytest.mark.parametrize(
    ("today", "oldest"),
    [("2026-11-23", "2026-10-23"), ("2027-03-31", "2027-02-28"), ("2027-01-15", "2026-12-15")],
)
def test_without_a_date_from_one_month_ago_on(office: Flask, today: str, oldest: str) -> None:
    first = date.fromisoformat(oldest)
    with time_machine.travel(f"{today}T00:00:00+00:00", tick=False):
        for day in (first - timedelta(days=1), first, first + timedelta(days=100)):
            _insert(day)
        assert [row["day"] for row in desk.appointments()] == [str(first + timedelta(days=100)), oldest]


def test_a_list_is_bounded_and_keeps_the_newest(office: Flask) -> None:
    for n in range(5):
        _insert(MONDAY + timedelta(days=n))
    office.extensions["wxservices"]._settings = _with_rows(office, 3)
    assert [row["day"] for row in desk.appointments()] == ["2026-11-27", "2026-11-26", "2026-11-25"]


def _with_rows(app: Flask, most: int) -> Any:
    import dataclasses

    return dataclasses.replace(app.extensions["wxservices"].settings, appointment_list_max=most)


@pytest.mark.parametrize("ask", [desk.appointments, desk.sign_ins])
def test_a_list_goes_by_an_index(office: Flask, ask: Any) -> None:
    """The plan names the index and needs no sorting of its own, on a table that is worth one."""
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        asked.append((statement, parameters))

    rows = [
        {**ZHANG, "open_id": f"o{n}", "day": MONDAY - timedelta(days=n % 300), "minute": 540, "created_at": clock.now()}
        for n in range(3000)
    ]
    with db.transaction():
        db.execute(sa.insert(Appointment), rows)
    sa.event.listen(db.engine(), "before_cursor_execute", note)
    ask(date=MONDAY)
    sa.event.remove(db.engine(), "before_cursor_execute", note)
    ((statement, parameters),) = asked
    explain = "EXPLAIN QUERY PLAN" if db.engine().dialect.name == "sqlite" else "EXPLAIN"
    with db.engine().connect() as connection:
        plan = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
    told = " ".join(str(column) for row in plan for column in row)
    assert "ix_wx_appointment_appointment_" in told
    assert "TEMP B-TREE" not in told
    assert "filesort" not in told
