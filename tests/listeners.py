"""Who listens to the notices of ``appointment`` in tests: plain WebSockets and Socket.IO clients, real ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import socketio
from simple_websocket import Client, ConnectionClosed

NAMESPACE = "/ws/signin-notify"


class _Plain(Client):
    """Reads what comes in one packet with the end of the handshake; simple-websocket's client leaves it lying."""

    def handshake(self) -> None:
        super().handshake()
        self._handle_events()
        self.connected = True


@contextmanager
def plain(url: str, path: str = "/ws/signin-notify", **options: Any) -> Iterator[Client]:
    """A plain WebSocket to the server at *url* (``http://…``)."""
    ws = _Plain.connect(url.replace("http", "ws", 1) + path, **options)
    try:
        yield ws
    finally:
        with suppress(ConnectionClosed, OSError):
            ws.close()
        ws.thread.join(5)
        ws.sock.close()


@contextmanager
def socket_io(url: str, query: str = "", **options: Any) -> Iterator[list[Any]]:
    """What a Socket.IO client hears, as a list that grows."""
    heard: list[Any] = []
    client = socketio.Client(reconnection=False)
    client.on("signin-notify", heard.append, namespace=NAMESPACE)
    try:
        client.connect(url + query, namespaces=[NAMESPACE], transports=["websocket"], **options)
        yield heard
    finally:
        if client.eio.ws is not None:  # its library would wait three seconds for the server to close first
            client.eio.ws.close = partial(client.eio.ws.close, timeout=0)
        client.disconnect()
