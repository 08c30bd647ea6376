"""The Socket.IO side of ``appointment``: a namespace on the host's server.

Each process hears of notices by itself, so each emits to its own clients alone, even where the host's Socket.IO has a
message queue: a client gets a notice once.
"""

from __future__ import annotations

from typing import Any

from flask_socketio import ConnectionRefusedError, Namespace, join_room

from ...errors import ServiceError
from ...notices import Notice
from ...services.appointment import signin
from ..document import report
from .live import BACKLOG, check_admin

ADMINS = "admins"
"""The room of those who were let in.  A client is in the namespace before it has shown its token."""


class SigninNotify(Namespace):  # type: ignore[misc]
    """:param event: the name under which clients get notices."""

    def __init__(self, namespace: str, event: str) -> None:
        super().__init__(namespace)
        self.event = event

    def on_connect(self, auth: Any = None) -> None:
        try:
            check_admin(auth.get("token") if isinstance(auth, dict) else None)
        except ServiceError as error:
            report(error)
            raise ConnectionRefusedError(error.message) from None
        signin.channel().add(self.deliver)
        join_room(ADMINS)

    def deliver(self, notice: Notice) -> None:
        """Queue *notice* for the clients of this process; one that does not take its notices is dropped."""
        server = self.socketio.server
        for _, connection in list(server.manager.get_participants(self.namespace, ADMINS)):
            client = server.eio.sockets.get(connection)
            if client is not None and client.queue.qsize() > BACKLOG:
                client.close(wait=False, abort=True)
        self.socketio.emit(self.event, dict(notice), namespace=self.namespace, to=ADMINS, ignore_queue=True)
