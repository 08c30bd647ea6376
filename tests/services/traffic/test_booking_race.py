"""Nothing is given twice, and the proof that these tests would notice: the same load without the guard."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from races import race
from traffic_data import ZHANG, code_for, office, person
from wxservices import db, sms
from wxservices.errors import Conflict
from wxservices.models.common import SmsCode
from wxservices.models.traffic import Booking, Number, Slot, Tally
from wxservices.services.traffic import booking, slots

HERE = Path(__file__)
THREADS, PROCESSES, CAPACITY = 13, 4, 7
pytestmark = pytest.mark.race

_places = db.Query(sa.select(sa.func.count()).select_from(Booking))
_tally = db.Query(sa.select(sa.func.coalesce(sa.func.sum(Tally.booked), 0)))
_spent = db.Query(sa.select(sa.func.count()).where(SmsCode.spent_at.is_not(None)))


def _tomorrow() -> date:
    return datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=1)


def _office() -> dict[str, Any]:
    at = {"busitype": "0", "day": _tomorrow().isoformat()}
    return {
        "businesses": [{"busiid": "111", "businame": "年检"}],
        "slots": [
            {**at, "starttime": "0900", "endtime": "1000", "capacity": CAPACITY},
            {**at, "starttime": "1000", "endtime": "1100", "capacity": 1000},
        ],
    }


def _timeids() -> list[str]:
    return [row["timeid"] for row in slots.times(date=_tomorrow(), busitype="0")["timelist"]]


def confirm(number: int, timeids: list[str], people: list[dict[str, str]], codes: list[str], guard: str = "") -> str:
    """What each thread does: book for its person, with the guards of *guard* taken out."""
    if "places" in guard:
        slots.take = _take_unguarded
    if "person" in guard:
        booking._live = db.Query(sa.select(Booking.id).where(sa.false()))
        _insert = db.insert
        db.insert = lambda table, values: _insert(table, {**values, "live_key": None})
    if "code" in guard:
        sms.spend_code = lambda code_id: None
    who = number % len(people)
    booking.confirm(
        openid=f"o{number}",
        busitype="0",
        busiid="111",
        verifycode=codes[who],
        timeid=timeids[number % len(timeids)],
        **people[who],
    )
    return "booked"


def _take_unguarded(period: slots.Period) -> None:
    row = (Tally.day == period.day, Tally.slot_id == period.id)
    booked = db.session().scalar(sa.select(Tally.booked).where(*row))
    capacity = db.session().scalar(sa.select(Slot.capacity).where(Slot.id == period.id))
    if booked >= capacity:
        raise Conflict
    time.sleep(0.02)
    db.session().execute(sa.update(Tally).where(*row).values(booked=booked + 1))


def _race(uri: str, people: list[dict[str, str]], timeids: slice, guard: str = "") -> list[str]:
    codes = [code_for(who["phone"]) for who in people]
    return race(
        f"{HERE.stem}:confirm",
        uri,
        path=HERE,
        processes=PROCESSES,
        threads=THREADS,
        timeids=_timeids()[timeids],
        people=people,
        codes=codes,
        guard=guard,
    )


CROWD = [person(number) for number in range(THREADS * PROCESSES)]


def test_never_more_than_the_capacity(rowless_uri: str) -> None:
    with office(rowless_uri, _office()):
        outcomes = _race(rowless_uri, CROWD, slice(1))
        assert outcomes.count("booked") == CAPACITY == _places.scalar() == _tally.scalar() == _spent.scalar()
        assert outcomes.count("Conflict") == len(CROWD) - CAPACITY


def test_without_the_guard_the_same_load_oversells(rowless_uri: str) -> None:
    with office(rowless_uri, _office()):
        outcomes = _race(rowless_uri, CROWD, slice(1), "places")
        assert outcomes.count("booked") > CAPACITY
        assert _places.scalar() > CAPACITY


def test_all_numbers_differ_and_none_is_left_out(rowless_uri: str) -> None:
    with office(rowless_uri, _office()):
        outcomes = _race(rowless_uri, CROWD, slice(1, None))
        assert outcomes.count("booked") == len(CROWD)
        numbers = db.Query(sa.select(Booking.ordernum)).all()
        assert sorted(int(row.ordernum[-4:]) for row in numbers) == list(range(1, len(CROWD) + 1))
        assert db.Query(sa.select(Number.last)).scalar() == len(CROWD)


@pytest.mark.parametrize("timeids", [slice(1, None), slice(None)], ids=["one slot", "two slots"])
def test_one_person_at_once_gets_one_booking(rowless_uri: str, timeids: slice) -> None:
    with office(rowless_uri, _office()):
        outcomes = _race(rowless_uri, [ZHANG], timeids)
        assert outcomes.count("booked") == 1 == _places.scalar() == _tally.scalar() == _spent.scalar()


def test_without_the_guard_one_person_gets_several(rowless_uri: str) -> None:
    with office(rowless_uri, _office()):
        outcomes = _race(rowless_uri, [ZHANG], slice(1, None), "person code")
        assert outcomes.count("booked") > 1


def test_a_code_is_spent_once(rowless_uri: str) -> None:
    """Different people who share a phone, and so a code: the live booking does not stop them."""
    crowd = [{**who, "phone": ZHANG["phone"]} for who in CROWD]
    with office(rowless_uri, _office()):
        codes = [code_for(ZHANG["phone"])] * len(crowd)
        arguments = {"timeids": _timeids()[1:], "people": crowd, "codes": codes}
        run = {"path": HERE, "processes": PROCESSES, "threads": THREADS}
        assert race(f"{HERE.stem}:confirm", rowless_uri, **run, **arguments).count("booked") == 1


def test_without_the_guard_a_code_is_spent_often(rowless_uri: str) -> None:
    crowd = [{**who, "phone": ZHANG["phone"]} for who in CROWD]
    with office(rowless_uri, _office()):
        codes = [code_for(ZHANG["phone"])] * len(crowd)
        arguments = {"timeids": _timeids()[1:], "people": crowd, "codes": codes, "guard": "code"}
        run = {"path": HERE, "processes": PROCESSES, "threads": THREADS}
        assert race(f"{HERE.stem}:confirm", rowless_uri, **run, **arguments).count("booked") > 1
