"""Notices: small JSON objects that reach whoever listens at the moment, in every process, and are then forgotten.

With ``WXSERVICES_MESSAGE_QUEUE`` they go through Redis' publish/subscribe, and every process hands what it hears to its
own listeners; without it, a notice reaches the listeners of the process that published it.  Who publishes waits for
nobody: a receiver must not block, and Redis has half a second.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from flask import current_app

from . import db
from .errors import ConfigurationError
from .state import current_state

log = logging.getLogger(__name__)

Notice = Mapping[str, Any]
Receiver = Callable[[Notice], object]

PUBLISH_TIMEOUT = 0.5
"""Seconds that publishing waits for Redis, to connect and to answer."""

SUBSCRIBE_TIMEOUT = 2.0
"""Seconds that a listener's arrival waits until Redis has this process among its subscribers."""

RETRY = 0.5
"""Seconds between attempts to reach Redis again."""


def channel(name: str) -> Channel:
    """This application's channel of that name."""
    parts = current_state().parts
    key = f"notices {name}"
    return cast(Channel, parts.get(key) or parts.setdefault(key, _make(name)))


def _make(name: str) -> Channel:
    url = current_state().settings.message_queue
    if not url:
        return Channel()
    # Redis' channels are everybody's: applications with another secret key neither hear nor disturb each other.
    secret = current_app.config["SECRET_KEY"]
    key = secret if isinstance(secret, bytes) else str(secret).encode()
    own = hmac.new(key, b"wxservices notices", hashlib.sha256).hexdigest()[:16]
    return RedisChannel(url, f"wxservices:{own}:{name}")


class Channel:
    """Notices within this process."""

    def __init__(self) -> None:
        self._receivers: list[Receiver] = []
        self._lock = threading.Lock()

    def publish(self, notice: Notice) -> None:
        """Send *notice* to everyone who listens."""
        self.deliver(notice)

    def deliver(self, notice: Notice) -> None:
        """Hand *notice* to the receivers in this process, which all get all notices in the same order."""
        with self._lock:
            for receiver in self._receivers:
                try:
                    receiver(notice)
                except Exception:
                    log.exception("A receiver of notices failed")

    def add(self, receiver: Receiver) -> None:
        """Let *receiver* hear from now on; once, however often it is added."""
        with self._lock:
            if receiver not in self._receivers:
                self._receivers.append(receiver)

    def remove(self, receiver: Receiver) -> None:
        """Let *receiver* hear no more."""
        with self._lock:
            if receiver in self._receivers:
                self._receivers.remove(receiver)

    @contextmanager
    def listening(self, receiver: Receiver) -> Iterator[None]:
        """Let *receiver* hear as long as the block runs."""
        self.add(receiver)
        try:
            yield
        finally:
            self.remove(receiver)

    def close(self) -> None:
        """End what runs in the background."""


class RedisChannel(Channel):
    """Notices through Redis.  The thread that listens to it is started by the first receiver, and never gives up."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__()
        self._name = name
        self._publisher = _client(url, PUBLISH_TIMEOUT)
        self._subscriber = _client(url, SUBSCRIBE_TIMEOUT)
        self._subscribed = threading.Event()
        self._closed = threading.Event()
        self._lost = False
        self._thread: threading.Thread | None = None

    def publish(self, notice: Notice) -> None:
        from redis import RedisError

        db.outside_transaction("Publishing a notice")
        try:
            self._publisher.publish(self._name, json.dumps(notice))
        except RedisError as error:
            log.warning("A notice is lost, Redis is out of reach: %s", error)

    def add(self, receiver: Receiver) -> None:
        super().add(receiver)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="wxservices-notices", daemon=True)
                self._thread.start()
        self._subscribed.wait(SUBSCRIBE_TIMEOUT)

    def close(self) -> None:
        self._closed.set()
        if self._thread is not None:
            self._thread.join()
        self._publisher.close()
        self._subscriber.close()

    def _listen(self) -> None:
        from redis import RedisError

        while not self._closed.is_set():
            try:
                with self._subscriber.pubsub() as subscription:
                    subscription.subscribe(self._name)
                    while not self._closed.is_set():
                        self._hear(subscription.get_message(timeout=1.0))
            except (RedisError, OSError) as error:
                if not self._lost:
                    log.warning("Notices stop until Redis is back: %s", error)
                self._lost = True
            except Exception:
                log.exception("Listening for notices failed")
            self._subscribed.clear()
            self._closed.wait(RETRY)

    def _hear(self, message: dict[str, Any] | None) -> None:
        if message is None:
            return
        if message["type"] == "subscribe":
            if self._lost:
                log.warning("Notices are back: Redis answers.")
            self._lost = False
            self._subscribed.set()
        elif message["type"] == "message":
            try:
                notice = json.loads(message["data"])
            except ValueError:
                log.warning("What came through Redis is no notice")
                return
            self.deliver(notice)


def _client(url: str, timeout: float) -> Any:
    """A client that never tries twice by itself, and notices within seconds that the other end is gone."""
    try:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError as error:
        raise ConfigurationError("WXSERVICES_MESSAGE_QUEUE needs the extra wxservices[redis].") from error
    keepalive = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 2}
    options: dict[str, Any] = {}
    if not url.startswith("unix:"):
        known = {getattr(socket, name): value for name, value in keepalive.items() if hasattr(socket, name)}
        options = {"socket_keepalive": True, "socket_keepalive_options": known}
    return redis.Redis.from_url(
        url, socket_connect_timeout=timeout, socket_timeout=timeout, retry=Retry(NoBackoff(), 0), **options
    )
