"""Proof of the books: what is in each lane and in the store is the sum of the ledger's rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from ... import db
from ...models.vending import Aisle, Goods, Movement
from .ids import AISLE, GOODS, written

_moved = sa.func.coalesce(sa.func.sum(Movement.num), 0)
_store = db.Query(
    sa.select(Goods.id, Goods.stock, _moved.label("moved"))
    .outerjoin(Movement, sa.and_(Movement.goods_id == Goods.id, Movement.aisle_id.is_(None)))
    .group_by(Goods.id, Goods.stock)
    .having(Goods.stock != _moved)
)
_sums = (
    sa.select(Movement.aisle_id, Movement.goods_id, sa.func.sum(Movement.num).label("moved"))
    .where(Movement.aisle_id.is_not(None))
    .group_by(Movement.aisle_id, Movement.goods_id)
    .having(sa.func.sum(Movement.num) != 0)
    .subquery()
)
_in_lane = sa.and_(_sums.c.aisle_id == Aisle.id, _sums.c.goods_id == Aisle.goods_id)
_lanes = db.Query(  # one statement, so that it is of one moment
    sa.union_all(
        sa.select(
            Aisle.id, Aisle.goods_id, Aisle.goods_num.label("num"), sa.func.coalesce(_sums.c.moved, 0).label("moved")
        )
        .outerjoin(_sums, _in_lane)
        .where(Aisle.goods_num != sa.func.coalesce(_sums.c.moved, 0)),
        sa.select(_sums.c.aisle_id, _sums.c.goods_id, sa.literal(0), _sums.c.moved)
        .outerjoin(Aisle, _in_lane)
        .where(Aisle.id.is_(None)),
    )
)


@dataclass(frozen=True)
class Difference:
    """A place whose stock is not what the ledger's rows come to."""

    place: str
    goods: str | None
    stock: int
    ledger: int

    def __str__(self) -> str:
        return f"{self.place} {self.goods}: {self.stock} in the books, {self.ledger} by the movements"


def differences() -> Iterator[Difference]:
    """Each :class:`Difference`; none, when the books are right."""
    for row in _store.all():
        yield Difference("store", written(GOODS, row.id), row.stock, int(row.moved))
    for row in _lanes.all():
        yield Difference(str(written(AISLE, row.id)), written(GOODS, row.goods_id), row.num, int(row.moved))
