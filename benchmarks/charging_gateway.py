"""Does the gateway keep up with many piles?

``python -m benchmarks.charging_gateway [--devices 2000] [--seconds 20] [--rate 0.25] [--uri URI] [--broker URL]``: so
many devices say on one broker, each under its own topics, that they are there and how their plugs are; a gateway in a
process of its own listens.  Prints messages a second, the lag from publishing to the data base (the newest report in it
against the clock: they are taken in order), and the gateway's memory at the beginning and at the end.  Exits with 1 if
it is left behind.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from wxservices import WxServices, db, fields, migration
from wxservices.blueprints import charging
from wxservices.models.charging import Pile
from wxservices.piles import mqtt
from wxservices.services.charging import operator
from wxservices.state import state_of

CONNECTIONS = 20
"""Devices share so many connections: it is the gateway that is measured."""
BEHIND = 5.0
"""Seconds."""

_heard = db.Query(sa.select(Pile.heard_at).where(Pile.heard_at.is_not(None)))


def make_app(config: dict[str, Any]) -> Flask:
    app = Flask("benchmark")
    app.config.update(config)
    WxServices(app)
    app.register_blueprint(charging.bp)
    return app


def station(devices: int) -> dict[str, Any]:
    """The operator's file of so many piles."""
    tariff = {"name": "t", "prepay": 1, "swipe": 1}
    piles = [{"device_no": f"D{number}", "tariff": "t", "plugs": 2} for number in range(devices)]
    return dict(fields.load(operator.ChargingData(), {"tariffs": [tariff], "piles": piles}))


@contextmanager
def gateway(config: dict[str, Any]) -> Iterator[int]:
    """``flask wxservices gateway`` in a process of its own; its id."""
    code = (
        "import json, sys; from benchmarks.charging_gateway import make_app; from wxservices.piles.gateway import run\n"
        "app = make_app(json.loads(sys.argv[1]))\nwith app.app_context(): run()"
    )
    process = subprocess.Popen([sys.executable, "-c", code, json.dumps(config)])  # noqa: S603
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def memory(pid: int) -> float:
    """Resident megabytes of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def speak(client: Any, prefix: str, numbers: range, *, stop: threading.Event, rate: float, sent: list[int]) -> None:
    """Let devices report, each *rate* times a second: a heartbeat and, every other time, a plug."""
    session, turn = int(time.time() * 1000), 0
    while not stop.is_set():
        began = time.monotonic()
        for place, number in enumerate(numbers):
            now = int(time.time() * 1000)
            if turn % 2:
                client.publish(f"{prefix}/D{number}/plug/01", json.dumps({"status": turn // 2 % 2, "at": now}), qos=1)
            else:
                state = {"state": "online", "session": session, "at": now}
                client.publish(f"{prefix}/D{number}/state", json.dumps(state), qos=1)
            sent[0] += 1
            ahead = (place + 1) / (len(numbers) * rate) - (time.monotonic() - began)
            if ahead > 0.01 and stop.wait(ahead):
                return
        turn += 1


def lag() -> float:
    """Seconds since the freshest report in the data base was made."""
    heard = [row.heard_at for row in _heard.all()]
    return (datetime.now(UTC) - max(heard)).total_seconds() if heard else float("inf")


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--devices", type=int, default=2000)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--rate", type=float, default=0.25, help="messages a second of each device")
    options.add_argument("--uri")
    options.add_argument("--broker", default="mqtt://127.0.0.1:1883")
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = {
            "SECRET_KEY": "benchmark",
            "SQLALCHEMY_DATABASE_URI": args.uri or f"sqlite:///{folder}/benchmark.db",
            "WXSERVICES_SANDBOX": True,
            "WXSERVICES_CHARGING_GATEWAY": "mqtt",
            "WXSERVICES_CHARGING_MQTT_URL": args.broker,
            "WXSERVICES_CHARGING_MQTT_PREFIX": f"bench-{uuid.uuid4().hex[:8]}",
        }
        app = make_app(config)
        with app.app_context():
            migration.upgrade()
            with db.transaction():
                sum(operator.apply(station(args.devices)))
            with gateway(config) as pid:
                return measure(args, app, pid)


def measure(args: argparse.Namespace, app: Flask, pid: int) -> int:
    settings = state_of(app).settings
    stop, counts, clients = threading.Event(), [], []
    time.sleep(3)
    for first in range(CONNECTIONS):
        client = mqtt.client(settings)
        client.max_inflight_messages_set(200)
        mqtt.connect(client, settings)
        clients.append(client)
        counts.append([0])
        numbers = range(first, args.devices, CONNECTIONS)
        rest = {"stop": stop, "rate": args.rate, "sent": counts[-1]}
        threading.Thread(target=speak, args=(client, settings.charging_mqtt_prefix, numbers), kwargs=rest).start()
    time.sleep(args.seconds / 4)
    began, before, start = time.monotonic(), sum(count[0] for count in counts), memory(pid)
    lags = []
    while time.monotonic() - began < args.seconds:
        time.sleep(0.5)
        lags.append(lag())
    rate = (sum(count[0] for count in counts) - before) / (time.monotonic() - began)
    end = memory(pid)
    stop.set()
    for client in clients:
        client.disconnect()
        client.loop_stop()
    online = len(_heard.all())
    print(f"{args.devices} devices, {online} online, {rate:.0f} messages/s")
    print(f"lag: median {statistics.median(lags):.2f} s, most {max(lags):.2f} s; memory {start:.0f} MB -> {end:.0f} MB")
    return int(max(lags) > BEHIND or online < args.devices)


if __name__ == "__main__":
    sys.exit(main())
