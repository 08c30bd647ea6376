"""The stock ledger: whatever comes or goes is a row, and the sum of the rows is the stock.

Everyone locks in this order: lanes by id, goods (the store) by id, rows of their own, totals (see ``boards``).  What is
told of a lane is read after its row was changed, so that it is the newest on MariaDB too, whose plain reads else see
the transaction's beginning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ... import clock, db
from ...errors import Conflict
from ...models.vending import Aisle, Goods, Movement

OPENING, RECEIVE, COUNT = "opening", "receive", "count"
REPLENISH, REDUCE, TAKE_OFF, REPLACE = "replenish", "reduce", "take_off", "replace"
SALE, REFUND, RETURN = "sale", "refund", "return"

_touch = sa.update(Aisle).where(Aisle.id == sa.bindparam("aisle")).values(updated_at=sa.bindparam("now"))
_change_store = (
    sa.update(Goods)
    .where(Goods.id == sa.bindparam("goods"), Goods.stock + sa.bindparam("num") >= 0)
    .values(stock=Goods.stock + sa.bindparam("num"))
)
_lane = db.Query(
    sa.select(
        Aisle.id,
        Aisle.shop_id,
        Aisle.vendor_id,
        Aisle.name,
        Aisle.capacity,
        Aisle.goods_id,
        Aisle.goods_num,
        Goods.name.label("goods_name"),
        Goods.price,
    )
    .outerjoin(Goods, Goods.id == Aisle.goods_id)
    .where(Aisle.id == sa.bindparam("aisle_id"))
)


@dataclass
class Entry:
    """Movements of one cause, who and why, to be written together."""

    shop_id: int
    kind: str
    who: str
    why: str = ""
    staff_id: int | None = None
    moves: list[tuple[int, int | None, int]] = field(default_factory=list)

    def move(self, goods_id: int, aisle_id: int | None, num: int) -> None:
        """*num* of *goods_id* come to (or, below 0, leave) *aisle_id*; None is the store."""
        if num:
            self.moves.append((goods_id, aisle_id, num))

    def write(self) -> None:
        """Write the rows, in the caller's transaction."""
        rest = {"shop_id": self.shop_id, "kind": self.kind, "who": self.who, "why": self.why[:255]}
        rest |= {"staff_id": self.staff_id, "created_at": clock.now()}
        rows = [{"goods_id": goods, "aisle_id": aisle, "num": num, **rest} for goods, aisle, num in self.moves]
        if rows:
            db.execute(sa.insert(Movement), rows)


def lane(aisle_id: int) -> Any:
    """The lane with its good: ``id, shop_id, vendor_id, name, capacity, goods_id, goods_num, goods_name, price``.

    None if there is no such lane.
    """
    return _lane.first(aisle_id=aisle_id)


def locked_lane(aisle_id: int) -> Any:
    """As :func:`lane`, nobody else changing it until the caller's transaction is over."""
    db.changed(_touch, {"aisle": aisle_id, "now": clock.now()})
    return lane(aisle_id)


def change_store(changes: Iterable[tuple[int, int]]) -> None:
    """Add to (or, below 0, take from) the store what *changes*, ``(goods_id, num)``, say.

    :raises Conflict: there are not so many.
    """
    for goods_id, num in sorted(changes):
        if num and not db.changed(_change_store, {"goods": goods_id, "num": num}):
            raise Conflict("商品库存不足")
