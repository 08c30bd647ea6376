"""``flask wxservices appointment …``"""

from __future__ import annotations

import json
import queue

import click
from flask import url_for
from flask.cli import AppGroup

from ..errors import ConfigurationError
from ..notices import Notice
from ..services.appointment import booking, signin
from ..state import current_state

PORT = 5000
"""Where `flask run` listens."""

appointment = AppGroup("appointment", help="Operate the appointments.")


@appointment.command()
@click.argument("appointment_id", type=click.IntRange(min=1))
def cancel(appointment_id: int) -> None:
    """Cancel the appointment APPOINTMENT_ID and free its place."""
    booking.revoke(appointment_id=appointment_id)
    click.echo(f"{appointment_id}: cancelled.")


@appointment.command()
@click.argument("appointment_id", type=click.IntRange(min=1))
def sign_in(appointment_id: int) -> None:
    """Note that who has the appointment APPOINTMENT_ID is there, and tell who listens.

    Without WXSERVICES_MESSAGE_QUEUE the notice does not leave this process.
    """
    signin.sign_in(appointment_id=appointment_id)
    click.echo(f"{appointment_id}: signed in.")


@appointment.command()
@click.option("--url", help=f"The server's WebSocket.  [default: at port {PORT} of this machine]")
@click.option("--count", type=click.IntRange(min=1), help="End after so many notices.")
def tail(url: str | None, count: int | None) -> None:
    """Print the notices as they come, one JSON object a line, until interrupted.

    They come from WXSERVICES_MESSAGE_QUEUE; where that is not set, or with --url, from a server's WebSocket, with
    WXSERVICES_ADMIN_TOKEN.
    """
    if current_state().settings.message_queue and not url:
        _tail_channel(count)
    else:
        _tail_server(url or _url(), count)


def _tail_channel(count: int | None) -> None:
    notices: queue.SimpleQueue[Notice] = queue.SimpleQueue()
    channel = signin.channel()
    with channel.listening(notices.put):
        click.echo("Listening to the message queue.", err=True)
        while count != 0:
            click.echo(json.dumps(notices.get(), ensure_ascii=False))
            count = count and count - 1
    channel.close()


def _tail_server(url: str, count: int | None) -> None:
    from simple_websocket import Client, ConnectionClosed
    from simple_websocket.errors import SimpleWebsocketError

    class Tail(Client):  # type: ignore[misc]
        """A notice that comes in one packet with the end of the handshake would stay unread until the next ping."""

        def handshake(self) -> None:
            super().handshake()
            self._handle_events()
            self.connected = True  # if that was the end, the reading thread finds out

    token = current_state().settings.admin_token
    try:
        ws = Tail.connect(url, headers={"Authorization": f"Bearer {token}"})
    except (OSError, SimpleWebsocketError) as error:
        raise click.ClickException(f"{url}: {error or 'no WebSocket'}") from error
    click.echo(f"Listening to {url}.", err=True)
    try:
        while count != 0:
            click.echo(ws.receive())
            count = count and count - 1
        ws.close()
    except ConnectionClosed as error:
        raise click.ClickException(f"{url}: closed with {error.reason} {error.message or ''}") from error


def _url() -> str:
    from flask import current_app

    if not current_state().settings.admin_token:
        raise ConfigurationError("tail needs WXSERVICES_MESSAGE_QUEUE, or WXSERVICES_ADMIN_TOKEN to ask a server.")
    with current_app.test_request_context(base_url=f"http://127.0.0.1:{PORT}/"):
        return url_for("appointment.ws_signin-notify", _external=True, _scheme="ws")
