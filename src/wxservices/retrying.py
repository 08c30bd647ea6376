"""Deadlocks: a transaction that the data base chose as the victim is run again."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import sqlalchemy as sa

from . import db

TRIES = 8

P = ParamSpec("P")
R = TypeVar("R")

_VICTIM = {
    1213,  # deadlock
    1020,  # MariaDB's innodb_snapshot_isolation: a row is newer than the snapshot
}


def on_deadlock(function: Callable[P, R]) -> Callable[P, R]:
    """Run *function*, which has its transaction within itself, again when that was the victim of a deadlock.

    Only where nothing else hangs on that transaction: inside :func:`db.transaction`, or in one that the host's session
    has begun, the error goes to whoever began it.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        alone = not (db.in_transaction() or db.session().in_transaction())
        for attempt in range(1, TRIES):
            try:
                return function(*args, **kwargs)
            except sa.exc.OperationalError as error:
                if not alone or getattr(error.orig, "args", (None,))[0] not in _VICTIM:
                    raise
            time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311
        return function(*args, **kwargs)

    return run
