"""What the operator of ``tickets`` loads: the 加油包 of ``appConfig``.

::

    tickets:
      refuel_bag:
        - {name: 铜小妞, amount: 20, picture: "1"}

It is the whole list, in the order shown: what is missing is taken away.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from ... import db, fields
from ...models.tickets import Bag
from ...operator_fields import Rows

REFUEL_BAG = "refuel_bag"

_bags = db.Query(sa.select(Bag.amount, Bag.name, Bag.picture).order_by(Bag.position).limit(200))


class BagData(fields.Strict):
    name = fields.Text(required=True, max_length=64)
    amount = fields.Money(min_fen=1, required=True)
    picture = fields.Text(max_length=255, load_default="")


class TicketsData(fields.Strict):
    refuel_bag = Rows(BagData, "name", max_items=200)


def apply(data: dict[str, Any]) -> Iterator[int]:
    """Create or update what *data* names, in the caller's transaction.  Yields how many things each step did."""
    if REFUEL_BAG in data:
        rows = [{**bag, "position": position} for position, bag in enumerate(data[REFUEL_BAG])]
        db.execute(sa.delete(Bag))
        if rows:
            db.execute(sa.insert(Bag), rows)
        yield len(rows)


def dump() -> dict[str, Any]:
    """Everything that :func:`apply` takes, in its form."""
    return {REFUEL_BAG: bags()}


def config(*, keyType: str) -> list[dict[str, str]]:
    """``appConfig``: ``[{"amount", "name", "picture"}]`` for ``refuel_bag``, ``[]`` for any other *keyType*."""
    return bags() if keyType == REFUEL_BAG else []


def bags() -> list[dict[str, str]]:
    """The bags in their order; ``amount`` in yuan as a text, without needless decimals (``"20"``)."""
    return [{"amount": _yuan(row.amount), "name": row.name, "picture": row.picture} for row in _bags.all()]


def _yuan(fen: int) -> str:
    return str(db.yuan(fen)) if fen % 100 else str(fen // 100)
