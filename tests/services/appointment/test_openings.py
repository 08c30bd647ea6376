"""Which days, hours and minutes are on offer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from appointment_data import LI, MONDAY, SUNDAY, ZHANG, book, load, person
from wxservices import db
from wxservices.errors import BadParameter
from wxservices.services.appointment import booking, openings
from wxservices.services.appointment.openings import NotFree

TEN = "2026-11-23T02:00:00+00:00"
"""10:00 in Beijing."""


def days() -> list[str]:
    return openings.available_days()["days"]


def statuses(day: date = MONDAY, hour: int = 9) -> dict[int, int]:
    return {row["minute"]: row["status"] for row in openings.minutes(day=day, hour=hour)["minutes"]}


def test_working_days_within_thirty_are_on_offer(office: Flask) -> None:
    found = days()
    assert found[:6] == ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27", "2026-11-30"]
    assert found[-1] == "2026-12-22"  # the thirtieth, today being the first
    assert len(found) == 22


def test_hours_and_minutes_are_in_order_with_their_status(office: Flask) -> None:
    assert openings.hours(day=MONDAY) == [{"hour": hour, "status": 0} for hour in (9, 10, 13)]
    assert statuses() == dict.fromkeys((0, 10, 20, 30, 40, 50), 0)
    assert statuses(hour=13) == {30: 0, 45: 0}


def test_a_minute_is_gone_when_it_is_full_and_an_hour_when_all_its_minutes_are(office: Flask) -> None:
    book(ZHANG, 13, 30)
    assert statuses(hour=13) == {30: 1, 45: 0}
    assert openings.hours(day=MONDAY)[-1] == {"hour": 13, "status": 0}
    book(ZHANG, 13, 45)
    assert openings.hours(day=MONDAY)[-1] == {"hour": 13, "status": 1}
    book(ZHANG)
    assert statuses()[0] == 0  # one of two places
    book(LI)
    assert statuses()[0] == 1


def test_what_has_begun_is_gone(office: Flask) -> None:
    with time_machine.travel(TEN, tick=False):
        assert openings.hours(day=MONDAY) == [{"hour": hour, "status": int(hour == 9)} for hour in (9, 10, 13)]
        assert statuses(hour=10) == {0: 1, 10: 0, 20: 0, 30: 0, 40: 0, 50: 0}
        with pytest.raises(NotFree):
            openings.find(day=MONDAY, hour=10, minute=0)
    with time_machine.travel("2026-11-23T05:45:00+00:00", tick=False):
        assert days()[0] == "2026-11-24"


def test_the_day_is_that_of_the_business_zone(office: Flask) -> None:
    with time_machine.travel("2026-11-22T16:00:00+00:00", tick=False):  # midnight in Beijing
        assert days()[0] == "2026-11-23"
    with time_machine.travel("2026-11-22T15:59:59+00:00", tick=False):
        assert openings.hours(day=SUNDAY - timedelta(days=7)) == []


def test_a_full_day_is_not_on_offer(office: Flask) -> None:
    load({"openings": [{"day": "2026-11-24", "hours": [{"start": "0900", "end": "0910", "capacity": 1}]}]})
    assert "2026-11-24" in days()
    number = book(ZHANG, day=date(2026, 11, 24))
    assert "2026-11-24" not in days()
    booking.revoke(appointment_id=number)
    assert "2026-11-24" in days()


def test_days_off_are_the_calendars_and_the_operators(office: Flask) -> None:
    assert openings.hours(day=SUNDAY) == []
    load({"days": [{"day": "2026-11-29", "working": True}, {"day": "2026-11-24", "working": False}]})
    assert "2026-11-29" in days()
    assert "2026-11-24" not in days()
    with pytest.raises(BadParameter, match="day "):
        openings.find(day=date(2026, 11, 24), hour=9, minute=0)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        ("2026-11-24", [9, 10, 13]),  # a Tuesday
        ("2026-11-25", [8]),  # a Wednesday
        ("2026-11-29", [20]),  # a Sunday with hours of its own
        ("2026-12-02", [7]),  # a Wednesday with hours of its own
        ("2026-11-28", []),
    ],
)
def test_hours_of_the_day_come_before_the_weekdays_and_these_before_all(
    office: Flask, day: str, hours: list[int]
) -> None:
    def at(start: str, end: str) -> list[dict[str, Any]]:
        return [{"start": start, "end": end, "step": 60, "capacity": 1}]

    load(
        {
            "openings": [
                {"weekday": 3, "hours": at("0800", "0900")},
                {"weekday": 6, "hours": at("0800", "0900")},  # Saturdays are days off
                {"day": "2026-11-29", "hours": at("2000", "2100")},
                {"day": "2026-12-02", "hours": at("0700", "0800")},
            ]
        }
    )
    assert [row["hour"] for row in openings.hours(day=date.fromisoformat(day))] == hours


def test_an_exception_gives_a_minute_other_places(office: Flask) -> None:
    at = {"day": "2026-11-23"}
    load({"minutes": [{**at, "time": "0900", "capacity": 0}, {**at, "time": "0910", "capacity": 3}]})
    assert statuses()[0] == 1
    with pytest.raises(NotFree):
        book()
    for number in range(3):
        book(person(number), minute=10)
    assert statuses()[10] == 1
    with pytest.raises(NotFree):
        book(person(3), minute=10)
    load({"minutes": [{**at, "time": "0900"}, {**at, "time": "0910"}]})
    assert statuses() == dict.fromkeys((0, 10, 20, 30, 40, 50), 0) | {10: 1}  # three of two


def test_an_exception_for_a_minute_that_is_not_on_offer_offers_nothing(office: Flask) -> None:
    load({"minutes": [{"day": "2026-11-23", "time": "1200", "capacity": 5}]})
    assert [row["hour"] for row in openings.hours(day=MONDAY)] == [9, 10, 13]
    with pytest.raises(BadParameter):
        book(hour=12)


@pytest.mark.parametrize("ask", [openings.hours, lambda day: openings.minutes(day=day, hour=9)])
def test_a_day_out_of_reach_is_refused(office: Flask, ask: Any) -> None:
    with pytest.raises(BadParameter, match="day "):
        ask(day=MONDAY + timedelta(days=30))
    with pytest.raises(NotFree):
        ask(day=MONDAY - timedelta(days=1))
    ask(day=MONDAY + timedelta(days=29))


@pytest.mark.parametrize(
    ("hour", "minute", "field"), [(8, 0, "hour"), (11, 0, "hour"), (9, 5, "minute"), (13, 0, "minute")]
)
def test_a_minute_off_the_grid_is_refused_by_name(office: Flask, hour: int, minute: int, field: str) -> None:
    with pytest.raises(BadParameter, match=f"{field} "):
        openings.find(day=MONDAY, hour=hour, minute=minute)


def test_nothing_is_on_offer_before_the_operator_says_so(office: Flask) -> None:
    load({"openings": [{"hours": []}]})
    assert days() == []
    assert openings.hours(day=MONDAY) == []


@pytest.mark.parametrize(
    "ask",
    [
        openings.available_days,
        lambda: openings.hours(day=MONDAY),
        lambda: openings.minutes(day=MONDAY, hour=9),
    ],
)
def test_each_question_costs_three_statements_however_much_is_booked(office: Flask, ask: Any) -> None:
    counted: list[str] = []

    def count(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        counted.append(statement)

    for number in range(6):
        book(person(number), minute=number % 3 * 10)
    sa.event.listen(db.engine(), "before_cursor_execute", count)
    ask()
    sa.event.remove(db.engine(), "before_cursor_execute", count)
    assert len(counted) == 3
