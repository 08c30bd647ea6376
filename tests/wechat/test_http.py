"""WeChat asked through a real connection: what ``responses`` does not reach."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask

from apps import make_app
from wxservices.errors import UpstreamSilent
from wxservices.wechat import http

SECRET = "0123456789abcdef-the-secret"


@pytest.fixture
def app(sqlite_uri: str) -> Iterator[Flask]:
    """An application without a table: a call needs none."""
    app = make_app(sqlite_uri)
    with app.app_context():
        yield app


def ask(code: str) -> dict[str, object]:
    return http.get("/sns/jscode2session", {"secret": SECRET, "js_code": code})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A server in WeChat's place.  Yields the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if "js_code=slow" in self.path:
                quiet.wait(5)
                return
            self.send_response(302 if "js_code=moved" in self.path else 200)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(b'{"openid":"o1","session_key":"k"}')

        def log_message(self, *args: object) -> None:
            pass

    quiet = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    monkeypatch.setattr(http, "HOST", f"http://127.0.0.1:{server.server_port}")
    yield asked
    quiet.set()
    server.shutdown()
    server.server_close()


def test_urllib3_does_not_log_the_secret(app: Flask, server: list[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    assert ask("0a1")["openid"] == "o1"

    assert f"secret={SECRET}" in server[0]
    assert "GET /sns/jscode2session " in caplog.text
    assert SECRET not in caplog.text
    assert "0a1" not in caplog.text


@pytest.mark.parametrize("code", ["slow", "moved"])
def test_a_real_server_that_does_not_answer(
    app: Flask, server: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", (1, 0.2))

    with pytest.raises(UpstreamSilent):
        ask(code)
    assert len(server) == 1
    assert SECRET not in caplog.text


def test_nobody_there_at_all(app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(http, "HOST", "http://127.0.0.1:1")

    with pytest.raises(UpstreamSilent):
        ask("0a1")
    assert "WeChat /sns/jscode2session: ConnectionError" in caplog.text
    assert SECRET not in caplog.text
