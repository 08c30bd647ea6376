"""The numbers on the front pages (document ``vending``, 4.3 and 4.4)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import sqlalchemy as sa

from ... import db
from ...models.vending import Goods, Record, Return
from . import boards, faults, machines

DATA_NUM = 12
"""``data_num``: the document itself does not know of what, and takes a fixed number."""

_records = db.Query(
    sa.select(
        sa.select(sa.func.count()).where(Record.shop_id == sa.bindparam("shop_id")).scalar_subquery().label("records"),
        sa.select(sa.func.count()).where(Return.shop_id == sa.bindparam("shop_id")).scalar_subquery().label("returns"),
    )
)
_in_store = db.Query(
    sa.select(sa.func.coalesce(sa.func.sum(Goods.stock), 0)).where(Goods.shop_id == sa.bindparam("shop_id"))
)


def today(*, shop_id: int) -> dict[str, int]:
    """``get_home_data``."""
    reported, sent = faults.open_counts(shop_id=shop_id)
    done = _records.first(shop_id=shop_id)
    return {
        "record_num": machines.to_replenish(shop_id=shop_id),
        "scene_num": sent,
        "stock_deal": reported,
        "order_num": boards.orders(shop_id=shop_id),
        "data_num": DATA_NUM,
        "my_record_num": done.records + done.returns if done else 0,
    }


def stock(*, shop_id: int) -> dict[str, Any]:
    """``get_repl_data``."""
    states = Counter(machines.states(shop_id=shop_id).values())
    done = _records.first(shop_id=shop_id)
    records, returns = (done.records, done.returns) if done else (0, 0)
    return {
        "stock_num": states[machines.SHORT],
        "out_num": states[machines.OUT],
        "goods_num": int(_in_store.scalar(shop_id=shop_id)),
        "return_num": returns,
        "record_all_num": records + returns,
    }
