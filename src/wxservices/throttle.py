"""Rate limits that hold across processes.

The counting is that of ``limits``: a storage, and a fixed window that opens at the first hit (so ten a day means ten
in the 24 hours from the first).  The storage is a table of ours; any other of ``limits`` can take its place.

A hit is counted in a transaction of its own, whatever becomes of the caller's.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from threading import Lock

import sqlalchemy as sa
from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy.dialects import mysql, sqlite

from . import clock, db
from .models.common import Limit
from .state import current_state

REMEMBERED = 10_000
"""Most limits that a process remembers as used up."""


def per_minute(name: str, amount: int) -> RateLimitItem:
    """*amount* a minute (none, when it is 0).  *name* says of what; the amount is part of the counter's name."""
    return RateLimitItemPerMinute(amount, namespace=name)


def per_hour(name: str, amount: int) -> RateLimitItem:
    """*amount* an hour."""
    return RateLimitItemPerHour(amount, namespace=name)


def per_day(name: str, amount: int) -> RateLimitItem:
    """*amount* in 24 hours."""
    return RateLimitItemPerDay(amount, namespace=name)


def hit(limit: RateLimitItem, *identifiers: str) -> bool:
    """Count one for *identifiers*, unless *limit* is used up.  Answers whether it was counted.

    :raises RuntimeError: inside :func:`db.transaction`, where SQLite would wait for itself.
    """
    db.outside_transaction("Counting a rate limit")
    return _throttle().hit(limit, *identifiers)


def spent(limit: RateLimitItem, *identifiers: str) -> bool:
    """Whether the next :func:`hit` would be refused.  Looks, and counts nothing."""
    return not _throttle().test(limit, *identifiers)


def give_back(limit: RateLimitItem, *identifiers: str) -> None:
    """Undo one :func:`hit` that was counted.  With none left, the next one opens a new window.

    :raises RuntimeError: inside :func:`db.transaction`.
    """
    db.outside_transaction("Counting a rate limit")
    _throttle().give_back(limit, *identifiers)


def exhausted(limit: RateLimitItem, *identifiers: str) -> bool:
    """Whether a :func:`hit` of this process has seen *limit* used up in the window that is running.

    It costs no statement, so it may stand before a call that is made all the time.  It hears neither of other
    processes' hits nor of what they give back: for limits of which nothing is given back.
    """
    return _throttle().exhausted(limit, *identifiers)


def purge() -> int:
    """Delete the counters whose window is over, and answer how many there were."""
    return db.delete_batches(Limit, Limit.expires_at <= clock.now())


def address_key(address: str | None) -> str:
    """Whom to count for a client's *address*: itself, or its /64 for IPv6, of which one subscriber has them all."""
    try:
        ip = ip_address(address or "")
    except ValueError:
        return (address or "unknown")[:64]
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or IPv6Network((int(ip) >> 64 << 64, 64)))
    return str(ip)


class Throttle(FixedWindowRateLimiter):
    """``limits``' fixed window, which here counts only what it lets pass, and remembers what is used up."""

    storage: Storage

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage)
        self._used_up: dict[str, float] = {}
        self._lock = Lock()

    def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        key = item.key_for(*identifiers)
        if not self.test(item, *identifiers, cost=cost):  # a refusal writes nothing
            self._remember(key)
            return False
        count = self.storage.incr(key, item.get_expiry(), amount=cost)
        if count > item.amount:  # another was faster
            self.storage.incr(key, item.get_expiry(), amount=-cost)
            return False
        if count == item.amount:
            self._remember(key)
        return True

    def give_back(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> None:
        key = item.key_for(*identifiers)
        self.storage.incr(key, item.get_expiry(), amount=-cost)
        with self._lock:
            self._used_up.pop(key, None)

    def exhausted(self, item: RateLimitItem, *identifiers: str) -> bool:
        return self._used_up.get(item.key_for(*identifiers), 0) > clock.now().timestamp()

    def _remember(self, key: str) -> None:
        now = clock.now().timestamp()
        if self._used_up.get(key, 0) > now:
            return
        until = self.storage.get_expiry(key)
        with self._lock:
            self._used_up.pop(key, None)  # so that it goes to the end: the front is the oldest
            if until > now:
                self._used_up[key] = until
            while len(self._used_up) > REMEMBERED:
                del self._used_up[next(iter(self._used_up))]


_key = sa.bindparam("the_key", type_=sa.String)
_amount = sa.bindparam("the_amount", type_=sa.Integer)
_now = sa.bindparam("now", type_=Limit.expires_at.type)
_until = sa.bindparam("until", type_=Limit.expires_at.type)
_over = Limit.expires_at <= _now
_first = {"key": _key, "count": _amount, "expires_at": _until}
# MariaDB assigns one column after the other and looks at what it has assigned: what a condition is about comes last.
_next = {
    "count": sa.case((_over, _amount), else_=Limit.count + _amount),
    "expires_at": sa.case((_over, _until), else_=Limit.expires_at),
}
_count_on_sqlite = sqlite.insert(Limit).values(_first).on_conflict_do_update(index_elements=["key"], set_=_next)
_count_on_mariadb = mysql.insert(Limit).values(_first).on_duplicate_key_update(list(_next.items()))
_counted = sa.select(Limit.count).where(Limit.key == _key)
_take_back = (
    sa.update(Limit)
    .where(Limit.key == _key, Limit.expires_at > _now)
    .ordered_values(
        (Limit.expires_at, sa.case((Limit.count <= _amount, _now), else_=Limit.expires_at)),
        (Limit.count, Limit.count - _amount),
    )
)
_running = db.Query(sa.select(Limit.count, Limit.expires_at).where(Limit.key == _key, Limit.expires_at > _now))


class DatabaseStorage(Storage):
    """The counters in ``wx_common_limit``.  Each change is a transaction of its own."""

    STORAGE_SCHEME = None

    @property
    def base_exceptions(self) -> type[Exception]:
        return sa.exc.SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add *amount*, in a new window of *expiry* seconds where none is running.  An amount below 0 is taken back
        from the window that is running, and closes it when nothing is left in it.
        """
        now = clock.now()
        params = {"the_key": _column(key), "the_amount": abs(amount), "now": now}
        if amount < 0:
            with db.engine().begin() as connection:
                connection.execute(_take_back, params)
            return self.get(key)
        sqlite_ = db.engine().dialect.name == "sqlite"
        with db.engine().begin() as connection:
            statement = _count_on_sqlite if sqlite_ else _count_on_mariadb
            connection.execute(statement, params | {"until": now + timedelta(seconds=expiry)})
            # Read under the row's lock. RETURNING would save the trip, but MySQL has none.
            return int(connection.execute(_counted, {"the_key": params["the_key"]}).scalar_one())

    def get(self, key: str) -> int:
        row = _running.first(the_key=_column(key), now=clock.now())
        return row[0] if row else 0  # a row's count is a method

    def get_expiry(self, key: str) -> float:
        now = clock.now()
        row = _running.first(the_key=_column(key), now=now)
        return float((row.expires_at if row else now).timestamp())

    def check(self) -> bool:
        self.get("check")
        return True

    def reset(self) -> int:
        with db.engine().begin() as connection:
            return connection.execute(sa.delete(Limit)).rowcount

    def clear(self, key: str) -> None:
        with db.engine().begin() as connection:
            connection.execute(sa.delete(Limit).where(Limit.key == _key), {"the_key": _column(key)})


def _column(key: str) -> str:
    """*key*, or its hash where the column has no room for it."""
    return key if len(key) <= 190 else hashlib.sha256(key.encode()).hexdigest()


def _throttle() -> Throttle:
    parts = current_state().parts
    throttle: Throttle = parts.get("throttle") or parts.setdefault("throttle", Throttle(DatabaseStorage()))
    return throttle
