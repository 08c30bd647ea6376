"""Days and periods on offer."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from flask import Flask

from traffic_data import MONDAY, ZHANG, book, timeid
from wxservices import db, fields
from wxservices.errors import BadParameter
from wxservices.services.traffic import operator, slots


def _load(**data: object) -> None:
    with db.transaction():
        sum(operator.apply(fields.load(operator.TrafficData(), data)))


def test_eight_days_from_today_with_their_weekday(office_app: Flask) -> None:
    days = slots.days()["datelist"]
    assert [day["date"] for day in days][::7] == ["20261123", "20261130"]
    assert len(days) == 8
    assert "".join(day["weekday"] for day in days) == "一二三四五六日一"
    assert "".join(day["status"] for day in days) == "11111001"


@pytest.mark.parametrize(
    ("instant", "first"),
    [("2026-11-22T15:59:59+00:00", "20261122"), ("2026-11-22T16:00:00+00:00", "20261123")],
)
def test_today_is_the_business_zones(office_app: Flask, instant: str, first: str) -> None:
    with time_machine.travel(instant, tick=False):
        assert slots.days()["datelist"][0]["date"] == first


@pytest.mark.parametrize(
    ("instant", "statuses"),
    [
        ("2026-02-13T04:00:00+00:00", "11000000"),  # Saturday worked before the Spring Festival
        ("2026-09-18T04:00:00+00:00", "10111110"),  # the Sunday before National Day is worked
        ("2041-12-30T04:00:00+00:00", "11111001"),  # no calendar yet: the plain week
    ],
)
def test_the_official_calendar_with_its_worked_weekends(office_app: Flask, instant: str, statuses: str) -> None:
    with time_machine.travel(instant, tick=False):
        assert "".join(day["status"] for day in slots.days()["datelist"]) == statuses


def test_the_operators_exceptions_are_above_the_calendar(office_app: Flask) -> None:
    _load(days=[{"day": "2026-11-24", "working": False}, {"day": "2026-11-28", "working": True}])
    assert "".join(day["status"] for day in slots.days()["datelist"]) == "10111101"
    assert slots.times(date=date(2026, 11, 24), busitype="0") == {"timelist": []}
    assert len(slots.times(date=date(2026, 11, 28), busitype="0")["timelist"]) == 2


def test_periods_are_in_time_order_with_an_opaque_id(office_app: Flask) -> None:
    times = slots.times(date=MONDAY, busitype="0")["timelist"]
    assert [(row["starttime"], row["endtime"], row["status"]) for row in times] == [
        ("0900", "1000", "0"),
        ("1000", "1100", "0"),
    ]
    found = slots.find(times[0]["timeid"])
    assert (found.day, found.busitype, found.starttime) == (MONDAY, "0", "0900")


def test_a_period_is_closed_once_it_is_full_or_has_begun(office_app: Flask) -> None:
    book(ZHANG, timeid=timeid(1))
    assert [row["status"] for row in slots.times(date=MONDAY, busitype="0")["timelist"]] == ["0", "1"]
    with time_machine.travel("2026-11-23T01:00:00+00:00", tick=False):
        assert [row["status"] for row in slots.times(date=MONDAY, busitype="0")["timelist"]] == ["1", "1"]


def test_a_day_with_slots_of_its_own_has_these_and_no_others(office_app: Flask) -> None:
    for day in ("2026-11-24", "2026-11-28"):  # a working day and a Saturday
        _load(slots=[{"busitype": "0", "day": day, "starttime": "1300", "endtime": "1400", "capacity": 1}])
        times = slots.times(date=date.fromisoformat(day), busitype="0")["timelist"]
        assert [row["starttime"] for row in times] == ["1300"]


def test_a_slot_of_no_capacity_is_off_the_list(office_app: Flask) -> None:
    _load(slots=[{"busitype": "0", "starttime": "0900", "endtime": "1000", "capacity": 0}])
    assert [row["starttime"] for row in slots.times(date=MONDAY, busitype="0")["timelist"]] == ["1000"]


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2026, 12, 1), date.max, date.min])
def test_a_day_that_is_not_on_offer_is_refused(office_app: Flask, day: date) -> None:
    with pytest.raises(BadParameter, match="date"):
        slots.times(date=day, busitype="0")


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "x",
        "20261123-0-999999",
        "20261123-1-1",
        "20261123-2-1",
        "20261122-0-1",
        "20261301-0-1",
        "99999999-0-1",
        "20261123-0-" + "9" * 18,
        "２0261123-0-1",
        "20261123-0-1\n",
    ],
)
def test_a_timeid_that_names_nothing_on_offer_is_refused(office_app: Flask, wrong: str) -> None:
    with pytest.raises(BadParameter, match="timeid"):
        slots.find(wrong)
