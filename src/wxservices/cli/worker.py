"""``worker``: reconcile and purge at intervals, for hosts without cron."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
import time
from datetime import timedelta
from types import FrameType

import click
from flask import current_app
from flask.cli import with_appcontext

from .. import leases
from ..payments import reconciling
from .upkeep import purged

log = logging.getLogger(__name__)

LEASE = "worker"
PURGE_EVERY = 3600
"""Seconds."""


@click.command()
@click.option("--interval", type=click.IntRange(1, 86400), default=60, show_default=True, help="Seconds.")
@click.option("--once", is_flag=True, help="One round, then stop.")
@with_appcontext
def worker(interval: int, once: bool) -> None:
    """Reconcile what is due, and purge every hour, until SIGTERM.

    Start it on every machine: a lease in the data base lets one of them work; when that one is gone, another takes
    over.
    """
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    me = f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(4)}"
    lifetime = timedelta(seconds=2 * interval) + 2 * reconciling.LEASE
    purged_at = float("-inf")
    try:
        while True:
            # A context for each round: nothing of one, such as a connection gone stale, is left for the next.
            with current_app.app_context():
                try:
                    if leases.hold(LEASE, me, lifetime):
                        _reconcile(me, lifetime, stop)
                        if time.monotonic() - purged_at >= PURGE_EVERY and not stop.is_set():
                            purged_at = time.monotonic()
                            _purge()
                except Exception:
                    log.exception("A round of the worker failed")
            if once or stop.wait(interval):
                break
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        leases.release(LEASE, me)
    click.echo("Stopped.")


def _reconcile(me: str, lifetime: timedelta, stop: threading.Event) -> None:
    for step in reconciling.reconcile(due_only=True):
        if step.outcome != "waiting":
            click.echo(f"{step.kind} {step.number}: {step.outcome}")
        if stop.is_set() or not leases.hold(LEASE, me, lifetime):
            return


def _purge() -> None:
    for name, count in purged():
        if count:
            click.echo(f"purged {name}: {count}")
