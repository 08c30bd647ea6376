"""The one process that listens to piles (``flask wxservices gateway``).

What comes is taken in the order in which it comes.  The broker keeps it while no gateway runs, and has it acknowledged
when it is in the data base.  Of several gateways one listens, by a lease.
"""

from __future__ import annotations

import hashlib
import logging
import os
import queue
import secrets
import signal
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from types import FrameType
from typing import Any

import sqlalchemy as sa
from flask import current_app

from .. import db, leases
from ..errors import UpstreamSilent
from ..state import current_state
from . import messages, mqtt
from .driver import current_driver, tell
from .events import Event, PlugStatus, Progress, Status

log = logging.getLogger(__name__)

LEASE = "piles gateway"
LIFETIME = timedelta(seconds=30)
RENEW = 5.0
"""Seconds."""
BATCH = 200
"""Reports that are written in one transaction."""
AGAIN = 1.0
"""Seconds before what the data base could not take is tried again."""

_REPORTS = (Status, PlugStatus, Progress)
"""What is often said, and said again: written together, and acknowledged at once."""


class Gateway:
    """Listens on one connection.

    :param stop: set to end it.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._settings = current_state().settings
        self._prefix = self._settings.charging_mqtt_prefix
        self._stop = stop
        self._waiting: queue.Queue[Any] = queue.Queue(maxsize=10_000)
        mark = hashlib.sha256(self._prefix.encode()).hexdigest()[:12]
        self._client = mqtt.client(self._settings, f"wxservices-{mark}", keep=True)
        self._client.on_connect = self._subscribe
        self._client.on_message = lambda client, data, message: self._waiting.put(message)
        self._client.on_disconnect = lambda client, data, flags, reason, properties: log.warning("Broker: %s", reason)
        self.taken = 0
        """How many messages were taken."""

    def run(self, hold: Callable[[], bool]) -> None:
        """Listen until *stop* is set, or *hold* (asked every few seconds) says no.

        :raises OSError: nobody is at the broker's address.
        """
        mqtt.connect(self._client, self._settings)
        try:
            while not self._stop.is_set() and hold():
                until = threading.Event()
                timer = threading.Timer(RENEW, until.set)
                timer.start()
                while not until.is_set() and not self._stop.is_set():
                    batch = self._next()
                    if batch:
                        with current_app.app_context():  # nothing of one batch is left for the next
                            self._take(batch)
                timer.cancel()
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def _subscribe(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            log.error("The broker refuses: %s", reason)
            return
        client.subscribe([(topic, 1) for topic in messages.topics(self._prefix)])

    def _next(self) -> list[Any]:
        batch: list[Any] = []
        try:
            batch.append(self._waiting.get(timeout=0.2))
            while len(batch) < BATCH:
                batch.append(self._waiting.get_nowait())
        except queue.Empty:
            pass
        return batch

    def _take(self, batch: list[Any]) -> None:
        reports: list[Event] = []
        for message in batch:
            try:
                event, msg_id = messages.read(self._prefix, message.topic, message.payload)
            except messages.BadMessage as fault:
                log.warning("A message to %.80r is dropped: %s", message.topic, fault)
            else:
                if isinstance(event, _REPORTS):
                    reports.append(event)
                else:
                    self._write(reports)
                    reports = []
                    self._persist(partial(tell, event))
                if msg_id and not isinstance(event, _REPORTS):
                    self._heard(event.device_no, msg_id)
        self._write(reports)
        for message in batch:
            self._client.ack(message.mid, message.qos)
        self.taken += len(batch)

    def _write(self, reports: list[Event]) -> None:
        """Write *reports* in one transaction; where that fails, one by one."""

        def together() -> None:
            with db.transaction():
                for report in reports:
                    tell(report)

        if not reports:
            return
        try:
            together()
        except Exception as error:
            log.warning("%d reports are written one by one: %s", len(reports), type(error).__name__)
            for report in reports:
                self._persist(partial(tell, report))

    def _persist(self, take: Callable[[], object]) -> None:
        """Run *take* until the data base takes it; what else goes wrong is logged, so that the next has its turn."""
        while not self._stop.is_set():
            try:
                take()
                return
            except (sa.exc.OperationalError, sa.exc.TimeoutError) as error:
                log.error("The data base does not take an event: %s", error.orig if hasattr(error, "orig") else error)
                self._stop.wait(AGAIN)
            except Exception:
                log.exception("An event of a pile failed")
                return

    def _heard(self, device_no: str, msg_id: str) -> None:
        driver = current_driver()
        if isinstance(driver, mqtt.MqttDriver):
            try:
                driver.publish(device_no, "heard", {"msg_id": msg_id})
            except UpstreamSilent:
                log.warning("Pile %s can't be told that it was heard; it will say it again", device_no)


def run() -> None:
    """Listen until SIGTERM or SIGINT, whenever no other gateway does."""
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    me = f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(4)}"

    def hold() -> bool:
        with current_app.app_context():
            try:
                return leases.hold(LEASE, me, LIFETIME)
            except sa.exc.OperationalError:
                log.error("The data base does not answer")
                return False

    try:
        while not stop.is_set():
            if hold():
                log.info("Listening to piles")
                try:
                    Gateway(stop).run(hold)
                except OSError as error:
                    log.error("The broker can't be reached: %s", error)
            stop.wait(AGAIN)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        leases.release(LEASE, me)
