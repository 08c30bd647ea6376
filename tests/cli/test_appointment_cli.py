"""``flask wxservices appointment …``."""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from click.testing import Result
from flask import Flask

from appointment_data import EARLY, LI, ZHANG, book, serving
from apps import make_app
from servers import free_port, redis_server, served, until
from wxservices.blueprints import appointment
from wxservices.services.appointment import booking, desk, signin

Run = Callable[..., Result]


def runner(app: Flask) -> Run:
    cli = app.test_cli_runner()
    return lambda *args: cli.invoke(args=["wxservices", *map(str, args)])


@pytest.fixture
def office(database_uri: str) -> Iterator[Flask]:
    with time_machine.travel(EARLY, tick=False), serving(database_uri) as app:
        yield app


def test_cancel_and_sign_in(office: Flask) -> None:
    run, first, second = runner(office), book(ZHANG), book(LI)
    assert run("appointment", "cancel", first).output == f"{first}: cancelled.\n"
    assert run("appointment", "sign-in", second).output == f"{second}: signed in.\n"
    assert booking.appointments(open_id="o-1") == []
    assert [row["open_id"] for row in desk.sign_ins()] == ["o-2"]
    for command, number, reason in [
        ("cancel", first, "预约已取消或已签到"),
        ("cancel", second, "预约已取消或已签到"),
        ("sign-in", first, "预约已取消"),
        ("sign-in", 99, "预约不存在"),
    ]:
        refused = run("appointment", command, number)
        assert (refused.exit_code, refused.output) == (1, f"Error: {reason}\n")
    assert run("appointment", "cancel", "x").exit_code == 2


@contextmanager
def tailing(app: Flask, *options: Any) -> Iterator[list[Result]]:
    """`tail` at work; its result when the block is left."""
    found: list[Result] = []
    thread = threading.Thread(target=lambda: found.append(runner(app)("appointment", "tail", *options)))
    thread.start()
    yield found
    thread.join(10)
    assert found, "tail does not end"


def test_tail_prints_what_comes_through_the_queue(sqlite_uri: str) -> None:
    with redis_server() as redis, serving(sqlite_uri, WXSERVICES_MESSAGE_QUEUE=redis.url) as app:
        other = make_app(sqlite_uri, WXSERVICES_MESSAGE_QUEUE=redis.url)
        with tailing(app, "--count", 2) as found:
            until(lambda: signin.channel()._subscribed.is_set(), "it does not listen")
            with other.app_context():
                for number in (1, 2):
                    signin.channel().publish({"appointment_id": number, "event_type": "1"})
                signin.channel().close()
        assert [json.loads(line)["appointment_id"] for line in found[0].stdout.splitlines()] == [1, 2]


def test_tail_prints_what_a_server_sends(sqlite_uri: str) -> None:
    with serving(sqlite_uri) as app, served(app) as url:
        with tailing(app, "--count", 1, "--url", f"{url.replace('http', 'ws')}/ws/signin-notify") as found:
            until(lambda: signin.channel()._receivers, "it does not listen")
            signin.channel().publish({"appointment_id": 7, "event_type": "1"})
        assert found[0].stdout == '{"appointment_id": 7, "event_type": "1"}\n'
        until(lambda: not signin.channel()._receivers, "it is still listening")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a client forgets a refused socket
def test_tail_says_why_it_cannot(sqlite_uri: str) -> None:
    with serving(sqlite_uri) as app, served(app) as url:
        gone = runner(app)("appointment", "tail", "--url", f"ws://127.0.0.1:{free_port()}/ws/signin-notify")
        assert gone.exit_code == 1
        assert "Connection refused" in gone.output
        del gone
        gc.collect()
        other = make_app(sqlite_uri, WXSERVICES_ADMIN_TOKEN="wrong")
        other.register_blueprint(appointment.bp)
        with other.app_context():
            refused = runner(other)("appointment", "tail", "--url", f"{url.replace('http', 'ws')}/ws/signin-notify")
        assert refused.exit_code == 1
        assert "closed with 4401 需要管理员权限" in refused.output
    with serving(sqlite_uri, WXSERVICES_SANDBOX=False) as app:
        assert "needs WXSERVICES_MESSAGE_QUEUE" in runner(app)("appointment", "tail").output
