"""Booking, cancelling, listing."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from traffic_data import LI, MONDAY, ZHANG, book, code_for, person, timeid
from wxservices import db, signals, sms
from wxservices.errors import BadParameter, Conflict, NotFound, ServiceError
from wxservices.models.traffic import Booking, Tally
from wxservices.services.traffic import booking

_rows = db.Query(sa.select(*Booking.__table__.c).order_by(Booking.id))
_booked = db.Query(sa.select(sa.func.coalesce(sa.func.sum(Tally.booked), 0)))


def test_a_booking_is_kept_with_what_it_was_made_of(office_app: Flask) -> None:
    book(ZHANG, openid="o-1")
    book(LI, openid="o-2", busitype="1", carnumber="京A12345", busiid=None)
    first, second = _rows.all()
    assert (first.ordernum, first.businame, first.carnumber, first.status) == ("2026112300001", "年检", None, "0")
    assert (second.ordernum, second.businame, second.carnumber) == ("2026112310001", "违法业务", "京A12345")
    assert (first.username, first.userid, first.phone) == tuple(ZHANG.values())
    assert (first.day, first.starttime, first.endtime) == (MONDAY, "0900", "1000")


def test_numbers_run_through_the_day_for_each_type(office_app: Flask) -> None:
    book(person(1))
    book(person(2))
    book(person(3), timeid=timeid(1))
    assert [row.ordernum for row in _rows.all()] == ["2026112300001", "2026112300002", "2026112300003"]


def test_a_full_slot_is_refused_and_the_code_stays_good(office_app: Flask) -> None:
    book(person(1), timeid=timeid(1))
    code = code_for(ZHANG["phone"])
    with pytest.raises(Conflict, match="约满"):
        book(ZHANG, timeid=timeid(1), verifycode=code)
    book(ZHANG, timeid=timeid(0), verifycode=code)


def test_a_slot_that_has_begun_is_refused(office_app: Flask) -> None:
    code, at_nine = code_for(ZHANG["phone"]), timeid()
    with time_machine.travel("2026-11-23T01:00:00+00:00", tick=False), pytest.raises(ServiceError, match="已过"):
        book(ZHANG, timeid=at_nine, verifycode=code)


def test_one_live_booking_for_a_person_type_and_day(office_app: Flask) -> None:
    book(ZHANG)
    other_phone = ZHANG | {"phone": "13700137000"}
    with pytest.raises(Conflict, match="已有"):
        book(other_phone, timeid=timeid(1))
    book(ZHANG | {"phone": "13600136000"}, busitype="1", carnumber="京A12345")  # another type
    booking.cancel(ordernum="2026112300001")
    with time_machine.travel("2026-11-23T00:02:00+00:00", tick=False):
        book(other_phone, timeid=timeid(1))
    assert [row.status for row in _rows.all()] == ["1", "0", "0"]


def test_a_code_is_good_for_one_booking(office_app: Flask) -> None:
    code = code_for(ZHANG["phone"])
    book(ZHANG, verifycode=code)
    with pytest.raises(ServiceError, match="验证码"):
        book(ZHANG, busitype="1", carnumber="京A12345", verifycode=code)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"busiid": None}, "busiid"),
        ({"busiid": "1"}, "busiid"),
        ({"busiid": "nope"}, "busiid"),
        ({"timeid": "nope"}, "timeid"),
        ({"busitype": "1", "carnumber": None}, "carnumber"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_nothing_is_written(
    office_app: Flask, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadParameter, match=field):
        book(ZHANG, **changes)
    assert _rows.all() == []
    assert _booked.scalar() == 0


def test_a_time_of_the_other_type_is_refused(office_app: Flask) -> None:
    with pytest.raises(BadParameter, match="timeid"):
        book(ZHANG, timeid=timeid(busitype="1"))


def test_a_wrong_code_writes_nothing(office_app: Flask) -> None:
    right = code_for(ZHANG["phone"])
    with pytest.raises(ServiceError, match="验证码"):
        book(ZHANG, verifycode="000000" if right != "000000" else "000001")
    assert _rows.all() == []
    book(ZHANG, verifycode=right)


def test_a_failure_in_the_middle_leaves_nothing(office_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(code_id: int) -> None:
        raise RuntimeError("the last step")

    code = code_for(ZHANG["phone"])
    with monkeypatch.context() as patch:
        patch.setattr(sms, "spend_code", fail)
        with pytest.raises(RuntimeError):
            book(ZHANG, verifycode=code)
    assert _rows.all() == []
    assert _booked.scalar() == 0
    book(ZHANG, verifycode=code)
    assert [row.ordernum for row in _rows.all()] == ["2026112300001"]


def test_cancelling_frees_the_place_once(office_app: Flask) -> None:
    book(ZHANG)
    booking.cancel(ordernum="2026112300001")
    assert _booked.scalar() == 0
    with pytest.raises(Conflict):
        booking.cancel(ordernum="2026112300001")
    assert _booked.scalar() == 0
    with pytest.raises(NotFound):
        booking.cancel(ordernum="nope")


def test_the_host_hears_of_it_after_the_commit(office_app: Flask) -> None:
    heard: list[dict[str, Any]] = []

    def hear(sender: Flask, **what: Any) -> None:
        heard.append({**what, "rows": len(_rows.all())})

    with (
        signals.traffic_booked.connected_to(hear, office_app),
        signals.traffic_cancelled.connected_to(hear, office_app),
    ):
        book(ZHANG, openid="o-1")
        booking.cancel(ordernum="2026112300001")
    assert [(what["ordernum"], what["openid"], what["rows"]) for what in heard] == [("2026112300001", "o-1", 1)] * 2


def test_orders_are_this_openids_newest_first(office_app: Flask) -> None:
    book(ZHANG, openid="o-1")
    book(LI, openid="o-2")
    book(ZHANG | {"phone": "13700137000"}, openid="o-1", busitype="1", carnumber="京A12345")
    orders = booking.orders(openid="o-1")["orderlist"]
    assert [row["businame"] for row in orders] == ["违法业务", "年检"]
    assert orders[1] | {"orderid": 0} == {
        "ordernum": "2026112300001",
        "businame": "年检",
        "status": "0",
        "ordertime": "20261123090000",
        "orderid": 0,
    }
    assert booking.orders(openid="nobody") == {"orderlist": []}
