"""Numbers, as the document has them: the day and ten digits, ``201911210000000001``."""

from __future__ import annotations

from datetime import timedelta

from ... import clock, db
from ...models.charging import Number


def new() -> str:
    """A number nobody has, in the caller's transaction.  It is used for an order or a recharge, once."""
    number = db.insert(Number, {"created_at": clock.now()})
    return f"{clock.today():%Y%m%d}{number:010d}"


def purge() -> int:
    """Forget the numbers of past days, which come again with no day; answers how many there were."""
    return db.delete_batches(Number, Number.created_at <= clock.now() - timedelta(days=3))
