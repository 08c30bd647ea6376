"""Sales and refunds, and the boards that are kept with them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from vending_data import clean, shops
from wxservices import db, signals
from wxservices.errors import BadParameter, Conflict, NotFound
from wxservices.models.vending import Aisle, Order, Total
from wxservices.services.vending import boards, goods, orders, rebuild
from wxservices.services.vending.orders import Sold

_in_lane = db.Query(sa.select(Aisle.goods_num).where(Aisle.id == sa.bindparam("id")))
_orders = db.Query(sa.select(sa.func.count()).select_from(Order).where(Order.id > 293))


def sell(order_no: str = "1", *lines: Sold, **more: Any) -> int:
    return orders.record_sale(vendor_id=64, order_no=order_no, lines=lines or [Sold(70)], **more)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wrong() -> list[str]:
    return [line for shop_id, month in rebuild.months() for line in rebuild.rebuild(shop_id, month)]


def today() -> tuple[Any, ...]:
    data = boards.today(shop_id=888)["data"]
    return data["money"], data["num"], data["pre_money"], data["compare_money"]


def test_a_sale_takes_from_its_lanes_and_is_told(shop: Flask) -> None:
    heard: list[tuple[str, Any]] = []

    def hear(sender: Flask, **what: Any) -> None:
        heard.append(("sold", what["order_id"]))

    def hear_out(sender: Flask, **what: Any) -> None:
        heard.append(("out", what["aisle_id"]))

    with signals.vending_sold.connected_to(hear, shop), signals.vending_sold_out.connected_to(hear_out, shop):
        number = sell("A-1", Sold(70, 6), Sold(71, 2, price_fen=250), customer_id=969, pay_way=2)
    assert sorted(heard) == [("out", 70), ("sold", number)]
    info = orders.details(vendor_order_id=number)["info"]
    assert (info["order_fee"], info["paid_price"], info["goods_all_num"]) == (Decimal("32.00"), Decimal("32.00"), 8)
    assert [(row["vendor_goods_id"], row["goods_price"]) for row in info["goods_list"]] == [
        ("VG14", Decimal("4.50")),
        ("VG13", Decimal("2.50")),
    ]
    assert (info["customer_id"], info["pay_way"], info["order_status"]) == ("CU969", 2, 2)
    assert (_in_lane.scalar(id=70), _in_lane.scalar(id=71)) == (0, 4)
    assert clean()
    assert wrong() == []


def test_the_same_number_of_the_machine_is_the_same_sale(shop: Flask) -> None:
    first = sell("A-1")
    assert sell("A-1") == first
    assert _in_lane.scalar(id=70) == 5
    with pytest.raises(Conflict, match="内容不同"):
        sell("A-1", Sold(70, 2))
    other = orders.record_sale(vendor_id=107, order_no="A-1", lines=[Sold(56)])  # another machine's
    assert other != first
    assert _orders.scalar() == 2


@pytest.mark.parametrize(
    ("vendor_id", "lines", "error"),
    [
        (64, [Sold(70, 7)], Conflict),
        (64, [Sold(71, 1), Sold(70, 7)], Conflict),
        (64, [], Conflict),
        (64, [Sold(70, 0)], Conflict),
        (64, [Sold(70, -1)], Conflict),
        (107, [Sold(67)], Conflict),  # not set
        (64, [Sold(56)], NotFound),
        (64, [Sold(999)], NotFound),
        (999, [Sold(70)], NotFound),
    ],
)
def test_what_cannot_have_been_sold_is_refused(
    shop: Flask, vendor_id: int, lines: list[Sold], error: type[Exception]
) -> None:
    with pytest.raises(error):
        orders.record_sale(vendor_id=vendor_id, order_no="1", lines=lines)
    assert _orders.scalar() == 0
    assert (_in_lane.scalar(id=70), _in_lane.scalar(id=71)) == (6, 6)
    assert today() == (0, 0, 0, 0)


def test_prices_are_those_of_the_moment(shop: Flask) -> None:
    sell("1")
    goods.set_price(goods_id=14, price_fen=500)
    sell("2", paid_fen=450)
    info = orders.details(vendor_order_id=sell("2"))["info"]
    assert (info["order_fee"], info["paid_price"]) == (Decimal("5.00"), Decimal("4.50"))
    assert today() == (Decimal("9.00"), 2, Decimal("4.50"), 0)


def test_a_refund_leaves_the_boards_of_the_day_of_the_sale(shop: Flask) -> None:
    kept, undone = sell("1"), sell("2", Sold(71, 2))
    with time_machine.travel("2026-11-24T00:00:00+00:00", tick=False):
        orders.refund_sale(order_id=undone)
        with pytest.raises(Conflict):
            orders.refund_sale(order_id=undone)
        with pytest.raises(NotFound):
            orders.refund_sale(order_id=999)
        assert today() == (0, 0, 0, 0)
    assert today() == (Decimal("4.50"), 1, Decimal("4.50"), 0)
    assert [row["vendor_order_id"] for row in orders.listed(shop_id=888)["order_list"][:2]] == [
        f"VO{undone}",
        f"VO{kept}",
    ]
    assert orders.details(vendor_order_id=undone)["info"]["order_status"] == 3
    assert _in_lane.scalar(id=71) == 4
    assert clean()
    assert wrong() == []


def test_a_refund_with_the_goods_still_in_the_lane(shop: Flask) -> None:
    number = sell("1", Sold(70, 2))
    orders.refund_sale(order_id=number, goods_back=True, who="冉总")
    assert _in_lane.scalar(id=70) == 6
    full = sell("2")
    from wxservices.services.vending import lanes

    lanes.count(aisle_id=70, goods_num=6, why="盘点", who="冉总")
    with pytest.raises(Conflict, match="放不下"):
        orders.refund_sale(order_id=full, goods_back=True)
    assert orders.details(vendor_order_id=full)["info"]["order_status"] == 2
    assert clean()
    assert wrong() == []


def test_the_list_is_bounded_and_pages_if_asked(shop: Flask) -> None:
    numbers = [sell(str(n), Sold(70 + n % 2), pay_time=at(f"2026-11-22T00:0{n}:00")) for n in range(5)]
    listed = [row["vendor_order_id"] for row in orders.listed(shop_id=888)["order_list"]]
    assert listed == [f"VO{number}" for number in reversed(numbers)] + ["VO293", "VO285", "VO284"]
    page = orders.listed(shop_id=888, page_no=2, page_size=2)["order_list"]
    assert [row["vendor_order_id"] for row in page] == listed[2:4]


def test_the_bound_is_a_setting(database_uri: str) -> None:
    with shops(database_uri, WXSERVICES_VENDING_ROWS=2):
        assert len(orders.listed(shop_id=888)["order_list"]) == 2


def test_todays_slices_end_where_they_are_labelled(shop: Flask) -> None:
    """Days and hours are of the business zone: 05:59 UTC is 13:59 in Shanghai."""
    sell("1", pay_time=at("2026-11-23T05:59:59"))
    sell("2", Sold(71, 2), pay_time=at("2026-11-23T06:00:00"))
    sell("3", pay_time=at("2026-11-23T15:59:59"))
    sell("4", pay_time=at("2026-11-23T16:00:00"))  # tomorrow
    sell("5", pay_time=at("2026-11-22T15:59:59"))  # yesterday
    answer = boards.today(shop_id=888)
    assert [row["time"] for row in answer["time_list"]] == [
        *(f"{hour:02}:00:00" for hour in range(2, 24, 2)),
        "00:00:00",
    ]
    assert {row["time"]: row["list"] for row in answer["time_list"] if row["list"]} == {
        "14:00:00": {"all_money": Decimal("4.50"), "order_num": 1, "goods_num": 1},
        "16:00:00": {"all_money": Decimal("6.00"), "order_num": 1, "goods_num": 2},
        "00:00:00": {"all_money": Decimal("4.50"), "order_num": 1, "goods_num": 1},
    }
    assert today() == (Decimal("15.00"), 3, Decimal("5.00"), Decimal("30.00"))
    assert answer["sort"]["vendor_list"] == [
        {"vendor_name": "0008", "vendor_num": "0008", "vendor_id": "VI64", "all_money": Decimal("15.00")}
    ]
    assert [row["vendor_goods_id"] for row in answer["sort"]["goods_list"]] == ["VG14", "VG13"]
    for cut in (1, 3, 4, 6, 8, 12, 24):
        assert len(boards.today(shop_id=888, time_cut=cut)["time_list"]) == 24 // cut
    assert wrong() == []


PERIODS = [
    # Monday the 23rd of November 2026: this week has begun today, the last one ran to the 22nd
    ({"time_type": 1}, ["20261123"], Decimal("200.00")),
    ({"time_type": 2}, ["20261101", "20261122", "20261123"], Decimal("25.00")),
    ({"time_type": 3, "begin": "20261031", "end": "20261122"}, ["20261031", "20261101", "20261122"], Decimal(0)),
    ({"time_type": 3, "begin": "20261101", "end": "20261130"}, ["20261101", "20261122", "20261123"], Decimal("25.00")),
    ({"time_type": 3, "begin": "20261122", "end": "20261122"}, ["20261122"], Decimal(0)),
    ({"time_type": 3}, ["20181228", "20261031", "20261101", "20261122", "20261123"], Decimal(0)),
]


@pytest.mark.parametrize(("asked", "days", "compared"), PERIODS)
def test_periods(shop: Flask, asked: dict[str, Any], days: list[str], compared: Decimal) -> None:
    for number, day in enumerate(("2026-10-31", "2026-11-01", "2026-11-22", "2026-11-22", "2026-11-23")):
        sell(str(number), pay_time=at(f"{day}T04:00:00"), paid_fen=100)
    begin, end = (
        datetime.strptime(asked[name], "%Y%m%d").date() if name in asked else None  # noqa: DTZ007
        for name in ("begin", "end")
    )
    answer = boards.by_date(shop_id=888, time_type=asked["time_type"], begin_day=begin, end_day=end)
    assert [str(row["day"]) for row in answer["list"]] == days
    if "20181228" not in days:
        counts = {"20261122": 2}
        assert answer["data"]["num"] == sum(counts.get(day, 1) for day in days)
        assert answer["data"]["money"] == answer["data"]["num"]
        assert answer["data"]["pre_money"] == 1
        best = answer["sort"]["goods_list"]
        assert [row["all_num"] for row in best] == [answer["data"]["num"]]  # from months and days put together
    if compared:
        assert answer["data"]["compare_money"] == compared


def test_a_period_is_whole_and_the_right_way_round(shop: Flask) -> None:
    for begin, end, field in (
        (date(2026, 1, 1), None, "end_day"),
        (None, date(2026, 1, 1), "begin_day"),
        (date(2026, 1, 2), date(2026, 1, 1), "end_day"),
        (date(1, 1, 1), date(2026, 1, 1), "begin_day"),
        (date(2026, 1, 1), date(9999, 12, 31), "end_day"),
    ):
        with pytest.raises(BadParameter, match=field):
            boards.by_date(shop_id=888, time_type=3, begin_day=begin, end_day=end)


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("2026-01-01", "2026-12-31"), ("2025-12-31", "2027-01-01"), ("2026-02-01", "2026-02-28"),
        ("2026-02-02", "2026-02-28"), ("2026-02-02", "2026-03-30"), ("2026-02-28", "2026-03-01"),
        ("2000-01-01", "2099-12-31"), ("2026-05-05", "2026-05-05"),
    ],
)  # fmt: skip
def test_a_period_is_cut_into_months_and_days_without_gap_or_overlap(begin: str, end: str) -> None:
    first, last = date.fromisoformat(begin), date.fromisoformat(end)
    pieces = boards._pieces(first, last)
    for offset in range((last - first).days + 3):
        day = date.fromordinal(first.toordinal() - 1 + offset)
        number = day.year * 10_000 + day.month * 100 + day.day
        hits = [
            pieces["month_1"] <= number // 100 <= pieces["month_2"],
            pieces["head_1"] <= number <= pieces["head_2"],
            pieces["tail_1"] <= number <= pieces["tail_2"],
        ]
        assert sum(hits) == (first <= day <= last), (day, pieces)


def test_rebuild_puts_right_what_is_wrong_and_says_so(shop: Flask) -> None:
    sell("1", Sold(70, 2), Sold(71))
    assert wrong() == []
    before = db.Query(
        sa.select(Total.subject, Total.span, Total.period, Total.all_money).order_by(*Total.__table__.primary_key)
    )
    kept = before.all()
    with db.transaction():
        db.changed(sa.update(Total).where(Total.subject == "V", Total.span == "D").values(all_money=1))
        db.changed(sa.delete(Total).where(Total.subject == "S", Total.span == "H"))
        gone = {
            "shop_id": 888,
            "subject": "G",
            "span": "D",
            "period": 20261102,
            "subject_id": 9,
            "updated_at": at("2026-11-02"),
        }
        db.insert(Total, gone | {"order_num": 1, "goods_num": 1, "all_money": 1})
    assert "SH888 D 20261102 VG9: (1, 1, 1) is (0, 0, 0)" in wrong()
    assert wrong() == []
    sums = [row for row in before.all() if row.all_money]
    assert sums == kept
