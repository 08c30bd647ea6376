"""Values that may be used once, whatever number of processes look at them: the primary key is the guard."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from . import clock, db
from .models.common import Nonce

_same = (Nonce.scope == sa.bindparam("the_scope"), Nonce.value == sa.bindparam("the_value"))
_expires_at = db.Query(sa.select(Nonce.expires_at).where(*_same))
_use_again = (
    sa.update(Nonce).where(*_same, Nonce.expires_at <= sa.bindparam("now")).values(expires_at=sa.bindparam("until"))
)


def use(scope: str, value: str, lifetime: timedelta) -> bool:
    """Use *value* up in *scope* for *lifetime*.  Answers whether it was still to be had; of any number who ask at the
    same time one gets True.

    It joins a transaction that is running, and is unused again when that is rolled back.

    :param scope: what the value is for, and whose it is where it may be used once a user; at most 128 characters.
    :param value: at most 128 characters; case counts, blanks at the end may not.
    :raises ValueError: one of them is longer.
    """
    if len(scope) > 128 or len(value) > 128:
        raise ValueError("a nonce too long")
    now = clock.now()
    same = {"the_scope": scope, "the_value": value}
    with db.transaction():
        # Read first: a value that comes back is refused without a lock, and one that has expired is updated without
        # the shared lock of a failed insert, which two at a time could not both make an exclusive one.
        expires_at = _expires_at.scalar(**same)
        if expires_at is not None:
            if expires_at > now:
                return False
            if db.changed(_use_again, {**same, "now": now, "until": now + lifetime}):
                return True
        return db.insert_once(Nonce, {"scope": scope, "value": value, "expires_at": now + lifetime})


def purge() -> int:
    """Delete what has expired, and answer how many rows that were."""
    return db.delete_batches(Nonce, Nonce.expires_at <= clock.now())
