from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from limits.storage import MemoryStorage

from apps import make_app
from races import race
from wxservices import clock, db, throttle
from wxservices.models.common import Limit

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
THREE = throttle.per_minute("test", 3)


@pytest.fixture
def statements(app: Flask) -> list[str]:
    """What is sent to the data base from now on."""
    sent: list[str] = []
    sa.event.listen(db.engine(), "before_cursor_execute", lambda *args: sent.append(args[2]))
    return sent


def count_of(limit, *identifiers: str) -> int:
    return throttle.DatabaseStorage().get(limit.key_for(*identifiers))


def write(count: int, expires_at: datetime, names: tuple[str, ...] = ("a",)) -> None:
    rows = [{"key": THREE.key_for(name), "count": count, "expires_at": expires_at} for name in names]
    with db.transaction() as session:
        session.execute(sa.insert(Limit), rows)


def test_it_lets_pass_as_many_as_allowed_and_no_more(app: Flask) -> None:
    assert [throttle.hit(THREE, "a") for _ in range(5)] == [True, True, True, False, False]
    assert throttle.hit(THREE, "b")


def test_names_identifiers_and_amounts_are_counted_apart(app: Flask) -> None:
    one = throttle.per_minute("test", 1)
    assert throttle.hit(one, "a", "b")
    assert throttle.hit(one, "a", "c")
    assert throttle.hit(throttle.per_minute("other", 1), "a", "b")
    assert throttle.hit(throttle.per_hour("test", 1), "a", "b")
    assert not throttle.hit(one, "a", "b")


def test_none_is_allowed_when_the_amount_is_nought(app: Flask) -> None:
    assert not throttle.hit(throttle.per_day("test", 0), "a")


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        (throttle.per_minute("test", 1), 60),
        (throttle.per_hour("test", 1), 3600),
        (throttle.per_day("test", 1), 86_400),
    ],
)
def test_the_window_opens_at_the_first_hit_and_is_not_prolonged(app: Flask, limit, seconds: int) -> None:
    with time_machine.travel(NOON, tick=False) as traveller:
        assert throttle.hit(limit, "a")
        traveller.shift(seconds - 1)
        assert not throttle.hit(limit, "a")
        assert throttle.spent(limit, "a")
        traveller.shift(1)
        assert not throttle.spent(limit, "a")
        assert throttle.hit(limit, "a")
        assert not throttle.hit(limit, "a")


def test_looking_counts_nothing(app: Flask) -> None:
    assert not any(throttle.spent(THREE, "a") for _ in range(5))
    assert [throttle.hit(THREE, "a") for _ in range(3)] == [True] * 3
    assert throttle.spent(THREE, "a")


def test_a_hit_that_is_given_back_can_be_had_again(app: Flask) -> None:
    for _ in range(3):
        throttle.hit(THREE, "a")
    throttle.hit(THREE, "a")  # refused, and so not counted
    throttle.give_back(THREE, "a")
    assert not throttle.exhausted(THREE, "a")
    assert [throttle.hit(THREE, "a") for _ in range(2)] == [True, False]


def test_what_was_never_counted_cannot_be_given_back(app: Flask) -> None:
    throttle.give_back(THREE, "a")
    throttle.hit(THREE, "a")
    throttle.give_back(THREE, "a")
    throttle.give_back(THREE, "a")
    assert [throttle.hit(THREE, "a") for _ in range(4)] == [True, True, True, False]


def test_with_all_given_back_the_next_hit_opens_a_new_window(app: Flask) -> None:
    one = throttle.per_minute("test", 1)
    with time_machine.travel(NOON, tick=False) as traveller:
        throttle.hit(one, "a")
        throttle.give_back(one, "a")
        traveller.shift(50)
        assert throttle.hit(one, "a")
        traveller.shift(50)
        assert not throttle.hit(one, "a")


def test_a_hit_counts_although_its_caller_fails(app: Flask) -> None:
    one = throttle.per_minute("test", 1)
    with pytest.raises(ZeroDivisionError):
        throttle.hit(one, "a") and 1 / 0
    assert throttle.spent(one, "a")


@pytest.mark.parametrize("count", [throttle.hit, throttle.give_back])
def test_counting_inside_a_transaction_is_refused(app: Flask, count) -> None:
    with pytest.raises(RuntimeError, match="inside a data base transaction"), db.transaction():
        count(THREE, "a")


def test_what_is_used_up_is_known_without_a_statement(app: Flask, statements: list[str]) -> None:
    with time_machine.travel(NOON, tick=False) as traveller:
        assert not throttle.exhausted(THREE, "a")
        for _ in range(3):
            assert throttle.hit(THREE, "a")
        statements.clear()
        assert throttle.exhausted(THREE, "a")
        assert not throttle.exhausted(THREE, "b")
        traveller.shift(60)
        assert not throttle.exhausted(THREE, "a")
        assert statements == []


def test_a_refusal_writes_nothing(app: Flask, statements: list[str]) -> None:
    for _ in range(3):
        throttle.hit(THREE, "a")
    statements.clear()
    assert not throttle.hit(THREE, "a")
    assert [statement.split()[0] for statement in statements] == ["SELECT"]


def test_a_limit_that_another_process_used_up_is_learnt_at_the_first_refusal(app: Flask, rowless_uri: str) -> None:
    other = make_app(rowless_uri)
    with other.app_context():
        for _ in range(3):
            throttle.hit(THREE, "a")
        db.engine().dispose()
    assert not throttle.exhausted(THREE, "a")
    assert not throttle.hit(THREE, "a")
    assert throttle.exhausted(THREE, "a")


def test_what_is_remembered_is_bounded_and_the_oldest_goes_first(app: Flask, monkeypatch) -> None:
    monkeypatch.setattr(throttle, "REMEMBERED", 2)
    one = throttle.per_minute("test", 1)
    for name in "abc":
        throttle.hit(one, name)
    assert [throttle.exhausted(one, name) for name in "abc"] == [False, True, True]


def test_two_applications_remember_apart(app: Flask, tmp_path) -> None:
    one = throttle.per_minute("test", 1)
    throttle.hit(one, "a")
    with make_app(f"sqlite:///{tmp_path}/other.db").app_context():
        assert not throttle.exhausted(one, "a")


def test_another_storage_of_limits_can_take_its_place(app: Flask, statements: list[str]) -> None:
    app.extensions["wxservices"].parts["throttle"] = throttle.Throttle(MemoryStorage())
    assert [throttle.hit(THREE, "a") for _ in range(4)] == [True, True, True, False]
    assert throttle.exhausted(THREE, "a")
    throttle.give_back(THREE, "a")
    assert throttle.hit(THREE, "a")
    assert statements == []


def test_the_storage_does_what_limits_expects_of_one(app: Flask) -> None:
    storage = throttle.DatabaseStorage()
    with time_machine.travel(NOON, tick=False):
        assert storage.check()
        assert [storage.incr("a", 60), storage.incr("a", 60, amount=2), storage.get("a"), storage.get("b")] == [
            1,
            3,
            3,
            0,
        ]
        assert storage.get_expiry("a") == NOON.timestamp() + 60
        assert storage.get_expiry("b") == NOON.timestamp()
        storage.clear("a")
        assert storage.get("a") == 0
        storage.incr("a", 60)
        storage.incr("b", 60)
        assert storage.reset() == 2
        assert storage.get("a") == 0


def test_long_identifiers_are_told_apart(app: Flask) -> None:
    one = throttle.per_minute("test", 1)
    long = "长" * 300
    assert throttle.hit(one, long + "a")
    assert throttle.hit(one, long + "b")
    assert not throttle.hit(one, long + "a")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "unix:"),
        ("x" * 100, "x" * 64),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_whom_an_address_stands_for(address: str | None, key: str) -> None:
    assert throttle.address_key(address) == key


def test_purging_deletes_what_is_over_in_batches(app: Flask) -> None:
    now = clock.now()
    rows = [{"key": f"old{n}", "count": 1, "expires_at": now - timedelta(seconds=n)} for n in range(1201)]
    with db.transaction() as session:
        session.execute(sa.insert(Limit), rows)
    throttle.hit(THREE, "live")
    commits: list[object] = []
    sa.event.listen(db.engine(), "commit", commits.append)
    assert throttle.purge() == 1201
    assert len(commits) == 3
    assert throttle.purge() == 0
    assert count_of(THREE, "live") == 1


def hit_three(number: int) -> bool:
    return throttle.hit(THREE, "a")


def hit_three_naively(number: int) -> bool:
    """Read, look, write: what the upsert is there for."""
    count = throttle.DatabaseStorage().get(THREE.key_for("a"))
    all_have_read.wait()
    if count >= THREE.amount:
        return False
    with db.engine().begin() as connection:
        connection.execute(sa.update(Limit).values(count=count + 1))
    return True


all_have_read = threading.Barrier(10)


def in_twenty_threads(target: str, uri: str) -> list:
    return race(f"test_throttle:{target}", uri, path=Path(__file__), processes=2, threads=10)


@pytest.mark.race
def test_twenty_at_once_get_no_more_than_the_limit(app: Flask, rowless_uri: str) -> None:
    assert sorted(in_twenty_threads("hit_three", rowless_uri)) == [False] * 17 + [True] * 3
    assert count_of(THREE, "a") == 3


@pytest.mark.race
def test_without_the_upsert_the_same_load_gets_more(app: Flask, rowless_uri: str) -> None:
    write(0, clock.now() + timedelta(minutes=1))
    assert in_twenty_threads("hit_three_naively", rowless_uri).count(True) > THREE.amount


@pytest.mark.race
def test_a_window_that_is_over_is_opened_once_by_many(app: Flask, rowless_uri: str) -> None:
    write(3, clock.now() - timedelta(seconds=1))
    assert in_twenty_threads("hit_three", rowless_uri).count(True) == 3


NAMES = tuple(f"n{number}" for number in range(20))


def hit_and_purge(number: int) -> int:
    hits = 0
    for name in NAMES:
        throttle.purge()
        hits += throttle.hit(THREE, name)
    return hits


@pytest.mark.race
def test_hits_and_purges_do_not_trip_over_each_other(app: Flask, rowless_uri: str) -> None:
    write(3, clock.now() - timedelta(seconds=1), NAMES)
    hits = race("test_throttle:hit_and_purge", rowless_uri, path=Path(__file__), processes=2, threads=4)
    assert sum(hits) == 3 * len(NAMES)
