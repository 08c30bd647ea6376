"""The victim of a deadlock runs again, where nothing else hangs on it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from apps import make_app, running
from wxservices import db, retrying
from wxservices.models.common import Limit

WHEN = datetime(2026, 11, 23, tzinfo=UTC)


def failing(times: int, code: int) -> Any:
    """A function that fails *times* with the data base's error *code*, and then answers how often it ran."""
    ran = 0

    @retrying.on_deadlock
    def work() -> int:
        nonlocal ran
        ran += 1
        if ran <= times:
            raise sa.exc.OperationalError("UPDATE", {}, Exception(code, "told"))
        return ran

    return work


def test_a_victim_runs_again(app: Flask) -> None:
    assert failing(0, 1213)() == 1
    assert failing(retrying.TRIES - 1, 1213)() == retrying.TRIES
    assert failing(1, 1020)() == 2


def test_it_is_given_up_at_last(app: Flask) -> None:
    with pytest.raises(sa.exc.OperationalError):
        failing(retrying.TRIES, 1213)()


def test_other_errors_are_not_tried_again(app: Flask) -> None:
    work = failing(1, 1205)
    with pytest.raises(sa.exc.OperationalError):
        work()
    assert work() == 2


def test_inside_a_transaction_the_error_goes_to_whoever_began_it(app: Flask) -> None:
    with pytest.raises(sa.exc.OperationalError), db.transaction():
        failing(1, 1213)()
    db.session().execute(sa.select(1))  # the host's session has begun one
    with pytest.raises(sa.exc.OperationalError):
        failing(1, 1213)()


@pytest.mark.mariadb
def test_two_that_wait_for_each_other_both_get_through(mariadb_uri: str) -> None:
    app = make_app(mariadb_uri)
    ran: list[str] = []
    meet = threading.Barrier(2)

    @retrying.on_deadlock
    def take(first: str, second: str) -> None:
        ran.append(first)
        add = sa.update(Limit).where(Limit.key == sa.bindparam("the_key")).values(count=Limit.count + 1)
        with db.transaction():
            db.changed(add, {"the_key": first})
            if len(ran) <= 2:
                meet.wait(10)
            db.changed(add, {"the_key": second})

    def run(first: str, second: str) -> None:
        with app.app_context():
            take(first, second)

    with running(app):
        with db.transaction():
            for key in "ab":
                db.insert(Limit, {"key": key, "count": 0, "expires_at": WHEN})
        threads = [threading.Thread(target=run, args=pair) for pair in ("ab", "ba")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [row[0] for row in db.Query(sa.select(Limit.count)).all()] == [2, 2]
        assert len(ran) == 3  # one of them twice
