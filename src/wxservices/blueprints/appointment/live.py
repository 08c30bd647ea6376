"""The WebSocket of ``appointment`` in both its tongues: plain, at the document's URL, and as a namespace of the host's
Socket.IO.  Admins only.

A plain listener has a thread of the server, which sends what comes and sleeps in between, and one of
simple-websocket's, which reads, answers pings and sends them.  What comes in is thrown away.
"""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from flask import Response, request
from simple_websocket import ConnectionClosed, Server
from wsproto.utilities import RemoteProtocolError

from ...errors import BadParameter, NotAllowed, ServiceError
from ...notices import Notice
from ...services.appointment import signin
from ...state import current_state
from ..document import Call, report
from ..guards import bearer_token, host_says_admin, is_admin_token, own_site

if TYPE_CHECKING:
    from flask.blueprints import BlueprintSetupState
    from flask_socketio import SocketIO

    from ..document import Document

REFUSED = 4401
"""Close code for who is no admin."""

FAULT = 1011
"""Close code for a fault of ours."""

BACKLOG = 256
"""Notices that may wait for a listener; one more, and it is dropped."""

LONGEST = 4096
"""Bytes of a message that a listener may send, though nobody reads it."""

SEND_TIMEOUT = 10
"""Seconds that sending to a listener may take."""


def check_admin(token: object = None) -> None:
    """Lets nobody listen but an admin, who shows the token in the query, in the header or as *token*.

    :raises NotAllowed: it is none, or is known by a cookie and comes from another site's page.
    """
    if any(is_admin_token(each) for each in (request.args.get("token"), bearer_token(), token)):
        return
    if not host_says_admin():
        raise NotAllowed("需要管理员权限")
    own_site({})


class Inbox:
    """What a listener has not been sent yet: the receiver of its notices."""

    def __init__(self) -> None:
        self.waiting: deque[Notice] = deque()
        self.event = threading.Event()
        """Set when there is something to do: a notice to send, or the end of the connection."""
        self.sock: socket.socket | None = None

    def __call__(self, notice: Notice) -> None:
        if len(self.waiting) < BACKLOG:
            self.waiting.append(notice)
            self.event.set()
        elif self.sock is not None:  # too slow: its threads wake up with an error, wherever they are stuck
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class Live(Call):
    """A plain WebSocket.  ``function`` answers the channel whose notices it sends, each as a JSON text."""

    method = "GET"
    routing: ClassVar[Mapping[str, Any]] = {"websocket": True}

    def respond(self, document: Document) -> Response:
        refusal: Exception | None = None
        try:
            document.check()
            check_admin()
        except Exception as error:
            report(error)
            refusal = error
        # The host's check may have used the data base: no connection of its is kept as long as this one.
        current_state().db.session.remove()
        inbox = Inbox()
        # Heard from before the client knows that it is connected: it misses nothing from then on.
        with nullcontext() if refusal else self.function().listening(inbox):
            try:
                ws = _accept(inbox)
            except RemoteProtocolError as error:
                report(BadParameter("WebSocket", str(error)))
                return Response("不是有效的WebSocket握手", 400, mimetype="text/plain")
            except RuntimeError as error:  # a server that does not give its socket away
                report(error)
                return Response("WebSocket不可用", 501, mimetype="text/plain")
            with suppress(ConnectionClosed, OSError):
                _refuse(ws, document, refusal) if refusal else _serve(ws, inbox)
        return Done(ws.mode)


def _accept(inbox: Inbox) -> Server:
    ws = Server.accept(
        request.environ,
        ping_interval=current_state().settings.appointment_ping.total_seconds(),
        max_message_size=LONGEST,
        thread_class=partial(threading.Thread, daemon=True),
        event_class=lambda: inbox.event,
    )
    ws.input_buffer = deque(maxlen=0)
    ws.sock.settimeout(SEND_TIMEOUT)
    inbox.sock = ws.sock
    return ws


def _serve(ws: Server, inbox: Inbox) -> None:
    while ws.connected:
        inbox.event.wait(ws.ping_interval)
        inbox.event.clear()
        while inbox.waiting:
            ws.send(json.dumps(inbox.waiting.popleft(), ensure_ascii=False))


def _refuse(ws: Server, document: Document, error: Exception) -> None:
    """Say why in the document's envelope, then close."""
    reply = document.envelope.error(error)
    ws.send(json.dumps(reply, ensure_ascii=False))
    ws.close(REFUSED if isinstance(error, ServiceError) else FAULT, reply["error_msg"])


class Done(Response):
    """What a view answers when its connection has been a WebSocket: nothing more may be written to it.  Each server
    has its own way to be told.
    """

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.mode == "werkzeug":
            raise ConnectionError
        if self.mode == "gunicorn":
            raise StopIteration
        return []


def attach(socketio: SocketIO) -> None:
    """Serve Socket.IO clients as well: event ``signin-notify`` in the namespace ``/ws/signin-notify``.

    Done at the mount with the ``SocketIO`` that the application then has; call it for one that is made later.
    """
    from .socketio import SigninNotify

    socketio.on_namespace(SigninNotify("/ws/signin-notify", signin.CHANNEL))


def attach_at_mount(setup: BlueprintSetupState) -> None:
    """Attach to the host's ``SocketIO``, if it has one."""
    socketio = setup.app.extensions.get("socketio")
    if socketio is not None:
        attach(socketio)
