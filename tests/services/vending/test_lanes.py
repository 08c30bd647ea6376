"""What goes into lanes, what comes out, and that nothing is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from vending_data import clean
from wxservices import db, signals
from wxservices.errors import BadParameter, Conflict, NotFound
from wxservices.models.vending import Aisle, Goods, Movement, Record
from wxservices.services.vending import goods, lanes, replenishing, returns

_lane = db.Query(sa.select(Aisle.goods_id, Aisle.goods_num).where(Aisle.id == sa.bindparam("id")))
_store = db.Query(sa.select(Goods.stock).where(Goods.id == sa.bindparam("id")))
_moves = db.Query(
    sa.select(Movement.kind, Movement.goods_id, Movement.aisle_id, Movement.num, Movement.who, Movement.why)
    .where(Movement.kind != "opening")
    .order_by(Movement.id)
)
_records = db.Query(sa.select(sa.func.count()).select_from(Record))


def stock() -> tuple[Any, ...]:
    """Lane AI56 (good and number) and the store of VG9 and VG13."""
    return (*_lane.first(id=56), _store.scalar(id=9), _store.scalar(id=13))  # type: ignore[misc]


def line(aisle_id: int, goods_id: int, num: int) -> dict[str, int]:
    return {"aisle_id": aisle_id, "vendor_goods_id": goods_id, "goods_num": num}


def test_what_is_loaded_is_in_the_books(shop: Flask) -> None:
    assert stock() == (9, 3, 888, 900)
    assert clean()


def test_reducing_moves_the_rest_to_the_store(shop: Flask) -> None:
    lanes.save(aisle_id=56, goods_num=1, who="冉总")
    assert stock() == (9, 1, 890, 900)
    assert [tuple(row) for row in _moves.all()] == [
        ("reduce", 9, 56, -2, "冉总", ""),
        ("reduce", 9, None, 2, "冉总", ""),
    ]
    assert clean()


def test_taking_off_empties_the_lane(shop: Flask) -> None:
    lanes.save(aisle_id=56, vendor_goods_id=9, is_sale=1, goods_num=5, who="冉总")  # the document's example sends all
    assert stock() == (None, 0, 891, 900)
    with pytest.raises(Conflict, match="未配置"):
        lanes.save(aisle_id=56, is_sale=1)
    assert clean()


def test_replacing_moves_all_of_it_to_the_store(shop: Flask) -> None:
    lanes.save(aisle_id=56, vendor_goods_id=13, who="冉总")
    assert stock() == (13, 0, 891, 900)
    assert clean()


def test_setting_a_lane_and_setting_the_same_good_again(shop: Flask) -> None:
    lanes.save(aisle_id=67, vendor_goods_id=9)
    assert tuple(_lane.first(id=67) or ()) == (9, 0)
    lanes.save(aisle_id=56, vendor_goods_id=9)
    assert stock() == (9, 3, 888, 900)
    assert _moves.all() == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"aisle_id": 56, "goods_num": 4}, Conflict),
        ({"aisle_id": 56, "vendor_goods_id": 13, "goods_num": 1}, Conflict),
        ({"aisle_id": 67, "goods_num": 0}, Conflict),
        ({"aisle_id": 67, "is_sale": 1}, Conflict),
        ({"aisle_id": 56}, BadParameter),
        ({"aisle_id": 56, "vendor_goods_id": 90}, NotFound),  # another shop's
        ({"aisle_id": 5600, "goods_num": 0}, NotFound),
    ],
)
def test_what_save_aisle_refuses_changes_nothing(shop: Flask, changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        lanes.save(**changes)
    assert stock() == (9, 3, 888, 900)
    assert _moves.all() == []


def test_replenishing_moves_from_the_store_into_lanes_and_is_recorded(shop: Flask) -> None:
    heard: list[Any] = []

    def hear(sender: Flask, **what: Any) -> None:
        heard.append(what)

    lines = [line(56, 9, 1), line(56, 9, 1)]
    with signals.vending_replenished.connected_to(hear, shop):
        replenishing.replenish(vendor_id=107, lines=lines, who="冉总", staff_id=1, use_name="小冉")
    assert stock() == (9, 5, 886, 900)
    (record,) = replenishing.listed(shop_id=888)["list"]
    assert record["use_name"] == "小冉"
    assert record["aisle_list"] == [
        {"aisle_id": "AI56", "vendor_goods_id": "VG9", "goods_num": 2, "aisle_name": "1", "goods_name": "百事可乐"}
    ]
    assert [what["vendor_id"] for what in heard] == [107]
    assert {row.why for row in _moves.all()} == {record["record_id"]}
    assert clean()


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([line(61, 13, 1)], Conflict),  # full
        ([line(56, 9, 2), line(59, 22, 1)], Conflict),  # none in the store
        ([line(56, 9, 2), line(56, 9, 1)], Conflict),  # too many together
        ([line(56, 9, 1), line(56, 13, 1)], Conflict),  # two goods for one lane
        ([line(56, 13, 1)], Conflict),  # not what is in it
        ([line(67, 9, 1)], Conflict),  # not set
        ([line(56, 9, 1), line(70, 14, 1)], NotFound),  # another machine's lane
        ([line(56, 9, 1), line(7000, 14, 1)], NotFound),
    ],
)
def test_a_list_is_applied_whole_or_not_at_all(
    shop: Flask, lines: list[dict[str, int]], error: type[Exception]
) -> None:
    with pytest.raises(error):
        replenishing.replenish(vendor_id=107, lines=lines, who="冉总", staff_id=1)
    assert stock() == (9, 3, 888, 900)
    assert _records.scalar() == 0
    assert _moves.all() == []


def test_the_same_replenishing_within_a_minute_is_done_once(shop: Flask) -> None:
    def again(**changes: Any) -> None:
        replenishing.replenish(
            **{"vendor_id": 64, "lines": [line(70, 14, 1)], "who": "冉总", "staff_id": 1, "use_name": "冉总", **changes}
        )

    lanes.save(aisle_id=70, goods_num=0)
    again()
    again()
    assert _records.scalar() == 1
    again(staff_id=2)  # somebody else
    again(lines=[line(70, 14, 2)])  # something else
    assert _records.scalar() == 3
    with time_machine.travel("2026-11-23T00:01:01+00:00", tick=False):
        again()
    assert _records.scalar() == 4
    assert tuple(_lane.first(id=70) or ()) == (14, 5)
    assert clean()


def test_what_was_refused_may_be_sent_again(shop: Flask) -> None:
    lines = [line(59, 22, 1)]
    with pytest.raises(Conflict):
        replenishing.replenish(vendor_id=107, lines=lines, who="冉总", staff_id=1)
    goods.receive(goods_id=22, num=1, why="送货", who="冉总")
    replenishing.replenish(vendor_id=107, lines=lines, who="冉总", staff_id=1)
    assert tuple(_lane.first(id=59) or ()) == (22, 1)
    assert clean()


def test_counting_is_a_movement_with_a_reason(shop: Flask) -> None:
    assert lanes.count(aisle_id=56, goods_num=1, why="少了两瓶", who="冉总") == -2
    assert goods.count(goods_id=9, num=900, why="盘点", who="冉总") == 12
    assert stock() == (9, 1, 900, 900)
    assert [tuple(row) for row in _moves.all()] == [
        ("count", 9, 56, -2, "冉总", "少了两瓶"),
        ("count", 9, None, 12, "冉总", "盘点"),
    ]
    assert clean()
    for aisle_id, number in ((56, 6), (56, -1), (67, 0)):
        with pytest.raises(Conflict):
            lanes.count(aisle_id=aisle_id, goods_num=number, why="", who="")
    with pytest.raises(Conflict):
        goods.count(goods_id=9, num=-1, why="", who="")
    for missing in (
        lambda: goods.count(goods_id=999, num=1, why="", who=""),
        lambda: goods.receive(goods_id=999, num=1, why="", who=""),
        lambda: goods.set_price(goods_id=999, price_fen=1),
        lambda: lanes.count(aisle_id=999, goods_num=1, why="", who=""),
    ):
        with pytest.raises(NotFound):
            missing()


def test_a_return_adds_to_the_store_once(shop: Flask) -> None:
    returns.take_in(shop_id=888, vendor_goods_id=9)
    (pending,) = returns.listed(shop_id=888, return_status=1)["list"]
    assert (pending["return_status"], pending["use_name"], pending["return_address"]) == (1, None, "赛领科技")
    number = int(pending["return_id"].removeprefix("RI"))
    assert stock() == (9, 3, 888, 900)
    returns.complete(return_id=number, who="冉总", use_name="小冉")
    with pytest.raises(Conflict):
        returns.complete(return_id=number, who="冉总")
    assert stock() == (9, 3, 889, 900)
    (done,) = returns.listed(shop_id=888, return_status=2)["list"]
    assert (done["return_status"], done["use_name"]) == (2, "小冉")
    assert clean()
    with pytest.raises(NotFound):
        returns.complete(return_id=999, who="冉总")
    with pytest.raises(NotFound):
        returns.take_in(shop_id=888, vendor_goods_id=90)


def test_the_audit_sees_what_was_changed_behind_its_back(shop: Flask) -> None:
    with db.transaction():
        db.changed(sa.update(Goods).where(Goods.id == 9).values(stock=887))
        db.changed(sa.update(Aisle).where(Aisle.id == 56).values(goods_num=4))
        db.changed(sa.update(Aisle).where(Aisle.id == 61).values(goods_id=9))
    from wxservices.services.vending import audit

    assert sorted(map(str, audit.differences())) == [
        "AI56 VG9: 4 in the books, 3 by the movements",
        "AI61 VG13: 0 in the books, 5 by the movements",
        "AI61 VG9: 5 in the books, 0 by the movements",
        "store VG9: 887 in the books, 888 by the movements",
    ]
