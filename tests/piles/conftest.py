"""A real broker, real piles (``examples/pile.py``), and the gateway between them and the data base."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from charging_data import station
from servers import free_port, until
from wxservices.piles import current_driver, gateway

ROOT = Path(__file__).parents[2]
BROKER = os.environ.get("TEST_MOSQUITTO", "127.0.0.1:1883")
REQUIRED = "mosquitto" in os.environ.get("TEST_REQUIRE", "").split(",")

Device = Callable[..., subprocess.Popen[str]]


def _answers(address: str) -> bool:
    host, port = address.split(":")
    with suppress(OSError):
        socket.create_connection((host, int(port)), timeout=2).close()
        return True
    return False


@pytest.fixture
def broker() -> str:
    """host:port.  Skips where there is none; fails where there must be one."""
    if not _answers(BROKER):
        assert not REQUIRED, f"no MQTT broker at {BROKER}"
        pytest.skip(f"no MQTT broker at {BROKER}")
    return BROKER


class Mosquitto:
    """A broker of its own, which a test may stop and start again; it keeps what it was told."""

    def __init__(self, folder: Path) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self._file = folder / "mosquitto.conf"
        port = self.address.split(":")[1]
        (folder / "store").mkdir()
        (folder / "store").chmod(0o777)
        folder.chmod(0o755)
        self._file.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nuser {getpass.getuser()}\n"
            f"persistence true\npersistence_location {folder}/store/\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(self._file)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: _answers(self.address), "Mosquitto does not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Mosquitto]:
    if shutil.which("mosquitto") is None and not Path("/usr/sbin/mosquitto").exists():
        assert not REQUIRED, "no mosquitto on this machine"
        pytest.skip("no mosquitto on this machine")
    server = Mosquitto(tmp_path)
    server.start()
    yield server
    server.stop()


@contextmanager
def wired(uri: str, address: str, *, listening: bool = True, **config: Any) -> Iterator[Flask]:
    """The station on MQTT under a prefix of its own, with a gateway that listens."""
    prefix = f"test-{uuid.uuid4().hex[:12]}"
    settings = {
        "WXSERVICES_CHARGING_GATEWAY": "mqtt",
        "WXSERVICES_CHARGING_MQTT_URL": f"mqtt://{address}",
        "WXSERVICES_CHARGING_MQTT_PREFIX": prefix,
        **config,
    }
    with station(uri, **settings) as app:
        with listener(app) if listening else nullcontext():
            yield app
        current_driver().close()  # type: ignore[attr-defined]


@contextmanager
def listener(app: Flask) -> Iterator[gateway.Gateway]:
    """A gateway in a thread."""
    stop = threading.Event()
    with app.app_context():
        listening = gateway.Gateway(stop)

    def run() -> None:
        with app.app_context():
            listening.run(lambda: True)

    thread = threading.Thread(target=run)
    thread.start()
    yield listening
    stop.set()
    thread.join()


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    """Starts ``examples/pile.py``."""
    running: list[subprocess.Popen[str]] = []

    def start(app: Flask, number: str, *options: str) -> subprocess.Popen[str]:
        settings = app.extensions["wxservices"].settings
        host, port = settings.charging_mqtt_url.removeprefix("mqtt://").split(":")
        where = ["--host", host, "--port", port, "--prefix", settings.charging_mqtt_prefix]
        command = [sys.executable, str(ROOT / "examples" / "pile.py"), number, *where, *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
