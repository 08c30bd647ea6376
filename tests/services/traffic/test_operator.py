"""What the operator of ``traffic`` loads, and what comes back."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from marshmallow import ValidationError

from traffic_data import OFFICE, ZHANG, book
from wxservices import db, workdays
from wxservices.services.traffic import booking, operator, slots


def load(data: dict[str, Any]) -> int:
    with db.transaction():
        return sum(operator.apply(operator.TrafficData().load(data)))


def slot(**changes: Any) -> dict[str, Any]:
    return {"busitype": "0", "starttime": "0900", "endtime": "1000", "capacity": 2, **changes}


EVERYTHING = {
    "businesses": [
        {"busiid": "9", "businame": "先来的"},
        {"busiid": "1", "businame": "机动车", "children": [{"busiid": "11", "businame": "年检", "busitips": "一\n二"}]},
    ],
    "slots": [slot(), slot(day="2026-11-24", capacity=0), slot(busitype="1", starttime="1000", endtime="1030")],
    "days": [{"day": "2026-11-23", "working": False}, {"day": "2026-11-28", "working": True}],
}


def test_what_is_loaded_comes_back_and_can_be_loaded_again(office_app: Flask) -> None:
    assert load({**EVERYTHING, "slots": [*EVERYTHING["slots"], *OFFICE["slots"][1:]]}) == 10
    once = operator.dump()
    assert once["businesses"] == EVERYTHING["businesses"]
    assert once["days"] == EVERYTHING["days"]
    assert all(row in once["slots"] for row in EVERYTHING["slots"])
    assert load(once) == 10
    assert operator.dump() == once


def test_businesses_and_days_are_the_whole_and_slots_are_not(office_app: Flask) -> None:
    load(EVERYTHING)
    before = operator.dump()
    load({"businesses": [], "days": []})
    after = operator.dump()
    assert (after["businesses"], after["days"]) == ([], [])
    assert after["slots"] == before["slots"]
    load({"slots": []})
    assert operator.dump() == after


def test_a_slot_keeps_its_bookings_when_it_is_loaded_again(office_app: Flask) -> None:
    book(ZHANG)
    load({"slots": [slot(capacity=1, endtime="0930")]})
    first = slots.times(date=slots.clock.today(), busitype="0")["timelist"][0]
    assert (first["starttime"], first["endtime"], first["status"]) == ("0900", "0930", "1")
    load({"slots": [slot(capacity=0)]})
    assert [row["starttime"] for row in slots.times(date=slots.clock.today(), busitype="0")["timelist"]] == ["1000"]
    assert len(booking.orders(openid=f"o-{ZHANG['phone']}")["orderlist"]) == 1


def test_loaded_days_are_above_the_calendar(office_app: Flask) -> None:
    today = slots.clock.today()
    assert workdays.is_working("traffic", today)
    load({"days": [{"day": today.isoformat(), "working": False}]})
    assert not workdays.is_working("traffic", today)


def test_many_slots_are_loaded_in_steps(office_app: Flask) -> None:
    data = {"slots": [slot(starttime=f"{n // 60:02}{n % 60:02}", endtime="2359") for n in range(450)]}
    with db.transaction():
        assert list(operator.apply(operator.TrafficData().load(data))) == [200, 200, 50]
    assert len([row for row in operator.dump()["slots"] if row["endtime"] == "2359"]) == 450


def business(busiid: str, *children: dict[str, Any]) -> dict[str, Any]:
    return {"busiid": busiid, "businame": "x", "children": list(children)}


FAULTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a slot that ends before it starts": (
        {"slots": [slot(), slot(starttime="1000")]},
        {"slots": {1: {"endtime": ["应晚于starttime"]}}},
    ),
    "no such time": ({"slots": [slot(endtime="2400")]}, {"slots": {0: {"endtime": ["格式不正确"]}}}),
    "no such type": ({"slots": [slot(busitype="2")]}, {"slots": {0: {"busitype": ["不在允许的取值范围内"]}}}),
    "no such day": ({"slots": [slot(day="2026-02-30")]}, {"slots": {0: {"day": ["格式不正确"]}}}),
    "the same slot twice": (
        {"slots": [slot(), slot(busitype=0, starttime="09:00")]},
        {"slots": {1: ["与第1项重复"]}},
    ),
    "the same day twice": (
        {"days": [{"day": "2026-10-01", "working": True}, {"day": "2026-10-01", "working": False}]},
        {"days": {1: ["与第1项重复"]}},
    ),
    "an id twice among siblings": (
        {"businesses": [business("1"), business("1")]},
        {"businesses": {1: ["与第1项重复"]}},
    ),
    "an id twice in the tree": (
        {"businesses": [business("1", business("2", business("1"))), business("2")]},
        {
            "businesses": {
                0: {"children": {0: {"children": {0: {"busiid": ["与其他业务重复"]}}}}},
                1: {"busiid": ["与其他业务重复"]},
            }
        },
    ),
    "a long name": (
        {"businesses": [{"busiid": "1", "businame": "长" * 65}]},
        {"businesses": {0: {"businame": ["不能超过64个字符"]}}},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_told_where_they_are(office_app: Flask, fault: str) -> None:
    data, messages = FAULTS[fault]
    with pytest.raises(ValidationError) as caught:
        operator.TrafficData().load(data)
    assert caught.value.messages == messages
