"""Does a page of orders cost the same with a thousand orders as with a million?

``python -m benchmarks.tickets_growth [URI …]``: for each data base (default: a fresh SQLite file; a URI must name an
empty one), the median times of ``getOrderList`` and ``getOrderDetails`` for a customer with few and with many orders,
in interleaved rounds, and their ratio.  Exits with 1 if one of them is above 1.3.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask

from wxservices import WxServices, db, migration
from wxservices.blueprints import tickets
from wxservices.models.tickets import Detail, Order, User
from wxservices.services.tickets import listing

FEW, MANY = 1_000, 1_000_000
ROUNDS = 300
MOST = 1.3


def fill(user_id: int, count: int, first: int) -> None:
    """Give the customer *user_id* *count* orders, the first with the id *first*, by one statement each table."""
    rows = _numbers(count)
    now = sa.literal(datetime.now(UTC).replace(tzinfo=None))
    text = {name: sa.literal("x") for name in ("ticket_identity", "identity_type", "linkman_type", "ticket_name")}
    order = {
        "id": rows.c.n + (first - 1),
        "order_no": _number(rows.c.n + (first - 1)),
        "user_id": sa.literal(user_id),
        "user_seq": rows.c.n,
        **text,
        "from_site": sa.literal("北京"),
        "to_site": sa.literal("河南"),
        "amount": sa.literal(8000),
        "status": sa.literal("success"),
        "ticket_note": sa.literal(""),
        "created_at": now,
        "modified_at": now,
    }
    detail = {
        "order_id": rows.c.n + (first - 1),
        "position": sa.literal(0),
        "seat_type": sa.literal("硬座"),
        "departure_date": sa.literal(date(2026, 12, 1)),
        "train_num": sa.literal("K180"),
    }
    with db.transaction():
        db.insert(
            User,
            {
                "id": user_id,
                "openid": f"o{user_id}",
                "role": "customer",
                "status": "authened",
                "orders": count,
                "created_at": datetime.now(UTC),
            },
        )
        for model, columns in ((Order, order), (Detail, detail)):
            select = sa.select(*(value.label(name) for name, value in columns.items())).select_from(rows)
            db.execute(sa.insert(model).from_select(list(columns), select, include_defaults=False))


def _number(n: Any) -> Any:
    """An order's number made of *n*."""
    return sa.literal("88") + sa.cast(n, sa.String(20))


def _numbers(count: int) -> Any:
    """The numbers from 1 to *count*, as a table with the column ``n``."""
    if db.engine().dialect.name != "sqlite":
        return sa.select(sa.column("seq").label("n")).select_from(sa.table(f"seq_1_to_{count}")).subquery()
    start = sa.select(sa.literal(1).label("n")).cte("numbers", recursive=True)
    return start.union_all(sa.select(start.c.n + 1).where(start.c.n < count))


def median(run: Callable[[int], object], user_ids: tuple[int, ...]) -> list[float]:
    """The median seconds of *run* for each user, in interleaved rounds."""
    times: dict[int, list[float]] = {user_id: [] for user_id in user_ids}
    for _ in range(ROUNDS):
        for user_id in user_ids:
            begin = time.perf_counter()
            run(user_id)
            times[user_id].append(time.perf_counter() - begin)
    return [statistics.median(times[user_id]) for user_id in user_ids]


def measure(uri: str) -> bool:
    """Print the ratios on the data base *uri*; answers whether all are as they should be."""
    app = Flask("benchmark")
    app.config.update(SECRET_KEY="benchmark", SQLALCHEMY_DATABASE_URI=uri, WXSERVICES_SANDBOX=True)  # noqa: S106
    WxServices(app)
    app.register_blueprint(tickets.bp)
    with app.app_context():
        migration.upgrade()
        fill(1, FEW, 1)
        fill(2, MANY, FEW + 1)
        counts, firsts = {1: FEW, 2: MANY}, {1: 1, 2: FEW + 1}
        cases: dict[str, Callable[[int], object]] = {
            "getOrderList, first page": lambda user: _page(user, 1),
            "getOrderList, last page": lambda user: _page(user, counts[user] // 10),
            "getOrderDetails": lambda user: listing.details(user_id=user, id=firsts[user] + counts[user] // 2),
        }
        right = True
        for name, run in cases.items():
            few, many = median(run, (1, 2))
            right = right and many / few <= MOST
            print(f"{db.engine().dialect.name:8} {name:26} {few * 1000:.2f} ms, {many * 1000:.2f} ms: {many / few:.2f}")
    return right


def _page(user_id: int, number: int) -> object:
    page = listing.page(user_id=user_id, role="customer", pageNum=number, pageSize=10)
    assert len(page["datas"]) == 10
    return page


def main(uris: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        results = [measure(uri) for uri in uris or [f"sqlite:///{folder}/growth.db"]]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
