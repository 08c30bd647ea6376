"""Making, listing and cancelling appointments."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from appointment_data import LI, MONDAY, ZHANG, book, person
from wxservices import db, signals
from wxservices.errors import Conflict, NotAllowed, NotFound
from wxservices.models.appointment import Appointment, Tally
from wxservices.services.appointment import booking, signin
from wxservices.services.appointment.openings import NotFree

_rows = db.Query(sa.select(*Appointment.__table__.c).order_by(Appointment.id))
_taken = db.Query(sa.select(sa.func.coalesce(sa.func.sum(Tally.booked), 0)))


def cancel(number: int, open_id: str = "o-1") -> None:
    booking.cancel(appointment_id=number, open_id=open_id)


def test_an_appointment_is_kept_as_it_was_made(office: Flask) -> None:
    number = book(ZHANG | {"name": "𠮷田😀"}, 10, 20)
    (row,) = _rows.all()
    assert (row.id, row.open_id, row.name, row.phone_num) == (number, "o-1", "𠮷田😀", "13800138000")
    assert (row.day, row.minute, row.live) == (MONDAY, 620, 1)


def test_a_full_minute_is_refused_and_leaves_nothing(office: Flask) -> None:
    book(person(1))
    book(person(2))
    with pytest.raises(NotFree):
        book(person(3))
    assert len(_rows.all()) == 2 == _taken.scalar()


def test_the_same_minute_twice_is_told_so_even_where_that_was_the_last_place(office: Flask) -> None:
    book(ZHANG)
    with pytest.raises(Conflict, match="已预约"):
        book(ZHANG)
    book(ZHANG, 13, 30)
    with pytest.raises(Conflict, match="已预约") as refusal:
        book(ZHANG, 13, 30)
    assert not isinstance(refusal.value, NotFree)
    assert _taken.scalar() == 2


def test_other_minutes_and_other_people_are_free_to_book(office: Flask) -> None:
    book(ZHANG)
    book(ZHANG, minute=10)
    book(ZHANG, day=MONDAY + timedelta(days=1))
    book(LI)
    book(ZHANG | {"open_id": "O-1"}, minute=20)  # ids that differ in case are two
    assert _taken.scalar() == 5


def test_what_has_begun_is_refused(office: Flask) -> None:
    with time_machine.travel("2026-11-23T01:00:00+00:00", tick=False), pytest.raises(NotFree):
        book()
    with pytest.raises(NotFree):
        book(day=MONDAY - timedelta(days=3))


def test_cancelling_frees_the_place_and_the_minute_may_be_booked_again(office: Flask) -> None:
    first = book(ZHANG, 13, 30)
    cancel(first)
    assert _taken.scalar() == 0
    second = book(ZHANG, 13, 30)
    cancel(second)
    book(ZHANG, 13, 30)
    assert [row.live for row in _rows.all()] == [None, None, 1]
    assert _taken.scalar() == 1


def test_only_the_owner_cancels_and_only_once(office: Flask) -> None:
    number = book(ZHANG)
    with pytest.raises(NotAllowed):
        cancel(number, "o-2")
    with pytest.raises(NotFound):
        cancel(number + 1)
    cancel(number)
    with pytest.raises(Conflict):
        cancel(number)
    assert _taken.scalar() == 0


def test_an_operator_cancels_anyones(office: Flask) -> None:
    number = book(ZHANG)
    booking.revoke(appointment_id=number)
    assert _taken.scalar() == 0
    with pytest.raises(Conflict):
        booking.revoke(appointment_id=number)
    with pytest.raises(NotFound):
        booking.revoke(appointment_id=number + 1)


def test_a_signed_in_one_cannot_be_cancelled(office: Flask) -> None:
    number = book(ZHANG)
    signin.sign_in(appointment_id=number)
    with pytest.raises(Conflict):
        cancel(number)
    assert _taken.scalar() == 1


def test_a_past_one_can_be_cancelled_until_its_day_is_over(office: Flask) -> None:
    first, second = book(ZHANG), book(LI)
    with time_machine.travel("2026-11-23T15:59:00+00:00", tick=False):
        cancel(first)
    with time_machine.travel("2026-11-23T16:00:00+00:00", tick=False), pytest.raises(NotFree):
        cancel(second, "o-2")


def test_the_list_has_the_live_ones_of_this_open_id_the_latest_first(office: Flask) -> None:
    early, late = book(ZHANG), book(ZHANG, 13, 30)
    tomorrow = book(ZHANG, 9, 10, MONDAY + timedelta(days=1))
    cancel(book(ZHANG, 10, 0))
    book(LI)
    assert booking.appointments(open_id="o-1") == [
        {"datetime": "2026-11-24 09:10:00", "appointment_id": tomorrow},
        {"datetime": "2026-11-23 13:30:00", "appointment_id": late},
        {"datetime": "2026-11-23 09:00:00", "appointment_id": early},
    ]
    assert booking.appointments(open_id="nobody") == []


def test_the_list_is_bounded(office: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {**ZHANG, "day": date(2026, 1, 1) + timedelta(days=n), "minute": 540, "live": 1, "created_at": _now()}
        for n in range(booking.LISTED + 1)
    ]
    with db.transaction():
        db.execute(sa.insert(Appointment), rows)
    found = booking.appointments(open_id="o-1")
    assert len(found) == booking.LISTED
    assert found[-1]["datetime"] == "2026-01-02 09:00:00"


def _now() -> Any:
    from wxservices import clock

    return clock.now()


def test_the_host_hears_of_it_after_the_commit(office: Flask) -> None:
    heard: list[tuple[int, str, int]] = []

    def hear(sender: Flask, appointment_id: int, open_id: str) -> None:
        heard.append((appointment_id, open_id, len(_rows.all())))

    with (
        signals.appointment_booked.connected_to(hear, office),
        signals.appointment_cancelled.connected_to(hear, office),
    ):
        number = book(ZHANG)
        cancel(number)
    assert heard == [(number, "o-1", 1)] * 2
