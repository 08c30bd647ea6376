from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from races import race
from wxservices import clock, db, nonces
from wxservices.models.common import Nonce

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def use(value: str = "n", scope: str = "test") -> bool:
    return nonces.use(scope, value, DAY)


def test_a_value_is_used_once(app: Flask) -> None:
    assert [use(), use(), use()] == [True, False, False]


def test_values_and_scopes_are_apart(app: Flask) -> None:
    assert use("n")
    assert use("N")
    assert use("n", "Test")
    assert use("n", "other")


def test_it_can_be_used_again_when_its_time_is_over(app: Flask) -> None:
    with time_machine.travel(NOON, tick=False) as traveller:
        assert use()
        traveller.shift(DAY - timedelta(seconds=1))
        assert not use()
        traveller.shift(1)
        assert [use(), use()] == [True, False]
        traveller.shift(DAY - timedelta(seconds=1))
        assert not use()


@pytest.mark.parametrize("expired", [False, True])
def test_it_is_unused_again_when_the_transaction_it_joined_fails(app: Flask, expired: bool) -> None:
    with time_machine.travel(NOON, tick=False) as traveller:
        if expired:
            use()
            traveller.shift(DAY)
        with pytest.raises(ZeroDivisionError), db.transaction():
            use() and 1 / 0
        assert [use(), use()] == [True, False]


def test_inside_a_transaction_it_is_used_once_too(app: Flask) -> None:
    with db.transaction():
        assert [use(), use()] == [True, False]
    assert not use()


@pytest.mark.parametrize(("value", "scope"), [("x" * 129, "test"), ("n", "x" * 129)])
def test_what_would_be_cut_off_is_refused(app: Flask, value: str, scope: str) -> None:
    with pytest.raises(ValueError, match="too long"):
        use(value, scope)


def test_the_longest_are_told_apart(app: Flask) -> None:
    assert use("长" * 127 + "a", "长" * 128)
    assert use("长" * 127 + "b", "长" * 128)
    assert not use("长" * 127 + "a", "长" * 128)


def test_purging_deletes_what_has_expired_in_batches(app: Flask) -> None:
    now = clock.now()
    rows = [{"scope": f"s{n % 3}", "value": str(n), "expires_at": now - timedelta(seconds=n)} for n in range(1100)]
    with db.transaction() as session:
        session.execute(sa.insert(Nonce), rows)
    use()
    commits: list[object] = []
    sa.event.listen(db.engine(), "commit", commits.append)
    assert nonces.purge() == 1100
    assert len(commits) == 3
    assert not use()


def use_one(number: int) -> bool:
    return use()


def use_one_naively(number: int) -> bool:
    """Look, then write: what the key is there for."""
    unused = db.Query(sa.select(Nonce.value)).scalar() is None
    all_have_looked.wait()
    with db.transaction() as session:
        if unused:
            session.execute(sa.insert(Nonce).values(scope=str(number), value="n", expires_at=clock.now() + DAY))
    return unused


all_have_looked = threading.Barrier(10)


def in_twenty_threads(target: str, uri: str) -> list:
    return race(f"test_nonces:{target}", uri, path=Path(__file__), processes=2, threads=10)


@pytest.mark.race
def test_of_twenty_at_once_one_gets_it(app: Flask, rowless_uri: str) -> None:
    assert sorted(in_twenty_threads("use_one", rowless_uri)) == [False] * 19 + [True]


@pytest.mark.race
def test_of_twenty_at_once_one_gets_what_has_expired(app: Flask, rowless_uri: str) -> None:
    with db.transaction() as session:
        session.execute(sa.insert(Nonce).values(scope="test", value="n", expires_at=clock.now()))
    assert sorted(in_twenty_threads("use_one", rowless_uri)) == [False] * 19 + [True]


@pytest.mark.race
def test_without_the_key_the_same_load_uses_it_more_than_once(app: Flask, rowless_uri: str) -> None:
    assert in_twenty_threads("use_one_naively", rowless_uri).count(True) > 1
