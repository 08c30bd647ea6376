"""Signing in, and the notice of it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from appointment_data import LI, MONDAY, ZHANG, book
from wxservices import db, signals
from wxservices.errors import Conflict, NotAllowed, NotFound
from wxservices.services.appointment import booking, signin
from wxservices.services.appointment.openings import NotFree


@pytest.fixture
def heard(office: Flask) -> list[Any]:
    notices: list[Any] = []
    signin.channel().add(notices.append)
    return notices


def test_a_sign_in_is_noticed(heard: list[Any]) -> None:
    number = book()
    signin.sign_in(appointment_id=number)
    assert heard == [{"appointment_id": number, "event_type": "1"}]


def test_a_second_one_is_refused_without_a_notice(heard: list[Any]) -> None:
    number = book()
    signin.sign_in(appointment_id=number)
    with pytest.raises(Conflict, match="已签到"):
        signin.sign_in(appointment_id=number)
    assert len(heard) == 1


def test_on_its_day_alone_at_any_time_of_it(heard: list[Any]) -> None:
    today, tomorrow = book(ZHANG), book(ZHANG, day=MONDAY + timedelta(days=1))
    with pytest.raises(NotAllowed):
        signin.sign_in(appointment_id=tomorrow)
    with time_machine.travel("2026-11-23T16:00:00+00:00", tick=False), pytest.raises(NotFree):  # midnight in Beijing
        signin.sign_in(appointment_id=today)
    with time_machine.travel("2026-11-23T15:59:59+00:00", tick=False):
        signin.sign_in(appointment_id=today)
    assert len(heard) == 1


def test_not_when_it_is_cancelled_or_unknown(heard: list[Any]) -> None:
    number = book()
    booking.revoke(appointment_id=number)
    with pytest.raises(Conflict, match="已取消"):
        signin.sign_in(appointment_id=number)
    with pytest.raises(NotFound):
        signin.sign_in(appointment_id=number + 1)
    assert heard == []


def test_the_notice_waits_for_the_commit_and_is_not_sent_for_what_was_rolled_back(heard: list[Any]) -> None:
    number, other = book(ZHANG), book(LI)
    with db.transaction():
        signin.sign_in(appointment_id=number)
        assert heard == []
    assert len(heard) == 1
    _sign_in_and_fail(other)
    assert len(heard) == 1
    signin.sign_in(appointment_id=other)
    assert len(heard) == 2


def _sign_in_and_fail(number: int) -> None:
    with suppress(RuntimeError), db.transaction():
        signin.sign_in(appointment_id=number)
        raise RuntimeError


def test_the_host_hears_of_it(office: Flask, heard: list[Any]) -> None:
    told: list[int] = []

    def hear(sender: Flask, appointment_id: int) -> None:
        told.append(appointment_id)

    number = book()
    with signals.appointment_signed_in.connected_to(hear, office):
        signin.sign_in(appointment_id=number)
    assert told == [number]


def test_a_listener_that_fails_does_not_undo_it(office: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def fail(notice: Any) -> None:
        raise RuntimeError("the screen is dark")

    signin.channel().add(fail)
    number = book()
    signin.sign_in(appointment_id=number)
    assert "the screen is dark" in caplog.text
    with pytest.raises(Conflict):
        signin.sign_in(appointment_id=number)
