"""The driver ``mqtt``: publishes commands.  One connection for each process, made at first use; it mends itself."""

from __future__ import annotations

import json
import secrets
import threading
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from .. import clock, db
from ..errors import ConfigurationError, UpstreamSilent
from ..settings import Settings
from ..state import current_state
from .messages import milliseconds

PATIENCE = 3.0
"""Seconds that the broker has to take a command."""
KEEPALIVE = 30
SOON = timedelta(seconds=60)
"""So long a stop or a query counts."""


def client(settings: Settings, client_id: str = "", *, keep: bool = False) -> Any:
    """A client that is not connected yet.

    :param keep: the broker keeps what comes while it is away.
    :raises ConfigurationError: paho-mqtt is not installed.
    """
    try:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion
    except ImportError as error:
        raise ConfigurationError("WXSERVICES_CHARGING_GATEWAY mqtt needs the extra wxservices[mqtt].") from error
    url = urlsplit(settings.charging_mqtt_url)
    made = Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=not keep, manual_ack=keep)
    if url.username:
        made.username_pw_set(unquote(url.username), unquote(url.password or ""))
    if url.scheme == "mqtts":
        made.tls_set(ca_certs=settings.charging_mqtt_ca_file)
    made.connect_timeout = PATIENCE
    made.reconnect_delay_set(1, 10)
    return made


def connect(made: Any, settings: Settings) -> None:
    """Connect, and go on trying in the background whenever the connection is lost.

    :raises OSError: nobody is there.
    """
    url = urlsplit(settings.charging_mqtt_url)
    made.connect(url.hostname, url.port or (8883 if url.scheme == "mqtts" else 1883), keepalive=KEEPALIVE)
    made.loop_start()


class MqttDriver:
    """See :class:`wxservices.piles.Driver`."""

    def __init__(self) -> None:
        self._settings = current_state().settings
        self._client: Any = None
        self._lock = threading.Lock()

    def start(
        self,
        *,
        device_no: str,
        plug_no: str,
        order_no: str,
        seconds: int | None,
        energy: int | None,
        expires_at: datetime,
    ) -> None:
        about = {"plug": plug_no, "order_no": order_no, "seconds": seconds, "energy": energy}
        self._send(device_no, "start", f"{order_no}-start", expires_at, about)

    def stop(self, *, device_no: str, plug_no: str, order_no: str) -> None:
        about = {"plug": plug_no, "order_no": order_no}
        self._send(device_no, "stop", f"{order_no}-stop", clock.now() + SOON, about)

    def query(self, *, device_no: str) -> None:
        self._send(device_no, "query", secrets.token_hex(8), clock.now() + SOON, {})

    def publish(self, device_no: str, name: str, message: dict[str, Any]) -> None:
        """Send *message* to a device, and wait until the broker has it.

        :raises UpstreamSilent: it does not take it.
        """
        db.outside_transaction("Telling a pile")
        topic = f"{self._settings.charging_mqtt_prefix}/{device_no}/{name}"
        try:
            sent = self._connected().publish(topic, json.dumps(message), qos=1)
            sent.wait_for_publish(PATIENCE)
        except (OSError, ValueError, RuntimeError):
            raise UpstreamSilent("充电桩网关不可用") from None
        if not sent.is_published():
            raise UpstreamSilent("充电桩网关不可用")

    def close(self) -> None:
        """End the connection."""
        with self._lock:
            if self._client is not None:
                self._client.disconnect()
                self._client.loop_stop()
                self._client = None

    def _send(self, device_no: str, action: str, msg_id: str, expires_at: datetime, about: dict[str, Any]) -> None:
        message = {"msg_id": msg_id[:64], "action": action, **about, "expires_at": milliseconds(expires_at)}
        self.publish(device_no, "cmd", message)

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                made = client(self._settings)
                connect(made, self._settings)
                self._client = made
            return self._client
