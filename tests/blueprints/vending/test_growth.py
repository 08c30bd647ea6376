"""What an action costs does not grow with what there is: statements counted here, time in ``benchmarks``."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from vending_data import call, logged_in
from wxservices import clock, db
from wxservices.services.vending import demo, history, lanes, operator, replenishing, returns

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "vending_growth.py"

ASKED = [
    ("vendor_get", {"get_vendor_list": 1}),
    ("vendor_get", {"get_vendor_person": 1, "shop_id": "SH888"}),
    ("aisle_get", {"get_aisle_list": 1, "vendor_id": "VI64", "normal": 1}),
    ("vendor_goods_get", {"get_aisle_goods": 1, "vendor_id": "VI64"}),
    ("vendor_goods_get", {"get_oa_goods": 1, "shop_id": "SH888"}),
    ("vendor_record_get", {"get_record_list": 1, "shop_id": "SH888"}),
    ("vendor_board", {"get_today_data": 1, "shop_id": "SH888"}),
    ("vendor_board", {"get_date_board": 1, "shop_id": "SH888", "time_type": 3}),
    ("vendor_board", {"get_home_data": 1, "shop_id": "SH888"}),
    ("vendor_board", {"get_repl_data": 1, "shop_id": "SH888"}),
    ("return_record_get", {"get_return_list": 1, "shop_id": "SH888"}),
    ("vendor_order_get", {"get_order_list": 1, "shop_id": "SH888"}),
    ("fault_get", {"get_fault_list": 1, "shop_id": "SH888"}),
]
LOGIN_AND_CHECK = 3
MOST = LOGIN_AND_CHECK + 5


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that run meanwhile."""
    ran: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        ran.append(statement)

    sa.event.listen(db.engine(), "before_cursor_execute", note)
    try:
        yield ran
    finally:
        sa.event.remove(db.engine(), "before_cursor_execute", note)


def grow() -> None:
    """More of everything."""
    aisles = [{"aisle_id": 2000 + n, "aisle_name": f"{n}", "aisle_capacity": 5} for n in range(20)]
    aisles = [{**aisle, "vendor_goods_id": 14, "goods_num": 0} for aisle in aisles]
    rest = {"shop_id": 888, "address": "", "vendor_person": "a"}
    vendors = [
        {
            "vendor_id": 500 + n,
            "vendor_num": f"{n}",
            "vendor_name": f"{n}",
            "person_phone": f"{n}",
            "aisles": [],
            **rest,
        }
        for n in range(8)
    ]
    vendors[0]["aisles"] = aisles
    with db.transaction():
        sum(operator.apply({"vendors": vendors}))
    lanes.save(aisle_id=70, goods_num=0)
    for n in range(5):
        line = {"aisle_id": 70, "vendor_goods_id": 14, "goods_num": 1}
        replenishing.replenish(vendor_id=64, lines=[line], who=f"{n}", staff_id=1)
        returns.take_in(shop_id=888, vendor_goods_id=9)
        at = clock.now() - timedelta(days=n)
        sold = {"vendor_goods_id": 9, "aisle_id": 56, "goods_price": 300, "goods_num": 1}
        with db.transaction():
            history.write(vendor_id=107, order_no=f"X{n}", lines=[sold], status=2, order_time=at, pay_time=at)


def test_every_list_takes_as_many_statements_as_before(shop: Flask) -> None:
    demo.load()
    client = logged_in(shop)

    def counted() -> dict[str, int]:
        counts = {}
        for url, body in ASKED:
            with statements() as ran:
                assert call(client, url, **body)["ret"] == 0
            counts[next(iter(body))] = len(ran)
        return counts

    before = counted()
    assert max(before.values()) <= MOST
    grow()
    assert counted() == before


def test_the_benchmark_runs_at_a_small_scale() -> None:
    scale = {"shops": 2, "machines": 6, "lanes": 60, "few": 30, "many": 200, "rounds": 3}
    command = [sys.executable, BENCHMARK, "--json", *(f"--{name}={number}" for name, number in scale.items())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    lines = done.stdout.splitlines()
    ratios = json.loads(lines[-2])
    assert set(ratios) == {"get_vendor_list", "get_order_list", "get_aisle_list", "get_today_data", "get_date_board"}
    assert all(ratio > 0 for ratio in ratios.values())
    assert done.returncode == sum(ratio > 1.3 for ratio in ratios.values())


@pytest.mark.mariadb
def test_the_order_list_reads_its_page_in_the_index(mariadb_uri: str) -> None:
    from vending_data import shops
    from wxservices.services.vending import orders

    with shops(mariadb_uri), db.engine().connect() as connection:
        statement = str(orders._page.element.compile(connection))
        values = {"shop_id": 888, "rows": 10, "skipped": 0}
        plan = connection.execute(sa.text("EXPLAIN " + _named(statement)), values).mappings().all()
    assert [(row["key"], "Using index" in row["Extra"], "filesort" in row["Extra"]) for row in plan] == [
        ("ix_wx_vending_order_shop", True, False)
    ]


def _named(statement: str) -> str:
    return re.sub(r"%\((\w+)\)s", r":\1", statement)
