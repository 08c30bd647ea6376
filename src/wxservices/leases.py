"""Work that one process does at a time, wherever it runs: a row in the data base says who, and until when."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from . import clock, db
from .models.payments import Lease

_this = Lease.name == sa.bindparam("of")
_take = (
    sa.update(Lease)
    .where(_this, sa.or_(Lease.holder == sa.bindparam("who"), Lease.expires_at <= sa.bindparam("now")))
    .values(holder=sa.bindparam("who"), expires_at=sa.bindparam("until"))
)
_release = sa.delete(Lease).where(_this, Lease.holder == sa.bindparam("who"))
_holder = db.Query(sa.select(Lease.holder).where(_this))


def hold(name: str, holder: str, lifetime: timedelta) -> bool:
    """Take or renew the lease *name* for *holder*.  Of any number who ask, one gets True until it is released or its
    lifetime is over.
    """
    now = clock.now()
    if _holder.scalar(of=name) is None:
        with db.transaction():
            if db.insert_once(Lease, {"name": name, "holder": holder, "expires_at": now + lifetime}):
                return True
    with db.transaction():
        return bool(db.changed(_take, {"of": name, "who": holder, "now": now, "until": now + lifetime}))


def release(name: str, holder: str) -> None:
    """Give the lease back, if *holder* has it."""
    with db.transaction():
        db.changed(_release, {"of": name, "who": holder})
