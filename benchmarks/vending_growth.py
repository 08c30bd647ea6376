"""Whether ``vending`` stays as fast while orders pile up: the same actions with few orders and with many.

    python benchmarks/vending_growth.py                       # 1,000 and 1,000,000 orders, on SQLite
    python benchmarks/vending_growth.py --uri mysql+pymysql://root@127.0.0.1/{name}?charset=utf8mb4
    python benchmarks/vending_growth.py --shops 2 --machines 10 --lanes 100 --few 50 --many 500 --rounds 5

Two data bases with the same shops, machines and lanes; in the shop that is asked, the few orders are spread over a year
in both, so that its reports have as many days in both; the others lie in all shops.  The rounds alternate, the ratio is
that of the medians.  ``{name}`` in the URI is the data base, which must exist and be empty.
"""

# ruff: noqa: S106, S311

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from wxservices import WxServices, clock, db, migration
from wxservices.blueprints import vending
from wxservices.models.vending import Aisle, Category, Goods, Member, Order, OrderLine, Shop, Staff, Vendor
from wxservices.services.vending import people, rebuild

PHONE, PASSWORD = "19960000000", "123456"
GOODS_EACH = 20
BATCH = 5000
LIMIT = 1.3

ACTIONS: list[tuple[str, dict[str, Any]]] = [
    ("vendor_get", {"get_vendor_list": 1, "sort": 3}),
    ("vendor_order_get", {"get_order_list": 1, "shop_id": "SH1"}),
    ("aisle_get", {"get_aisle_list": 1, "vendor_id": "VI1", "normal": 1}),
    ("vendor_board", {"get_today_data": 1, "shop_id": "SH1"}),
    ("vendor_board", {"get_date_board": 1, "shop_id": "SH1", "time_type": 3}),
]


def made(uri: str, scale: argparse.Namespace, orders: int) -> Flask:
    """An application whose data base has *orders* orders."""
    app = Flask("benchmark")
    app.config.update(SECRET_KEY="k", SQLALCHEMY_DATABASE_URI=uri, WXSERVICES_SANDBOX=True)
    WxServices(app)
    app.register_blueprint(vending.bp)
    with app.app_context():
        migration.upgrade("vending")
        with db.transaction():
            _shops(scale)
        people.set_password(phone=PHONE, password_md5=PASSWORD)
        for done, rows in enumerate(_orders(scale, orders)):
            with db.transaction():
                db.execute(sa.insert(Order), [row[0] for row in rows])
                db.execute(sa.insert(OrderLine), [row[1] for row in rows])
            _say(f"{min((done + 1) * BATCH, orders)} of {orders} orders")
        months = rebuild.months()
        for done, (shop_id, month) in enumerate(months, 1):
            rebuild.rebuild(shop_id, month)
            _say(f"{done} of {len(months)} months")
        if db.engine().dialect.name != "sqlite":
            with db.engine().begin() as connection:
                for table in (Order, OrderLine, Aisle):
                    connection.execute(sa.text(f"ANALYZE TABLE {table.__tablename__}"))
    return app


def _shops(scale: argparse.Namespace) -> None:
    chance = random.Random(1)
    now = clock.now()
    shops = range(1, scale.shops + 1)
    _insert(Shop, ({"id": shop, "name": f"店{shop}", "logo": ""} for shop in shops))
    _insert(Category, ({"id": shop, "shop_id": shop, "name": "饮料"} for shop in shops))
    _insert(Goods, (
        {"id": number + 1, "shop_id": number // GOODS_EACH + 1, "category_id": number // GOODS_EACH + 1,
         "name": f"商品{number}", "images": "", "price": 300, "stock": chance.choice([0, 100])}
        for number in range(scale.shops * GOODS_EACH)
    ))  # fmt: skip
    _insert(Vendor, (
        {"id": number + 1, "shop_id": number % scale.shops + 1, "num": f"{number:05}", "name": f"机器{number}",
         "address": "", "person": "嗷嗷", "person_phone": f"{number:011}"}
        for number in range(scale.machines)
    ))  # fmt: skip
    _insert(Aisle, (
        {"id": number + 1, "shop_id": number % scale.machines % scale.shops + 1,
         "vendor_id": number % scale.machines + 1, "name": f"{number // scale.machines + 1}", "capacity": 10,
         "goods_id": number % scale.machines % scale.shops * GOODS_EACH + chance.randrange(GOODS_EACH) + 1,
         "goods_num": chance.randrange(10), "updated_at": now}
        for number in range(scale.lanes)
    ))  # fmt: skip
    _insert(Staff, [{"id": 1, "phone": PHONE, "name": "冉总"}])
    _insert(Member, [{"staff_id": 1, "shop_id": 1}])


def _insert(model: Any, rows: Any) -> None:
    for batch in _batches(rows):
        db.execute(sa.insert(model), batch)


def _batches(rows: Any) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _orders(scale: argparse.Namespace, orders: int) -> Iterator[list[tuple[dict[str, Any], dict[str, Any]]]]:
    chance = random.Random(2)
    end = clock.now()
    of_shop = {shop: range(shop, scale.machines + 1, scale.shops) for shop in range(1, scale.shops + 1)}

    def rows() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for number in range(1, orders + 1):
            shop = 1 if number <= scale.few else chance.randint(1, scale.shops)
            yield _order(
                number, shop, chance.choice(of_shop[shop]), end - timedelta(days=365 * chance.random()), chance
            )

    return _batches(rows())


def _order(number: int, shop: int, vendor: int, at: datetime, chance: random.Random) -> tuple[Any, Any]:
    order = {
        "id": number, "shop_id": shop, "vendor_id": vendor, "order_no": f"{number}", "customer_id": 1, "status": 2,
        "pay_way": 1, "order_fee": 300, "paid_price": 300, "goods_num": 1, "order_time": at, "pay_time": at,
        "updated_at": at,
    }  # fmt: skip
    line = {
        "order_id": number, "line": 1, "goods_id": (shop - 1) * GOODS_EACH + chance.randint(1, GOODS_EACH),
        "goods_name": "商品", "goods_price": 300, "goods_num": 1, "aisle_id": vendor, "aisle_name": "1",
    }  # fmt: skip
    return order, line


def measured(few: Flask, many: Flask, rounds: int) -> dict[str, float]:
    """For each action how much longer it takes with many orders."""
    clients = []
    for app in (few, many):
        client = app.test_client()
        reply = client.post("/login_save.php", json={"login_mp": 1, "phone": PHONE, "password_md5": PASSWORD})
        assert reply.get_json()["ret"] == 0
        clients.append(client)
    today = clock_day(few)
    ratios = {}
    for url, asked in ACTIONS:
        body = asked | ({"begin_day": today[0], "end_day": today[1]} if "get_date_board" in asked else {})
        times: tuple[list[float], list[float]] = ([], [])
        for turn in range(rounds + 3):
            for client, spent in zip(clients, times, strict=True):
                begun = time.perf_counter()
                reply = client.post(f"/{url}.php", json=body)
                if turn >= 3:  # the first ones warm up
                    spent.append(time.perf_counter() - begun)
                assert reply.get_json()["ret"] == 0
        name = next(iter(body))
        medians = [statistics.median(spent) for spent in times]
        ratios[name] = medians[1] / medians[0]
        print(f"{name:16} {medians[0] * 1000:8.2f} ms {medians[1] * 1000:8.2f} ms  x {ratios[name]:.2f}")
    return ratios


def clock_day(app: Flask) -> tuple[int, int]:
    """The year that ends today, as the document writes days."""
    with app.app_context():
        end = clock.today()
    begin = end - timedelta(days=364)
    return int(f"{begin:%Y%m%d}"), int(f"{end:%Y%m%d}")


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:40}", end="", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name, default in (("shops", 200), ("machines", 5000), ("lanes", 100_000), ("few", 1000), ("many", 1_000_000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--uri", help="default: SQLite, in a temporary folder")
    parser.add_argument("--json", action="store_true", help="print the ratios once more, as JSON")
    scale = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, suppress(KeyboardInterrupt):
        apps = []
        for name, orders in (("few", scale.few), ("many", scale.many)):
            uri = scale.uri.format(name=name) if scale.uri else f"sqlite:///{Path(folder) / name}.db"
            apps.append(made(uri, scale, orders))
        print(f"{'':16} {scale.few:8,} or. {scale.many:8,} orders")
        ratios = measured(apps[0], apps[1], scale.rounds)
        if scale.json:
            print(json.dumps(ratios))
        slow = [name for name, ratio in ratios.items() if ratio > LIMIT]
        print(f"slower than x {LIMIT}: {', '.join(slow) or 'none'}")
        return len(slow)
    return 0


if __name__ == "__main__":
    sys.exit(main())
