"""``/ws/signin-notify`` as a namespace of the host's Socket.IO: real clients against a real server."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask_socketio import SocketIO
from socketio.exceptions import ConnectionError as Refused

from appointment_data import EARLY, LI, ZHANG, book, serving
from apps import make_app
from listeners import NAMESPACE, plain, socket_io
from servers import redis_server, served, until
from wxservices.blueprints import appointment
from wxservices.blueprints.appointment import socketio as live
from wxservices.services.appointment import signin

TOKEN = "?token=sandbox"

Serve = Callable[..., Any]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Serves an application with a Socket.IO of the host's; gives it and its URL."""

    @contextmanager
    def serve(**options: Any) -> Iterator[tuple[Flask, str]]:
        socketio = SocketIO(async_mode="threading", **options.pop("host", {}))
        uri = f"sqlite:///{tmp_path}/test.db"
        with time_machine.travel(EARLY), serving(uri, socketio=socketio, **options) as app, served(app) as url:
            yield app, url

    return serve


def test_both_tongues_hear_of_it_once_and_in_order(serve: Serve) -> None:
    with serve() as (app, url):
        numbers = [book(ZHANG), book(LI), book(ZHANG, 10), book(LI, 10)]
        expected = [{"appointment_id": number, "event_type": "1"} for number in numbers]
        header = {"Authorization": "Bearer sandbox"}
        with (
            socket_io(url, TOKEN) as one,
            socket_io(url, headers=header) as two,
            socket_io(url, auth={"token": "sandbox"}) as three,
            plain(url, f"/ws/signin-notify{TOKEN}") as ws,
        ):
            for number in numbers:
                begun = time.monotonic()
                assert (
                    app.test_client().post("/v1/sign-in", json={"appointment_id": number}).get_json()["error_no"] == 0
                )
                assert f'"appointment_id": {number}' in ws.receive(timeout=2)
                assert time.monotonic() - begun < 1
            until(lambda: all(len(heard) >= 4 for heard in (one, two, three)), "notices are missing")
            time.sleep(0.2)
            assert one == two == three == expected


@pytest.mark.parametrize("options", [{}, {"query": "?token=no"}, {"auth": {"token": 1}}, {"auth": ["sandbox"]}])
def test_without_the_token_nobody_gets_in_or_hears_anything(serve: Serve, options: dict[str, Any]) -> None:
    with serve() as (_, url):
        with pytest.raises(Refused), socket_io(url, **options):
            pass
        assert not signin.channel()._receivers


def test_a_namespace_is_attached_to_a_socketio_that_is_made_later(tmp_path: Path) -> None:
    app = make_app(f"sqlite:///{tmp_path}/test.db")
    app.register_blueprint(appointment.bp)
    socketio = SocketIO(app, async_mode="threading")
    with served(app) as url, app.app_context():
        with pytest.raises(Refused), socket_io(url, TOKEN):
            pass
        appointment.attach(socketio)
        with socket_io(url, TOKEN) as heard:
            signin.channel().publish({"n": 1})
            until(lambda: heard == [{"n": 1}], "the notice is missing")


def test_without_a_socketio_of_the_hosts_none_is_made(tmp_path: Path) -> None:
    with serving(f"sqlite:///{tmp_path}/test.db") as app:
        assert "socketio" not in app.extensions


def test_two_applications_hear_their_own(tmp_path: Path) -> None:
    with ExitStack() as stack:
        heard = []
        for name in ("one", "other"):
            app = make_app(f"sqlite:///{tmp_path}/{name}.db")
            SocketIO(app, async_mode="threading")
            app.register_blueprint(appointment.bp)
            heard.append(stack.enter_context(socket_io(stack.enter_context(served(app)), TOKEN)))
        with app.app_context():
            signin.channel().publish({"n": 1})
        until(lambda: heard[1] == [{"n": 1}], "the notice is missing")
        time.sleep(0.2)
        assert heard[0] == []


def test_a_client_that_takes_nothing_is_dropped(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "BACKLOG", 5)
    with serve() as (app, url), socket_io(url, TOKEN):
        server = app.extensions["socketio"].server
        (client,) = server.eio.sockets.values()
        stuck = client.queue.get
        client.queue.get = lambda *args, **kwargs: time.sleep(10) or stuck(*args, **kwargs)
        signin.channel().publish({"n": -1})  # wakes the writer, which then sticks
        for number in range(8):
            signin.channel().publish({"n": number})
        assert not list(server.manager.get_participants(NAMESPACE, live.ADMINS))


def test_with_a_message_queue_of_the_hosts_as_well_each_hears_it_once(serve: Serve) -> None:
    """The host's Socket.IO spreads what it emits to all processes; each of ours hears of it by itself already."""
    quiet = logging.Logger("quiet")  # its threads never end, and would tell for ever that Redis has gone
    quiet.addHandler(logging.NullHandler())
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server())
        host = {"message_queue": redis.url, "logger": quiet}
        app, url = stack.enter_context(serve(host=host, WXSERVICES_MESSAGE_QUEUE=redis.url))
        other = make_app(app.config["SQLALCHEMY_DATABASE_URI"], WXSERVICES_MESSAGE_QUEUE=redis.url)
        SocketIO(other, async_mode="threading", **host)
        other.register_blueprint(appointment.bp)
        with served(other) as other_url, socket_io(url, TOKEN) as one, socket_io(other_url, TOKEN) as two:
            for number in range(20):
                signin.channel().publish({"n": number})
            until(lambda: len(one) >= 20 and len(two) >= 20, "notices are missing")
            time.sleep(0.3)
            assert one == two == [{"n": number} for number in range(20)]
        with other.app_context():
            signin.channel().close()


def test_flask_socketio_is_not_imported_for_a_host_without_it() -> None:
    import subprocess

    program = "import sys; import wxservices.blueprints.appointment; print('flask_socketio' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
