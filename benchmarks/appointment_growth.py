"""Do days, hours and minutes cost the same with a thousand appointments as with a million?

    python -m benchmarks.appointment_growth
    python -m benchmarks.appointment_growth --databases URI URI     two empty data bases, for instance on MariaDB
    python -m benchmarks.appointment_growth --many 20000 --rounds 20

The coming thirty days are booked alike in both data bases (each minute once, of two places); all the rest of the many
is history.  Prints the median time of each call, in interleaved rounds, and the ratio; exits with 1 if one is above
``--most``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask

from wxservices import WxServices, clock, db, migration
from wxservices.blueprints import appointment
from wxservices.models.appointment import Appointment, Opening, Tally
from wxservices.services.appointment import booking, desk, openings

START, END, STEP, CAPACITY = 9 * 60, 17 * 60, 15, 2
MINUTES = list(range(START, END, STEP))
A_DAY = 2000
"""Appointments of a day of the past."""

CASES: dict[str, Callable[[dt.date], object]] = {
    "available-days": lambda day: openings.available_days(),
    "hours": lambda day: openings.hours(day=day),
    "minutes": lambda day: openings.minutes(day=day, hour=10),
    "the admin's day": lambda day: desk.appointments(date=day),
    "make and cancel": lambda day: _make_and_cancel(day),  # noqa: PLW0108 - it is defined below
}
JUDGED = ("available-days", "hours", "minutes")


def make_app(uri: str) -> Flask:
    app = Flask("benchmark")
    app.config.update(SECRET_KEY="k" * 32, SQLALCHEMY_DATABASE_URI=uri, WXSERVICES_SANDBOX=True)
    WxServices(app)
    app.register_blueprint(appointment.bp)
    return app


def fill(count: int) -> None:
    """Every day open; the coming days booked; and so many appointments in all, the rest of them in the past."""
    migration.upgrade("appointment")
    today = clock.today()
    with db.transaction():
        keys = ["", *(f"{today + dt.timedelta(days=n):%Y%m%d}" for n in range(30))]
        opening = {"start": START, "end": END, "step": STEP, "capacity": CAPACITY}
        db.execute(sa.insert(Opening), [{"day_key": key, **opening} for key in keys])
    coming = [(today + dt.timedelta(days=n), minute) for n in range(30) for minute in MINUTES][:count]
    _insert([_row(n, day, minute) for n, (day, minute) in enumerate(coming)], booked=1)
    left, day = count - len(coming), today
    while left > 0:
        day -= dt.timedelta(days=1)
        size = min(left, A_DAY)
        _insert([_row(n, day, MINUTES[n % len(MINUTES)]) for n in range(size)], booked=size // len(MINUTES))
        left -= size


def _row(n: int, day: dt.date, minute: int) -> dict[str, Any]:
    return {
        "open_id": f"o{n}",
        "name": "测试",
        "phone_num": "13800138000",
        "day": day,
        "minute": minute,
        "live": 1,
        "created_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    }


def _insert(rows: list[dict[str, Any]], booked: int) -> None:
    with db.transaction():
        db.execute(sa.insert(Appointment), rows)
        tallied = {(row["day"], row["minute"]) for row in rows}
        db.execute(sa.insert(Tally), [{"day": day, "minute": minute, "booked": booked} for day, minute in tallied])


def _make_and_cancel(day: dt.date) -> None:
    person = {"open_id": "someone", "name": "测试", "phone_num": "13800138000"}
    number = booking.make(day=day, hour=10, minute=0, **person)["appointment_id"]
    booking.cancel(appointment_id=number, open_id="someone")


def measure(apps: list[Flask], rounds: int) -> dict[str, list[float]]:
    """For each case the median milliseconds in each of *apps*."""
    times: dict[str, list[list[float]]] = {name: [[] for _ in apps] for name in CASES}
    for _ in range(rounds):
        for name, ask in CASES.items():
            for which, app in enumerate(apps):
                with app.app_context():
                    day = clock.today() + dt.timedelta(days=7)
                    begun = time.perf_counter()
                    ask(day)
                    times[name][which].append(time.perf_counter() - begun)
    return {name: [statistics.median(each) * 1000 for each in found] for name, found in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=1_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--most", type=float, default=1.3)
    parser.add_argument("--databases", nargs=2, metavar="URI")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        uris = options.databases or [f"sqlite:///{folder}/{name}.db" for name in ("few", "many")]
        apps = [make_app(uri) for uri in uris]
        for app, count in zip(apps, (options.few, options.many), strict=True):
            with app.app_context():
                fill(count)
        measure(apps, 3)
        medians = measure(apps, options.rounds)
        for app in apps:
            with app.app_context():
                db.engine().dispose()
    slow = []
    for name, (few, many) in medians.items():
        print(f"{name:20} {few:8.3f} ms {many:8.3f} ms   x {many / few:.2f}")
        if name in JUDGED and many / few > options.most:
            slow.append(name)
    if slow:
        raise SystemExit(f"Grows with the history: {', '.join(slow)}")


if __name__ == "__main__":
    main()
