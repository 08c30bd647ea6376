"""The kiosk's check: what it answers, what it costs, whom it answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from traffic_data import EARLY, LI, MONDAY, ZHANG, book, office, timeid
from wxservices import clock, db, signals
from wxservices.errors import NotAllowed, NotFound, TooMany
from wxservices.models.traffic import Booking
from wxservices.services.traffic import booking, kiosk

_status = db.Query(sa.select(Booking.status).order_by(Booking.id))


def _check(who: dict[str, str], address: str = "10.0.0.1") -> dict[str, str]:
    return kiosk.check_order(idnum=who["userid"], name=who["username"], address=address)


def test_a_booking_of_today_is_found_and_its_number_taken_once(office_app: Flask) -> None:
    book(ZHANG)
    heard: list[str] = []

    def hear(sender: Flask, ordernum: str, **_: Any) -> None:
        heard.append(ordernum)

    with signals.traffic_checked_in.connected_to(hear, office_app):
        for _ in range(3):
            assert _check(ZHANG) == {"yy_tel": "13800138000", "yy_ywlx": "年检"}
    assert _status.scalar() == "2"
    assert heard == ["2026112300001"]


def test_a_violation_is_called_so(office_app: Flask) -> None:
    book(ZHANG, busitype="1", carnumber="京A12345")
    assert _check(ZHANG)["yy_ywlx"] == "违法业务"


def test_no_booking_today_is_a_miss(office_app: Flask) -> None:
    book(ZHANG)
    booking.cancel(ordernum="2026112300001")
    book(LI)
    for who in (ZHANG, LI | {"username": "李五"}, LI | {"userid": ZHANG["userid"]}):
        with pytest.raises(NotFound):
            _check(who)
    with time_machine.travel("2026-11-24T00:00:00+00:00", tick=False), pytest.raises(NotFound):
        _check(LI)


def test_of_two_bookings_the_one_running_or_next_is_answered(office_app: Flask) -> None:
    book(ZHANG, timeid=timeid(1))
    book(ZHANG | {"phone": "13700137000"}, busitype="1", carnumber="京A12345")
    for instant, business in (
        (EARLY, "违法业务"),
        ("2026-11-23T02:29:00+00:00", "违法业务"),
        ("2026-11-23T02:30:00+00:00", "年检"),
        ("2026-11-23T12:00:00+00:00", "年检"),
    ):
        with time_machine.travel(instant, tick=False):
            assert _check(ZHANG)["yy_ywlx"] == business
            assert _check(ZHANG)["yy_ywlx"] == business
    assert _status.all() == [("2",), ("2",)]


def test_a_booking_cancelled_in_between_is_a_miss(office_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    book(ZHANG)
    take = kiosk._take_number

    def cancel_first(booking_id: int) -> None:
        booking.cancel(ordernum="2026112300001")
        take(booking_id)

    monkeypatch.setattr(kiosk, "_take_number", cancel_first)
    with pytest.raises(NotFound):
        _check(ZHANG)
    assert _status.scalar() == "1"


def test_misses_are_limited_for_each_address_and_hits_are_free(rowless_uri: str) -> None:
    with time_machine.travel(EARLY, tick=False) as travel, office(rowless_uri, WXSERVICES_TRAFFIC_CHECKORDER_MISSES=3):
        book(ZHANG)
        for _ in range(10):
            _check(ZHANG)
        for _ in range(3):
            with pytest.raises(NotFound):
                _check(LI)
        for who in (LI, ZHANG):  # a guesser who hits must not learn it
            with pytest.raises(TooMany):
                _check(who)
        assert _check(ZHANG, "10.0.0.2")
        travel.shift(61)
        assert _check(ZHANG)


def test_only_the_kiosks_networks_are_answered(sqlite_uri: str) -> None:
    networks = ["10.0.0.0/8", "fd00::/8"]
    with time_machine.travel(EARLY, tick=False), office(sqlite_uri, WXSERVICES_TRAFFIC_KIOSK_NETWORKS=networks):
        book(ZHANG)
        assert _check(ZHANG, "10.1.2.3")
        assert _check(ZHANG, "fd00::1")
        for address in ("11.0.0.1", "::1", "", "unix:"):
            with pytest.raises(NotAllowed):
                _check(ZHANG, address)


@pytest.fixture
def statements(office_app: Flask) -> list[str]:
    seen: list[str] = []
    sa.event.listen(
        db.engine(), "before_cursor_execute", lambda *event: seen.append(event[2].split(None, 1)[0].upper())
    )
    return seen


def test_it_costs_one_read_and_the_first_time_one_small_write(office_app: Flask, statements: list[str]) -> None:
    book(ZHANG)
    statements.clear()
    _check(ZHANG)
    assert statements == ["SELECT", "UPDATE", "SELECT"]
    statements.clear()
    _check(ZHANG)
    assert statements == ["SELECT"]


def _many_bookings(count: int) -> None:
    now = clock.now()
    with db.engine().begin() as connection:
        for start in range(0, count, 10_000):
            rows = [
                {
                    "ordernum": f"{n:012d}",
                    "openid": f"o{n}",
                    "busitype": "0",
                    "businame": "年检",
                    "username": f"人{n}",
                    "userid": f"{n // 3:018d}",
                    "phone": "13800138000",
                    "day": MONDAY - timedelta(days=n % 100),
                    "slot_id": n % 20,
                    "starttime": "0900",
                    "endtime": "1000",
                    "status": "0",
                    "created_at": now,
                }
                for n in range(start, start + 10_000)
            ]
            connection.execute(sa.insert(Booking.__table__), rows)


def test_the_read_is_answered_by_the_index_alone_among_100000_bookings(office_app: Flask) -> None:
    _many_bookings(100_000)
    ran: list[tuple[str, Any]] = []
    sa.event.listen(db.engine(), "before_cursor_execute", lambda *event: ran.append((event[2], event[3])))
    with pytest.raises(NotFound):
        _check({"userid": f"{100:018d}", "username": "人301"})
    read, parameters = next(each for each in ran if "wx_traffic_booking" in each[0])
    with db.engine().connect() as connection:
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {read}", parameters).mappings().all()
            assert "USING COVERING INDEX ix_wx_traffic_booking_person" in plan[0]["detail"]
        else:
            connection.exec_driver_sql("ANALYZE TABLE wx_traffic_booking")
            plan = connection.exec_driver_sql(f"EXPLAIN {read}", parameters).mappings().all()
            assert len(plan) == 1
            assert plan[0]["key"] == "ix_wx_traffic_booking_person"
            assert int(plan[0]["rows"]) <= 3
            assert "Using index" in plan[0]["Extra"]
