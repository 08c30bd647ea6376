"""Nothing is given twice, and the proof that these tests would notice: the same load without the guard."""

from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from appointment_data import book, person, serving
from races import race
from wxservices import clock, db
from wxservices.errors import Conflict
from wxservices.models.appointment import Appointment, Tally
from wxservices.services.appointment import booking, openings, signin

HERE = Path(__file__)
THREADS, PROCESSES, CAPACITY = 8, 4, 5
CROWD = THREADS * PROCESSES
pytestmark = pytest.mark.race

_rows = db.Query(sa.select(*Appointment.__table__.c))
_taken = db.Query(sa.select(sa.func.coalesce(sa.func.sum(Tally.booked), 0)))

UNGUARDED = "unguarded"


def _today() -> date:
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def _tomorrow() -> date:
    return _today() + timedelta(days=1)


def _office() -> dict[str, Any]:
    """Open tomorrow, whatever day that is."""
    hours = [
        {"start": "09:00", "end": "10:00", "capacity": CAPACITY},
        {"start": "10:00", "end": "11:00", "capacity": 1000},
    ]
    return {"openings": [{"day": _tomorrow().isoformat(), "hours": hours}]}


def run(uri: str, target: str, **arguments: Any) -> list[Any]:
    return race(f"{HERE.stem}:{target}", uri, path=HERE, processes=PROCESSES, threads=THREADS, **arguments)


# The last place of a minute


def make(number: int, open_ids: int, hour: int, guard: str) -> str:
    """What each thread does: book tomorrow, as one of so many people."""
    if "places" in guard:
        openings.take = _take_unguarded
    if "person" in guard:
        booking._live = db.Query(sa.select(Appointment.id).where(sa.false()))
        insert = booking.db.insert
        booking.db.insert = lambda model, values: insert(model, {**values, "live": number + 1})
    book(person(number % open_ids), hour, 0, _tomorrow())
    return "booked"


def _take_unguarded(minute: openings.Minute) -> None:
    row = (Tally.day == minute.day, Tally.minute == minute.of_day)
    booked = db.session().scalar(sa.select(Tally.booked).where(*row))
    if booked >= minute.capacity:
        raise openings.NotFree
    time.sleep(0.02)
    db.session().execute(sa.update(Tally).where(*row).values(booked=booked + 1))


def test_never_more_than_the_capacity(database_uri: str) -> None:
    with serving(database_uri, _office()):
        outcomes = run(database_uri, "make", open_ids=CROWD, hour=9, guard="")
        assert outcomes.count("booked") == CAPACITY == len(_rows.all()) == _taken.scalar()
        assert outcomes.count("NotFree") == CROWD - CAPACITY


def test_without_the_guard_the_same_load_oversells(database_uri: str) -> None:
    with serving(database_uri, _office()):
        outcomes = run(database_uri, "make", open_ids=CROWD, hour=9, guard="places")
        assert outcomes.count("booked") > CAPACITY
        assert len(_rows.all()) > CAPACITY


# One open_id, one minute


@pytest.mark.parametrize("hour", [9, 10])
def test_one_open_id_gets_a_minute_once(database_uri: str, hour: int) -> None:
    with serving(database_uri, _office()):
        outcomes = run(database_uri, "make", open_ids=1, hour=hour, guard="")
        assert outcomes.count("booked") == 1 == len(_rows.all()) == _taken.scalar()
        assert outcomes.count("Conflict") == CROWD - 1


def test_without_the_guard_it_gets_it_several_times(database_uri: str) -> None:
    with serving(database_uri, _office()):
        outcomes = run(database_uri, "make", open_ids=1, hour=10, guard="person")
        assert outcomes.count("booked") > 1


# Cancel against sign-in; sign-in against itself


def come_or_cancel(number: int, ids: list[int], cancelling: bool, guard: str) -> list[Any]:
    """What each thread does: sign one of *ids* in, or cancel it.  Answers what came of it, and how many notices it
    sent: within a process they come in the thread that publishes.
    """
    if guard == UNGUARDED:
        signin._sign_in, booking._cancel = _Unguarded("signed_in_at"), _Unguarded("cancelled_at")
        booking.db.changed = _change
    channel = signin.channel()
    channel.add(HEARD.append_thread)
    appointment_id = ids[number // 2 % len(ids)]
    try:
        if cancelling and number % 2:
            booking.revoke(appointment_id=appointment_id)
            outcome = "cancelled"
        else:
            signin.sign_in(appointment_id=appointment_id)
            outcome = "signed in"
    except Conflict:
        outcome = "refused"
    return [outcome, HEARD.threads.count(threading.get_ident())]


class _Heard:
    def __init__(self) -> None:
        self.threads: list[int] = []

    def append_thread(self, notice: Any) -> None:
        self.threads.append(threading.get_ident())


HEARD = _Heard()


class _Unguarded:
    """A read of the state, then a write without a condition, in the place of one conditional write."""

    def __init__(self, column: str) -> None:
        self.column = column


_changed = db.changed


def _change(statement: Any, params: Any = None) -> int:
    if not isinstance(statement, _Unguarded):
        return _changed(statement, params)
    number = params["appointment_id"]
    row = db.session().execute(sa.select(*Appointment.__table__.c).where(Appointment.id == number)).one()
    if row.live is None or row.signed_in_at is not None:
        return 0
    time.sleep(0.1)  # so that the others read, too, before it is written
    values = {statement.column: clock.now()} | ({"live": None} if statement.column == "cancelled_at" else {})
    return _changed(sa.update(Appointment).where(Appointment.id == number).values(values))


def _book_today(count: int) -> list[int]:
    """Appointments of today, whatever time it is: put there as the demonstration puts its own."""
    with db.transaction():
        db.insert(Tally, {"day": _today(), "minute": 600, "booked": count})
        values = {"day": _today(), "minute": 600, "live": 1, "created_at": datetime.now(UTC)}
        return [int(db.insert(Appointment, {**person(n), **values})) for n in range(count)]


def test_cancel_and_sign_in_one_wins(database_uri: str) -> None:
    with serving(database_uri, _office()):
        ids = _book_today(CROWD // 4)
        outcomes = run(database_uri, "come_or_cancel", ids=ids, cancelling=True, guard="")
        cancelled = sum(outcome == "cancelled" for outcome, _ in outcomes)
        signed_in = sum(outcome == "signed in" for outcome, _ in outcomes)
        rows = _rows.all()
        assert cancelled == sum(row.live is None and row.cancelled_at is not None for row in rows)
        assert signed_in == sum(row.live == 1 and row.signed_in_at is not None for row in rows)
        assert cancelled + signed_in == len(ids)
        assert _taken.scalar() == signed_in == sum(notices for _, notices in outcomes)


def test_without_the_guard_both_win(database_uri: str) -> None:
    with serving(database_uri, _office()):
        outcomes = run(database_uri, "come_or_cancel", ids=_book_today(1), cancelling=True, guard=UNGUARDED)
        assert sum(outcome not in ("refused", "OperationalError") for outcome, *_ in map(_pair, outcomes)) > 1


def test_sign_in_at_once_succeeds_once_with_one_notice(database_uri: str) -> None:
    with serving(database_uri, _office()):
        outcomes = run(database_uri, "come_or_cancel", ids=_book_today(1), cancelling=False, guard="")
        assert sorted(outcome for outcome, _ in outcomes) == ["refused"] * (CROWD - 1) + ["signed in"]
        assert sum(notices for _, notices in outcomes) == 1


def test_without_the_guard_it_succeeds_several_times(database_uri: str) -> None:
    with serving(database_uri, _office()):
        outcomes = run(database_uri, "come_or_cancel", ids=_book_today(1), cancelling=False, guard=UNGUARDED)
        assert sum(notices for _, notices in map(_pair, outcomes)) > 1


def _pair(outcome: Any) -> list[Any]:
    """A thread whose transaction the data base broke off answers its error's name alone."""
    return outcome if isinstance(outcome, list) else [outcome, 0]
