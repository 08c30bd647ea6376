"""``/ws/signin-notify`` as a plain WebSocket: real clients against a real server."""

from __future__ import annotations

import json
import logging
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask, request
from simple_websocket import Client, ConnectionClosed

from appointment_data import EARLY, LI, ZHANG, book, person, serving
from listeners import plain
from servers import served, until
from wxservices import WxServices
from wxservices.blueprints.appointment import live
from wxservices.services.appointment import signin

TOKEN = "?token=sandbox"
URL = "/ws/signin-notify"


@pytest.fixture
def app(tmp_path: Any) -> Iterator[Flask]:
    extension = WxServices(admin_check=lambda: request.cookies.get("role") == "chief")
    with (
        time_machine.travel(EARLY),
        serving(f"sqlite:///{tmp_path}/test.db", extension=extension, WXSERVICES_APPOINTMENT_PING=1) as app,
    ):
        yield app


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    with served(app) as url:
        yield url
        until(lambda: not listening(), "a listener was left behind")


def listening() -> int:
    return len(signin.channel()._receivers)


def notice(number: int) -> str:
    return json.dumps({"appointment_id": number, "event_type": "1"})


def close_of(ws: Client) -> tuple[int, str]:
    """Code and reason of the close that is coming."""
    try:
        while ws.receive(timeout=5) is not None:
            pass
    except ConnectionClosed as closed:
        return closed.reason, closed.message
    return pytest.fail("it is not closed")


def test_a_sign_in_over_http_reaches_every_listener(app: Flask, url: str) -> None:
    first, second = book(ZHANG), book(LI)
    client = app.test_client()
    with plain(url, URL + TOKEN) as one, plain(url, URL, headers={"Authorization": "Bearer sandbox"}) as other:
        for number in (first, second, first):  # the last is refused, and told to nobody
            client.post("/v1./sign-in", json={"appintment_id": number})
        for ws in (one, other):
            assert [ws.receive(timeout=2), ws.receive(timeout=2)] == [notice(first), notice(second)]
            assert ws.receive(timeout=0.2) is None


@pytest.mark.parametrize("path", [URL, f"{URL}?token=", f"{URL}?token=no", f"{URL}?token=%00%ff"])
def test_without_the_token_it_says_why_and_closes(url: str, path: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), plain(url, path) as ws:
        reason = json.loads(ws.receive(timeout=5))
        assert (reason["error_no"], reason["error_msg"]) == (1004, "需要管理员权限")
        assert close_of(ws) == (4401, "需要管理员权限")
    assert reason["request_id"] in caplog.text
    assert listening() == 0


def test_who_the_host_knows_may_listen_from_its_own_pages_alone(url: str) -> None:
    own, cookie = "127.0.0.1", {"Cookie": "role=chief"}  # this client's Host header has no port
    with plain(url, headers=cookie | {"Origin": f"https://{own}"}) as ws:
        until(listening, "nobody listens")
        signin.channel().publish({"n": 1})
        assert ws.receive(timeout=2) == '{"n": 1}'
    for origin in ("https://evil.example", f"https://{own}.evil.example", "null"):
        with plain(url, headers=cookie | {"Origin": origin}) as ws:
            assert close_of(ws)[0] == 4401
    with plain(url, URL + TOKEN, headers={"Origin": "https://servicewechat.com"}) as ws:
        until(listening, "nobody listens")


def test_what_a_listener_says_is_thrown_away(url: str) -> None:
    with plain(url, URL + TOKEN) as ws:
        for _ in range(2000):
            ws.send("hello" * 10)
        ws.send(b"\x00" * 100)
        signin.channel().publish({"n": 1})
        assert ws.receive(timeout=5) == '{"n": 1}'


@pytest.mark.parametrize("text", ["x" * (live.LONGEST + 1), "x" * 1_000_000])
def test_a_listener_that_says_too_much_is_closed(url: str, text: str) -> None:
    with plain(url, URL + TOKEN) as ws:
        until(listening, "nobody listens")
        try:
            ws.send(text)
            assert close_of(ws)[0] in (1009, 1005)
        except OSError:  # the server has closed while it was still being sent
            pass
        until(lambda: not listening(), "the listener is still there", seconds=3)


class _Deaf:
    """A listener that shakes hands and then neither reads nor answers anything."""

    def __init__(self, url: str, read: int = 4096) -> None:
        host, port = url.removeprefix("http://").split(":")
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.sock.connect((host, int(port)))
        head = [
            f"GET {URL}{TOKEN} HTTP/1.1",
            f"Host: {host}:{port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        self.sock.sendall("\r\n".join([*head, "", ""]).encode())
        assert self.sock.recv(12) == b"HTTP/1.1 101"

    def close(self, *, rudely: bool = False) -> None:
        if rudely:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def test_a_dead_listener_is_dropped_by_the_ping(url: str) -> None:
    deaf = _Deaf(url)
    until(listening, "nobody listens")
    with plain(url, URL + TOKEN):
        until(lambda: listening() == 2, "the living one is not there")
        until(lambda: listening() == 1, "the dead one is still there", seconds=6)
        time.sleep(1.5)
        assert listening() == 1  # the living one answers its pings
    deaf.close()


def test_a_listener_that_vanishes_is_dropped(url: str) -> None:
    gone = _Deaf(url)
    until(listening, "nobody listens")
    gone.close(rudely=True)
    until(lambda: not listening(), "it is still there", seconds=3)


def test_a_slow_listener_is_dropped_and_holds_nobody_up(app: Flask, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "BACKLOG", 20)
    slow = _Deaf(url)
    until(listening, "nobody listens")
    heard: list[str] = []

    def listen(ws: Client) -> None:
        while (text := ws.receive(timeout=5)) is not None and "done" not in text:
            heard.append(text)

    with plain(url, URL + TOKEN) as quick:
        thread = threading.Thread(target=listen, args=(quick,))
        thread.start()
        until(lambda: listening() == 2, "nobody else listens")
        # More than the system keeps on the way to the slow one; the quick one is given time to take its own.
        slowest, sent = 0.0, 0
        while listening() == 2:
            begun = time.monotonic()
            signin.channel().publish({"n": sent, "filling": "x" * 50_000})
            slowest, sent = max(slowest, time.monotonic() - begun), sent + 1
            assert sent < 2000, "the slow one is never dropped"
            until(lambda sent=sent: len(heard) >= sent - 10, "the quick one does not keep up")
        signin.channel().publish({"done": True})
        thread.join()
    assert slowest < 0.5
    assert [json.loads(text)["n"] for text in heard] == list(range(sent))
    slow.close()


def test_it_is_heard_within_a_second_while_somebody_is_slow(app: Flask, url: str) -> None:
    slow, number = _Deaf(url), book(person(1))
    with plain(url, URL + TOKEN) as quick:
        until(lambda: listening() == 2, "nobody listens")
        begun = time.monotonic()
        app.test_client().post("/v1/sign-in", json={"appintment_id": number})
        assert quick.receive(timeout=2) == notice(number)
        assert time.monotonic() - begun < 1
    slow.close()


def test_no_data_base_connection_is_kept_for_a_listener(tmp_path: Any) -> None:
    from sqlalchemy import text

    from wxservices import db

    def check() -> bool:
        return db.session().execute(text("SELECT 1")).scalar() == 1

    with serving(f"sqlite:///{tmp_path}/test.db", extension=WxServices(admin_check=check)) as app:
        checked_out = db.engine().pool.checkedout
        before = checked_out()
        with served(app) as url, plain(url):
            until(listening, "nobody listens")
            assert checked_out() == before
        until(lambda: not listening(), "it is still there")


@pytest.mark.parametrize("headers", [{}, {"Sec-WebSocket-Version": "12"}, {"Sec-WebSocket-Version": "13"}])
def test_what_is_no_handshake_is_refused(url: str, headers: dict[str, str]) -> None:
    import requests

    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Authorization": "Bearer sandbox"}
    assert requests.get(url + URL, headers=upgrade | headers, timeout=5).status_code == 400
    assert requests.get(url + URL, timeout=5).status_code == 400
    assert requests.post(url + URL, timeout=5).status_code in (400, 405)
    assert listening() == 0


def test_a_server_that_keeps_its_socket_says_so(app: Flask) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Authorization": "Bearer sandbox"}
    assert app.test_client().get(URL, headers=upgrade).status_code == 501
    assert listening() == 0
