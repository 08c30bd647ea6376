"""Transactions, guards and column types."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from flask import Flask

from wxservices import clock, db
from wxservices.models.common import Limit, Nonce

_count = db.Query(sa.select(sa.func.count()).select_from(Limit))


def _insert(key: str) -> None:
    db.insert(Limit, {"key": key, "count": 1, "expires_at": clock.now()})


def test_the_outermost_block_commits_and_a_nested_one_joins(app: Flask) -> None:
    with db.transaction():
        _insert("outer")
        with db.transaction():
            _insert("inner")
        db.session().rollback()
    assert _count.scalar() == 0

    with db.transaction():
        _insert("outer")
        with db.transaction():
            _insert("inner")
    assert _count.scalar() == 2


def test_an_exception_rolls_everything_back_and_drops_the_hooks(app: Flask) -> None:
    told: list[str] = []

    def fail_at_the_end() -> None:
        with db.transaction():
            with db.transaction():
                _insert("inner")
                db.after_commit(lambda: told.append("hook"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_at_the_end()
    assert _count.scalar() == 0
    with db.transaction():
        _insert("later")
    assert told == []


def test_hooks_run_after_the_commit_in_order_and_at_once_without_a_transaction(app: Flask) -> None:
    seen: list[tuple[str, int]] = []
    with db.transaction():
        db.after_commit(lambda: seen.append(("first", _count.scalar())))
        with db.transaction():
            _insert("a")
            db.after_commit(lambda: seen.append(("second", _count.scalar())))
        assert seen == []
    db.after_commit(lambda: seen.append(("third", _count.scalar())))
    assert seen == [("first", 1), ("second", 1), ("third", 1)]


def test_a_hook_that_fails_is_logged_and_the_next_one_runs(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    with caplog.at_level(logging.ERROR), db.transaction():
        db.after_commit(lambda: 1 / 0)
        db.after_commit(lambda: told.append("next"))
    assert told == ["next"]
    assert "ZeroDivisionError" in caplog.text


def test_nothing_outside_is_called_inside_a_transaction(app: Flask) -> None:
    db.outside_transaction("A call")
    with db.transaction(), pytest.raises(RuntimeError, match="A call inside a data base transaction"):
        db.outside_transaction("A call")


def test_a_key_is_inserted_once(app: Flask) -> None:
    row = {"scope": "s", "value": "v", "expires_at": clock.now()}
    with db.transaction():
        assert db.insert_once(Nonce, row)
        assert not db.insert_once(Nonce, row)
        assert db.insert_once(Nonce, row | {"value": "V"})  # another case is another key
    with pytest.raises(db.Duplicate), db.transaction():
        db.insert(Nonce, row)


def test_a_conditional_write_counts_the_rows_it_matched(app: Flask) -> None:
    with db.transaction():
        _insert("k")
        same = sa.update(Limit).where(Limit.key == "k", Limit.count < 2).values(count=Limit.count)
        assert db.changed(same) == 1  # matched, though nothing in it changed
        more = sa.update(Limit).where(Limit.key == "k", Limit.count < 2).values(count=Limit.count + 1)
        assert db.changed(more) == 1
        assert db.changed(more) == 0


def test_an_instant_comes_back_in_utc_to_the_microsecond(app: Flask) -> None:
    beijing = datetime(2026, 5, 1, 0, 0, 0, 123456, timezone(timedelta(hours=8)))
    with db.transaction():
        db.insert(Limit, {"key": "k", "count": 1, "expires_at": beijing})
    stored = db.Query(sa.select(Limit.expires_at)).scalar()
    assert stored == beijing
    assert stored.tzinfo is UTC


def test_an_instant_without_a_zone_is_refused(app: Flask) -> None:
    with pytest.raises(sa.exc.StatementError, match="without a zone"), db.transaction():
        db.insert(Limit, {"key": "k", "count": 1, "expires_at": datetime(2026, 5, 1)})  # noqa: DTZ001


@pytest.mark.parametrize("amount", [1.0, True, "1"])
def test_fen_are_whole_numbers(amount: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        db.Fen().process_bind_param(amount, sa.make_url("sqlite://").get_dialect()())  # type: ignore[arg-type]


def test_yuan_have_two_decimals() -> None:
    assert str(db.yuan(1)) == "0.01"
    assert str(db.yuan(123456)) == "1234.56"


def test_emoji_and_rare_characters_survive(app: Flask) -> None:
    with db.transaction():
        _insert("𠮷😀é")
    assert db.Query(sa.select(Limit.key)).scalar() == "𠮷😀é"


def test_a_read_outside_a_transaction_leaves_none_behind(app: Flask) -> None:
    _count.scalar()
    assert not db.session().in_transaction()


def test_own_sqlite_has_wal_patience_and_foreign_keys(sqlite_uri: str) -> None:
    from apps import make_app

    with make_app(sqlite_uri).app_context():
        with db.engine().connect() as connection:
            assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
            assert connection.scalar(sa.text("PRAGMA foreign_keys")) == 1
            assert connection.scalar(sa.text("PRAGMA busy_timeout")) == 10000
        db.engine().dispose()


def test_an_upsert_replaces_or_adds(app: Flask) -> None:
    def row(key: str, count: int) -> dict[str, object]:
        return {"key": key, "count": count, "expires_at": datetime(2026, 1, count, tzinfo=UTC)}

    with db.transaction():
        db.upsert(Limit, ["key"], [row("a", 1), row("b", 2)])
        db.upsert(Limit, ["key"], [row("a", 3), row("c", 4)])
        db.upsert(Limit, ["key"], [row("b", 5), row("d", 6)], add=["count"])
    rows = db.Query(sa.select(Limit.key, Limit.count, Limit.expires_at).order_by(Limit.key)).all()
    assert [(key, count, day.day) for key, count, day in rows] == [("a", 3, 3), ("b", 7, 5), ("c", 4, 4), ("d", 6, 6)]
