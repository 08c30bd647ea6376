"""Nothing is given twice and nothing is lost, and the proof that these tests would notice: the same load without the
guard."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from races import race
from vending_data import clean, shops
from wxservices import db, nonces
from wxservices.errors import Conflict, ServiceError
from wxservices.models.vending import Aisle, Fault, Goods, Movement, Order, Record, Return
from wxservices.services.vending import faults, goods, lanes, ledger, orders, rebuild, replenishing, returns
from wxservices.services.vending.orders import Sold

HERE = Path(__file__)
THREADS, PROCESSES = 8, 4
EVERYBODY = THREADS * PROCESSES
pytestmark = pytest.mark.race


def _run(uri: str, function: str, **arguments: Any) -> list[Any]:
    return race(
        f"{HERE.stem}:{function}", uri, path=HERE, processes=PROCESSES, threads=THREADS, mount=("vending",), **arguments
    )


def _count(model: Any, *where: Any) -> int:
    return int(db.Query(sa.select(sa.func.count()).select_from(model).where(*where)).scalar())


def _lane(number: int) -> int:
    return int(db.Query(sa.select(Aisle.goods_num).where(Aisle.id == number)).scalar())


def _store(number: int) -> int:
    return int(db.Query(sa.select(Goods.stock).where(Goods.id == number)).scalar())


def _line(aisle_id: int, goods_id: int, num: int = 1) -> dict[str, int]:
    return {"aisle_id": aisle_id, "vendor_goods_id": goods_id, "goods_num": num}


def _wrong() -> list[str]:
    return [line for shop_id, month in rebuild.months() for line in rebuild.rebuild(shop_id, month)]


def _read_then_write() -> None:
    """The guards of replenishing taken out: what is read decides, what is written is computed from it."""

    def fill(lane: Any, goods_id: int, num: int) -> None:
        row = db.session().execute(sa.select(Aisle.goods_num, Aisle.capacity).where(Aisle.id == lane.id)).one()
        if row.goods_num + num > row.capacity:
            raise Conflict
        time.sleep(0.02)
        db.changed(sa.update(Aisle).where(Aisle.id == lane.id).values(goods_num=row.goods_num + num))

    def take(changes: Any) -> None:
        for goods_id, num in changes:
            stock = db.session().scalar(sa.select(Goods.stock).where(Goods.id == goods_id))
            if stock + num < 0:
                raise Conflict
            db.changed(sa.update(Goods).where(Goods.id == goods_id).values(stock=stock + num))

    replenishing._fill_lane = fill
    ledger.change_store = take
    nonces.use = lambda *_: True


def replenish(number: int, vendor_id: int, lines: list[dict[str, int]], same: bool, guard: str) -> str:
    """What each thread does: put *lines* into the machine, as somebody of its own or (*same*) all as one."""
    if guard == "stock":
        _read_then_write()
    if guard == "repeat":
        nonces.use = lambda *_: True
    replenishing.replenish(
        vendor_id=vendor_id, lines=lines, who=f"{number}", staff_id=1 if same else number, use_name="冉总"
    )
    return "done"


def _replenish(uri: str, lines: list[dict[str, int]], *, same: bool = False, guard: str = "") -> Counter[Any]:
    return Counter(_run(uri, "replenish", vendor_id=64, lines=lines, same=same, guard=guard))


def test_the_last_places_of_a_lane(database_uri: str) -> None:
    with shops(database_uri):
        lanes.save(aisle_id=70, goods_num=1)
        outcomes = _replenish(database_uri, [_line(70, 14)])
        assert outcomes == {"done": 5, "Conflict": EVERYBODY - 5}
        assert (_lane(70), _store(14), _count(Record)) == (6, 557, 5)
        assert clean()


def test_the_last_goods_of_the_store(database_uri: str) -> None:
    with shops(database_uri):
        lanes.save(aisle_id=70, goods_num=0)
        goods.count(goods_id=14, num=3, why="", who="")
        outcomes = _replenish(database_uri, [_line(70, 14)])
        assert outcomes == {"done": 3, "Conflict": EVERYBODY - 3}
        assert (_lane(70), _store(14)) == (3, 0)
        assert clean()


def test_lists_that_cross_are_applied_whole_or_not_at_all(database_uri: str) -> None:
    with shops(database_uri):
        lanes.save(aisle_id=70, goods_num=2)
        lanes.save(aisle_id=71, goods_num=4)
        outcomes = _replenish(database_uri, [_line(71, 13), _line(70, 14)])
        assert outcomes == {"done": 2, "Conflict": EVERYBODY - 2}
        assert (_lane(70), _lane(71)) == (4, 6)
        assert clean()


def test_without_the_guards_a_lane_is_not_what_the_books_say(database_uri: str) -> None:
    with shops(database_uri):
        lanes.save(aisle_id=70, goods_num=1)
        _replenish(database_uri, [_line(70, 14)], guard="stock")
        assert not clean()


def test_the_same_call_at_once_is_applied_once(database_uri: str) -> None:
    with shops(database_uri):
        lanes.save(aisle_id=70, goods_num=0)
        outcomes = _replenish(database_uri, [_line(70, 14)], same=True)
        assert outcomes == {"done": EVERYBODY}
        assert (_lane(70), _count(Record)) == (1, 1)
        assert clean()


def test_without_the_guard_the_same_call_is_applied_often(database_uri: str) -> None:
    with shops(database_uri):
        lanes.save(aisle_id=70, goods_num=0)
        _replenish(database_uri, [_line(70, 14)], same=True, guard="repeat")
        assert _lane(70) > 1


def complete(number: int, return_id: int, guarded: bool) -> str:
    if not guarded:
        returns._complete = (
            sa.update(Return).where(Return.id == sa.bindparam("return_number")).values(
                status=2, use_name=sa.bindparam("name"), return_time=sa.bindparam("now")
            )
        )  # fmt: skip
    returns.complete(return_id=return_id, who=f"{number}")
    return "done"


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "without the guard"])
def test_a_return_is_completed_once(database_uri: str, guarded: bool) -> None:
    with shops(database_uri):
        returns.take_in(shop_id=888, vendor_goods_id=9)
        return_id = db.Query(sa.select(sa.func.max(Return.id))).scalar()
        outcomes = Counter(_run(database_uri, "complete", return_id=return_id, guarded=guarded))
        assert (outcomes["done"] == 1) is guarded
        assert (_store(9) == 889) is guarded
        if guarded:
            assert outcomes == {"done": 1, "Conflict": EVERYBODY - 1}
            assert clean()


def sell(number: int, guarded: bool) -> int:
    """All report the same sale of the last good but one."""
    order_no = "M-1" if guarded else f"M-{number}"  # without the machine's number nothing tells them apart
    return orders.record_sale(vendor_id=64, order_no=order_no, lines=[Sold(70), Sold(71)])


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "without the number"])
def test_a_sale_that_is_reported_by_many_at_once_is_one_sale(database_uri: str, guarded: bool) -> None:
    with shops(database_uri):
        lanes.count(aisle_id=70, goods_num=2, why="", who="")
        outcomes = _run(database_uri, "sell", guarded=guarded)
        if guarded:
            assert len(set(outcomes)) == 1
            assert isinstance(outcomes[0], int)
        assert _lane(70) == (1 if guarded else 0)
        assert _count(Order, Order.order_no.like("M-%")) == (1 if guarded else 2)
        assert clean()
        assert _wrong() == []


def refund(number: int, order_id: int) -> str:
    orders.refund_sale(order_id=order_id, goods_back=True)
    return "done"


def test_a_sale_is_refunded_once(database_uri: str) -> None:
    with shops(database_uri):
        order_id = orders.record_sale(vendor_id=64, order_no="1", lines=[Sold(70)])
        outcomes = Counter(_run(database_uri, "refund", order_id=order_id))
        assert outcomes == {"done": 1, "Conflict": EVERYBODY - 1}
        assert _lane(70) == 6
        assert clean()
        assert _wrong() == []


def report(number: int, guarded: bool) -> int:
    return faults.report(vendor_id=64, kind=faults.STOCK, code="" if guarded else f"{number}")


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "without the key"])
def test_a_fault_is_opened_once(database_uri: str, guarded: bool) -> None:
    with shops(database_uri):
        outcomes = _run(database_uri, "report", guarded=guarded)
        assert _count(Fault) == len(set(outcomes)) == (1 if guarded else EVERYBODY)


class Injected(Exception):
    """A fault in the middle of a transaction."""


def day_in_a_shop(number: int, seconds: float, guard: str) -> dict[str, int]:
    """Sell, refund, replenish, reduce, replace and count at random, one in ten failing on the way."""
    if guard == "stock":
        _read_then_write()
    chance = random.Random(number)
    write = ledger.Entry.write

    def write_or_fail(entry: ledger.Entry) -> None:
        write(entry)
        if chance.random() < 0.1:
            raise Injected

    ledger.Entry.write = write_or_fail  # type: ignore[method-assign]
    outcomes: Counter[str] = Counter()
    sold: list[int] = []
    until = time.monotonic() + seconds
    turn = 0
    while time.monotonic() < until:
        turn += 1
        pair = chance.sample([(70, 14), (71, 13)], 2)
        try:
            match chance.randrange(10):
                case 0 | 1 | 2 | 3:
                    lines = [Sold(aisle_id, chance.randint(1, 2)) for aisle_id, _ in pair[: chance.randint(1, 2)]]
                    sold.append(orders.record_sale(vendor_id=64, order_no=f"{number}-{turn}", lines=lines))
                case 4 | 5 | 6:
                    filled = [_line(aisle_id, goods_id, chance.randint(1, 2)) for aisle_id, goods_id in pair]
                    replenishing.replenish(vendor_id=64, lines=filled, who="", staff_id=number, use_name=f"{turn}")
                case 7:
                    lanes.save(aisle_id=pair[0][0], goods_num=chance.randint(0, 2))
                case 8 if sold:
                    orders.refund_sale(order_id=sold.pop(), goods_back=chance.random() < 0.5)
                case _:
                    lanes.count(aisle_id=pair[0][0], goods_num=chance.randint(0, 6), why="", who="")
            outcomes["done"] += 1
        except (ServiceError, Injected) as error:
            outcomes[type(error).__name__] += 1
    return outcomes


@pytest.mark.parametrize("guard", ["", "stock"], ids=["guarded", "without the guards"])
def test_sales_and_replenishing_race_and_the_books_are_right_after(database_uri: str, guard: str) -> None:
    with shops(database_uri):
        outcomes = _run(database_uri, "day_in_a_shop", seconds=4 if guard else 10, guard=guard)
        if guard:
            assert not clean()
            return
        assert all(isinstance(each, dict) for each in outcomes), outcomes
        total = sum((Counter(each) for each in outcomes), Counter())
        assert total["done"] > 50
        assert total["Injected"] > 5
        assert clean()
        assert _wrong() == []
        assert 0 <= _lane(70) <= 6
        assert 0 <= _lane(71) <= 6
        assert _store(13) >= 0
        assert _count(Movement, Movement.kind == "sale") > 0
