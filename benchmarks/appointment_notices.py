"""How long a sign-in's notice takes to its listeners, and whether everyone gets everything once and in order.

    python -m benchmarks.appointment_notices                     500 listeners, 4 processes, 200 notices
    python -m benchmarks.appointment_notices --listeners 40 --processes 2 --notices 20

Real: gunicorn processes behind ports of their own, a Redis between them, WebSocket clients in this process (every tenth
a Socket.IO one), sign-ins over HTTP at the processes in turn.  Prints one JSON object; exits with 1 if a listener
missed a notice, got one twice, or in another order.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Ping, Request, TextMessage

URL = "/ws/signin-notify"
HEADERS = [(b"Authorization", b"Bearer sandbox")]


class Listener:
    """A WebSocket client: plain, or one that speaks as much Socket.IO as it takes."""

    def __init__(self, port: int, socketio: bool) -> None:
        self.port, self.socketio = port, socketio
        self.heard: list[tuple[int, float]] = []
        self.ready = asyncio.Event()
        self.ws = WSConnection(ConnectionType.CLIENT)

    async def run(self) -> None:
        target = "/socket.io/?EIO=4&transport=websocket&token=sandbox" if self.socketio else URL
        reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.send(Request(host=f"127.0.0.1:{self.port}", target=target, extra_headers=HEADERS))
        while data := await reader.read(65536):
            self.ws.receive_data(data)
            for event in self.ws.events():
                self.handle(event)

    def send(self, event: Any) -> None:
        self.writer.write(self.ws.send(event))

    def handle(self, event: Any) -> None:
        if isinstance(event, AcceptConnection) and not self.socketio:
            self.ready.set()
        elif isinstance(event, Ping):
            self.send(event.response())
        elif isinstance(event, TextMessage):
            self.read(event.data)

    def read(self, text: str) -> None:
        if not self.socketio:
            self.note(json.loads(text))
        elif text.startswith("0"):  # Engine.IO is open: join the namespace
            self.send(TextMessage(f"40{URL},"))
        elif text == "2":
            self.send(TextMessage("3"))
        elif text.startswith("40"):
            self.ready.set()
        elif text.startswith("42"):
            self.note(json.loads(text.removeprefix(f"42{URL},"))[1])

    def note(self, notice: dict[str, Any]) -> None:
        self.heard.append((notice["appointment_id"], time.perf_counter()))


@contextmanager
def running(command: list[str], port: int, **environment: str) -> Iterator[None]:
    """A server, from when it answers at *port*."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603
        try:
            for _ in range(600):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if process.poll() is not None:
                    log.seek(0)
                    raise SystemExit(log.read())
                time.sleep(0.05)
            yield
        finally:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def book(uri: str, count: int) -> list[int]:
    """Make the data base, with *count* appointments of today."""
    import sqlalchemy as sa

    app = serve(uri, "")
    with app.app_context():
        from wxservices import clock, db, migration
        from wxservices.models.appointment import Appointment

        migration.upgrade("appointment")
        rows = [
            {
                "open_id": f"o{n}",
                "name": "测试",
                "phone_num": "13800138000",
                "day": clock.today(),
                "minute": 540,
                "live": 1,
                "created_at": datetime.now(UTC),
            }
            for n in range(count)
        ]
        with db.transaction():
            db.execute(sa.insert(Appointment), rows)
        return [row.id for row in db.Query(sa.select(Appointment.id).order_by(Appointment.id)).all()]


def serve(uri: str = "", queue: str = "") -> Any:
    """The application of each process."""
    from flask import Flask
    from flask_socketio import SocketIO

    from wxservices import WxServices
    from wxservices.blueprints import appointment

    app = Flask("benchmark")
    app.config.update(SECRET_KEY="k" * 32, WXSERVICES_SANDBOX=True)
    app.config["SQLALCHEMY_DATABASE_URI"] = uri or os.environ["BENCHMARK_DATABASE"]
    app.config["WXSERVICES_MESSAGE_QUEUE"] = queue or os.environ.get("BENCHMARK_QUEUE")
    WxServices(app)
    SocketIO(app, async_mode="threading")
    app.register_blueprint(appointment.bp)
    return app


def sign_in(port: int, number: int) -> None:
    body = json.dumps({"appintment_id": number}).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/sign-in", body, timeout=10) as response:
        reply = json.load(response)
    if reply["error_no"]:
        raise SystemExit(f"sign-in refused: {reply}")


async def measure(ports: list[int], listeners: int, numbers: list[int], rate: float) -> dict[str, Any]:
    clients = [Listener(ports[n % len(ports)], n % 10 == 9) for n in range(listeners)]
    tasks = []
    for start in range(0, listeners, 50):  # as many as the server's queue of connections takes
        batch = clients[start : start + 50]
        tasks += [asyncio.create_task(client.run()) for client in batch]
        await asyncio.wait_for(asyncio.gather(*(client.ready.wait() for client in batch)), 60)
    loop, sent = asyncio.get_running_loop(), {}
    begun = time.perf_counter()
    for n, number in enumerate(numbers):
        await asyncio.sleep(max(0.0, begun + n / rate - time.perf_counter()))
        sent[number] = time.perf_counter()
        await loop.run_in_executor(None, sign_in, ports[n % len(ports)], number)
    for _ in range(300):
        if all(len(client.heard) >= len(numbers) for client in clients):
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)  # for what comes twice
    for task in tasks:
        task.cancel()
    delays = sorted(at - sent[number] for client in clients for number, at in client.heard)
    wrong = sum([number for number, _ in client.heard] != numbers for client in clients)
    return {
        "listeners": listeners,
        "socketio": sum(client.socketio for client in clients),
        "processes": len(ports),
        "notices": len(numbers),
        "heard": len(delays),
        "wrong": wrong,
        **{f"p{p}_ms": round(delays[min(len(delays) - 1, len(delays) * p // 100)] * 1000, 1) for p in (50, 99)},
        "max_ms": round(delays[-1] * 1000, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, default=500)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--notices", type=int, default=200)
    parser.add_argument("--rate", type=float, default=10, help="sign-ins a second")
    parser.add_argument("--database", help="URI of an empty data base; default: SQLite")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        uri = options.database or f"sqlite:///{folder}/benchmark.db"
        numbers = book(uri, options.notices)
        redis = free_port()
        command = ["redis-server", "--port", str(redis), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        stack.enter_context(running(command, redis))
        ports = [free_port() for _ in range(options.processes)]
        threads = str(options.listeners // options.processes + 20)
        for port in ports:
            gunicorn = [sys.executable, "-m", "gunicorn", "-k", "gthread", "--threads", threads, "--no-control-socket"]
            command = [*gunicorn, "-b", f"127.0.0.1:{port}", "benchmarks.appointment_notices:serve()"]
            environment = {
                "BENCHMARK_DATABASE": uri,
                "BENCHMARK_QUEUE": f"redis://127.0.0.1:{redis}/0",
                "PYTHONPATH": str(Path(__file__).parents[1]),
            }
            stack.enter_context(running(command, port, **environment))
        result = asyncio.run(measure(ports, options.listeners, numbers, options.rate))
    print(json.dumps(result))
    if result["wrong"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
