"""The data base: base class, column types, transactions, prepared statements.

Everything runs in the host's session (``db.session`` of its Flask-SQLAlchemy, or of ours when it has none),
so that a host may put a call of ours and a write of its own into one transaction::

    with db.transaction():
        booking.confirm(...)
        my_own_row.booked = True
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import sqlalchemy as sa
from flask import g
from sqlalchemy import orm
from sqlalchemy.dialects import mysql, sqlite

from .state import current_state

log = logging.getLogger(__name__)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

TABLE_OPTIONS = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_bin",
}
"""Every table compares text by its bytes, as SQLite does: an id that differs in case is another id.  (This collation,
which MariaDB and MySQL both have, does not see blanks at the end; no parameter keeps any.)"""


class Base(orm.DeclarativeBase):
    """Base of our models.  Tables are named ``wx_<service>_<things>``; no foreign key leaves the service."""

    metadata = sa.MetaData(naming_convention=NAMING)


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An instant: aware in Python (any zone in, UTC out), stored as UTC with microseconds."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Fen(sa.types.TypeDecorator[int]):
    """Money in fen (1/100 yuan), a whole number.  Refuses floats and decimals, so that no rounding hides here."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: sa.Dialect) -> int | None:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise ValueError(f"fen must be a whole number, not {type(value).__name__}")
        return value


def yuan(fen: int) -> Decimal:
    """*fen* as yuan with two decimals."""
    return Decimal(fen).scaleb(-2)


BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""Type of a surrogate key: 64 bits, and still SQLite's automatic rowid."""


class _Unit:
    """The outermost transaction of this application context: its depth and what is to run after it."""

    def __init__(self) -> None:
        self.depth = 0
        self.after_commit: list[Callable[[], object]] = []


def _unit() -> _Unit:
    unit = g.get("_wxservices_unit")
    if unit is None:
        unit = g._wxservices_unit = _Unit()
    return cast(_Unit, unit)


def session() -> orm.Session:
    """The session in use: the host's."""
    return cast(orm.Session, current_state().db.session())


def engine() -> sa.Engine:
    """The engine in use."""
    return cast(sa.Engine, current_state().db.engine)


def in_transaction() -> bool:
    """Whether the caller stands inside :func:`transaction`."""
    return _unit().depth > 0


@contextmanager
def transaction() -> Iterator[orm.Session]:
    """One transaction.  The outermost block commits, or rolls back when it is left by an exception; a nested
    one joins it.  Yields the session.
    """
    unit = _unit()
    current = session()
    unit.depth += 1
    try:
        yield current
        if unit.depth == 1:
            current.commit()
    except BaseException:
        if unit.depth == 1:
            unit.after_commit.clear()
            current.rollback()
        raise
    finally:
        unit.depth -= 1
    if unit.depth == 0:
        hooks, unit.after_commit = unit.after_commit, []
        for hook in hooks:
            _run(hook)


def after_commit(hook: Callable[[], object]) -> None:
    """Run *hook* once the outermost transaction is committed (now, when there is none).

    What it raises is logged and goes no further: the rows are written, and the caller must hear so.
    """
    unit = _unit()
    if unit.depth:
        unit.after_commit.append(hook)
    else:
        _run(hook)


def _run(hook: Callable[[], object]) -> None:
    try:
        hook()
    except Exception:
        log.exception("A hook after commit failed")


def outside_transaction(what: str) -> None:
    """Refuse to go on inside :func:`transaction`: a call to the outside must not hold rows locked.

    :raises RuntimeError: a transaction is open.
    """
    if in_transaction():
        raise RuntimeError(f"{what} inside a data base transaction")


class Query:
    """A read that is written once, at import, and run with parameters.

    Inside :func:`transaction` (or a transaction that the host has begun) it reads there; otherwise on a
    connection of its own that goes straight back to the pool.
    """

    def __init__(self, statement: sa.Select[*tuple[Any, ...]] | sa.CompoundSelect[*tuple[Any, ...]]) -> None:
        self.statement = statement

    def all(self, **params: object) -> Sequence[sa.Row[Any]]:
        """All rows, fetched."""
        current = session()
        if current.in_transaction():
            return current.execute(self.statement, params).all()
        with engine().connect() as connection:
            return connection.execute(self.statement, params).all()

    def first(self, **params: object) -> sa.Row[Any] | None:
        """The first row, or None."""
        rows = self.all(**params)
        return rows[0] if rows else None

    def scalar(self, **params: object) -> Any:
        """The first column of the first row, or None."""
        row = self.first(**params)
        return None if row is None else row[0]


def execute(statement: sa.Executable, params: Mapping[str, object] | Sequence[Mapping[str, object]] = ()) -> Any:
    """Run a write in the current session's transaction, as plain SQL: no entity of the host's is touched.

    Answers SQLAlchemy's ``CursorResult``.
    """
    return session().connection().execute(statement, params or None)


def changed(statement: sa.Update | sa.Delete, params: Mapping[str, object] | None = None) -> int:
    """Run a conditional write and answer how many rows it matched.

    This is the guard against two at once: the condition is looked at under the row's lock, on MariaDB at any isolation
    level and on SQLite alike.
    """
    return int(execute(statement, params or {}).rowcount)


class Duplicate(Exception):
    """A row with that unique key is there already.  ``str()`` names the key."""


def insert(model: type[Base], values: Mapping[str, object]) -> Any:
    """Insert a row and answer its primary key.

    :raises Duplicate: a unique key is taken; the transaction should be left.
    """
    try:
        return execute(sa.insert(model).values(values)).inserted_primary_key[0]
    except sa.exc.IntegrityError as error:
        if _is_duplicate(error):
            raise Duplicate(str(error.orig)) from error
        raise


def _is_duplicate(error: sa.exc.IntegrityError) -> bool:
    return "UNIQUE constraint failed" in str(error.orig) or getattr(error.orig, "args", ())[:1] == (1062,)


def insert_once(model: type[Base], values: Mapping[str, object]) -> bool:
    """Insert a row unless one with the same key is there.  Answers whether it was inserted."""
    if _is_sqlite():
        return bool(execute(sqlite.insert(model).values(values).on_conflict_do_nothing()).rowcount)
    # Not ON DUPLICATE KEY UPDATE: with FOUND_ROWS, which SQLAlchemy sets, it counts 1 in both cases.
    return bool(execute(sa.insert(model).prefix_with("IGNORE").values(values)).rowcount)


def upsert(
    model: type[Base], key: Sequence[str], rows: Sequence[Mapping[str, object]], *, add: Sequence[str] = ()
) -> None:
    """Insert *rows*, which all have the same columns, or update those whose unique *key* is there already.

    :param add: columns to which the row's number is added, instead of put in its place.
    """
    if not rows:
        return
    lite, maria = sqlite.insert(model), mysql.insert(model)
    sent = lite.excluded if _is_sqlite() else maria.inserted
    columns = model.__table__.columns
    new = {name: columns[name] + sent[name] if name in add else sent[name] for name in rows[0] if name not in key}
    if _is_sqlite():
        execute(lite.on_conflict_do_update(index_elements=key, set_=new), rows)
    else:
        execute(maria.on_duplicate_key_update(new), rows)


def _is_sqlite() -> bool:
    return engine().dialect.name == "sqlite"


def delete_batches(model: type[Base], condition: sa.ColumnElement[bool], size: int = 500) -> int:
    """Delete the rows that meet *condition*, and answer how many there were.

    Each batch of *size* is found without a lock and deleted by its keys in a transaction of its own, so that no request
    waits long for it.
    """
    columns = model.__table__.primary_key.columns  # type: ignore[attr-defined]
    batch = Query(sa.select(*columns).where(condition).limit(size))
    total = 0
    while True:
        keys = [tuple(row) for row in batch.all()]
        if keys:
            with transaction():
                total += changed(sa.delete(model).where(sa.tuple_(*columns).in_(keys), condition))
        if len(keys) < size:
            return total
