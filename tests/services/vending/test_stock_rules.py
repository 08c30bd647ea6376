"""The rules of the stock, found by trying: whatever is done in whatever order, nothing comes from nowhere and nothing
is lost."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from vending_data import clean, shops
from wxservices import db
from wxservices.errors import ServiceError
from wxservices.models.vending import Aisle, Goods
from wxservices.services.vending import goods, lanes, orders, replenishing, returns
from wxservices.services.vending.orders import Sold

LANES = st.sampled_from([56, 59, 61, 67])
GOODS = st.sampled_from([9, 13, 22])
NUMBERS = st.integers(0, 7)

_lanes = db.Query(sa.select(Aisle.goods_id, Aisle.goods_num, Aisle.capacity).where(Aisle.vendor_id == 107))
_goods = db.Query(sa.select(Goods.id, Goods.stock).where(Goods.id.in_([9, 13, 22])))


def totals() -> dict[int, int]:
    """How many there are of each good, in the store and in lanes."""
    found = {row.id: row.stock for row in _goods.all()}
    for row in _lanes.all():
        if row.goods_id is not None:
            found[row.goods_id] += row.goods_num
    return found


class Stock(RuleBasedStateMachine):
    """A machine and its shop.  ``expected`` is what only deliveries, sales, returns and counts may change."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.context = shops(f"sqlite:///{Path(self.folder.name) / 'test.db'}")
        self.context.__enter__()
        self.expected = totals()
        self.turn = 0
        self.sold: list[tuple[int, dict[int, int]]] = []

    def teardown(self) -> None:
        self.context.__exit__(None, None, None)
        self.folder.cleanup()

    def attempt(self, change: Any) -> Any:
        """What *change* answers; None when it is refused, which must change nothing at all."""
        before = totals()
        try:
            return change() or True
        except ServiceError:
            assert totals() == before
            return None

    @rule(lines=st.lists(st.tuples(LANES, GOODS, st.integers(1, 4)), min_size=1, max_size=3))
    def replenish(self, lines: list[tuple[int, int, int]]) -> None:
        self.turn += 1
        names = ("aisle_id", "vendor_goods_id", "goods_num")
        wanted = [dict(zip(names, line, strict=True)) for line in lines]
        self.attempt(
            lambda: replenishing.replenish(vendor_id=107, lines=wanted, who="", staff_id=1, use_name=f"{self.turn}")
        )

    @rule(aisle=LANES, good=st.none() | GOODS, off=st.none() | st.just(1), num=st.none() | NUMBERS)
    def save(self, aisle: int, good: int | None, off: int | None, num: int | None) -> None:
        self.attempt(lambda: lanes.save(aisle_id=aisle, vendor_goods_id=good, is_sale=off, goods_num=num))

    @rule(aisle=LANES, num=st.integers(1, 3))
    def sell(self, aisle: int, num: int) -> None:
        self.turn += 1
        number = self.attempt(
            lambda: orders.record_sale(vendor_id=107, order_no=f"{self.turn}", lines=[Sold(aisle, num)])
        )
        if number:
            (line,) = orders.details(vendor_order_id=number)["info"]["goods_list"]
            good = int(line["vendor_goods_id"].removeprefix("VG"))
            self.expected[good] -= num
            self.sold.append((number, {good: num}))

    @rule(back=st.booleans())
    def refund(self, back: bool) -> None:
        if self.sold:
            number, content = self.sold[-1]
            if self.attempt(lambda: orders.refund_sale(order_id=number, goods_back=back)):
                self.sold.pop()
                for good, num in content.items() if back else ():
                    self.expected[good] += num

    @rule(good=GOODS, num=st.integers(1, 5))
    def receive(self, good: int, num: int) -> None:
        goods.receive(goods_id=good, num=num, why="", who="")
        self.expected[good] += num

    @rule(good=GOODS)
    def take_back(self, good: int) -> None:
        returns.take_in(shop_id=888, vendor_goods_id=good)
        number = int(returns.listed(shop_id=888, return_status=1)["list"][0]["return_id"].removeprefix("RI"))
        returns.complete(return_id=number, who="")
        self.expected[good] += 1

    @rule(aisle=LANES, num=NUMBERS)
    def count(self, aisle: int, num: int) -> None:
        before = totals()
        if self.attempt(lambda: (lanes.count(aisle_id=aisle, goods_num=num, why="", who=""),)):
            for good, number in totals().items():
                self.expected[good] += number - before[good]

    @invariant()
    def nothing_is_lost(self) -> None:
        assert totals() == self.expected

    @invariant()
    def the_books_are_right(self) -> None:
        assert clean()

    @invariant()
    def nothing_is_below_zero_or_above_capacity(self) -> None:
        assert all(0 <= row.goods_num <= row.capacity for row in _lanes.all())
        assert all(row.goods_num == 0 for row in _lanes.all() if row.goods_id is None)
        assert all(row.stock >= 0 for row in _goods.all())


def test_the_stock_is_conserved_whatever_is_done() -> None:
    run_state_machine_as_test(
        Stock,
        settings=settings(
            max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
