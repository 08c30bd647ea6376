"""Notices: to every listener, once, in order, within a process and, through Redis, across processes."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from apps import make_app
from servers import RedisServer, redis_server, until
from wxservices import db, notices
from wxservices.errors import ConfigurationError
from wxservices.notices import Channel, RedisChannel


class Listener:
    def __init__(self) -> None:
        self.heard: list[int] = []

    def __call__(self, notice: Any) -> None:
        self.heard.append(notice["n"])


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@contextmanager
def channels(url: str, *secrets: str) -> Iterator[list[Channel]]:
    """One channel for each of *secrets*, each in an application of its own as another process would have it."""
    found = []
    for secret in secrets:
        app = make_app("sqlite://", SECRET_KEY=secret, WXSERVICES_MESSAGE_QUEUE=url)
        with app.app_context():
            found.append(notices.channel("test"))
    try:
        yield found
    finally:
        for channel in found:
            channel.close()


def publish(channel: Channel, *numbers: int) -> None:
    with make_app("sqlite://").app_context():
        for number in numbers:
            channel.publish({"n": number})


# Within a process


def test_each_listener_gets_each_notice_once_and_in_order() -> None:
    channel, one, other = Channel(), Listener(), Listener()
    channel.add(one)
    channel.add(one)
    with channel.listening(other):
        publish(channel, 1, 2)
    publish(channel, 3)
    assert (one.heard, other.heard) == ([1, 2, 3], [1, 2])
    channel.remove(one)
    channel.remove(one)
    publish(channel, 4)
    assert one.heard == [1, 2, 3]


def test_a_listener_that_fails_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    channel, listener = Channel(), Listener()
    channel.add(lambda notice: notice["no such"])
    channel.add(listener)
    publish(channel, 1)
    assert listener.heard == [1]
    assert "A receiver of notices failed" in caplog.text


def test_channels_are_kept_for_an_application_and_a_name() -> None:
    one, other = make_app("sqlite://"), make_app("sqlite://")
    with one.app_context():
        first = notices.channel("a")
        assert notices.channel("a") is first
        assert notices.channel("b") is not first
    with other.app_context():
        assert notices.channel("a") is not first


@pytest.mark.parametrize("url", ["amqp://127.0.0.1", "127.0.0.1:6379", 6379])
def test_a_queue_that_is_no_redis_is_an_error_at_start(url: Any) -> None:
    with pytest.raises(ConfigurationError, match="WXSERVICES_MESSAGE_QUEUE: a URL such as redis://"):
        make_app("sqlite://", WXSERVICES_MESSAGE_QUEUE=url)


# Through Redis


def test_through_redis_it_reaches_the_listeners_of_every_process(redis: RedisServer) -> None:
    with channels(redis.url, "same", "same") as (one, other):
        here, also_here, there = Listener(), Listener(), Listener()
        one.add(here)
        one.add(also_here)
        other.add(there)
        publish(one, *range(100))
        publish(other, *range(100, 200))
        until(lambda: all(len(each.heard) >= 200 for each in (here, also_here, there)), "notices are missing")
        assert here.heard == also_here.heard == there.heard == list(range(200))


def test_applications_with_another_key_do_not_hear_each_other(redis: RedisServer) -> None:
    with channels(redis.url, "same", "another") as (one, other):
        here, there = Listener(), Listener()
        one.add(here)
        other.add(there)
        publish(one, 1)
        publish(other, 2)
        until(lambda: here.heard and there.heard, "notices are missing")
        assert (here.heard, there.heard) == ([1], [2])


def test_nothing_is_published_inside_a_transaction(redis: RedisServer) -> None:
    with channels(redis.url, "same") as (channel,), make_app("sqlite://").app_context():
        with db.transaction(), pytest.raises(RuntimeError, match="inside a data base transaction"):
            channel.publish({"n": 1})
        db.session().close()


def test_redis_goes_away_and_comes_back(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    with channels(redis.url, "same", "same") as (one, other):
        listener = Listener()
        other.add(listener)
        publish(one, 1)
        until(lambda: listener.heard == [1], "the first notice is missing")
        redis.stop()
        begun = time.monotonic()
        publish(one, 2)
        assert time.monotonic() - begun < 2
        assert "A notice is lost" in caplog.text
        until(lambda: "Notices stop" in caplog.text, "nobody noticed")
        redis.start()
        assert isinstance(other, RedisChannel)
        until(other._subscribed.is_set, "the listener is not back")
        publish(one, 3, 4)
        until(lambda: len(listener.heard) == 3, "notices are missing")
        assert listener.heard == [1, 3, 4]
    assert caplog.text.count("Notices stop") == 1
    assert caplog.text.count("Notices are back") == 1


def test_a_listener_may_come_before_redis(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "SUBSCRIBE_TIMEOUT", 0.1)
    redis.stop()
    with channels(redis.url, "same") as (channel,):
        listener = Listener()
        channel.add(listener)
        redis.start()
        assert isinstance(channel, RedisChannel)
        until(channel._subscribed.is_set, "the listener is not there")
        publish(channel, 1)
        until(lambda: listener.heard == [1], "the notice is missing")


def test_a_redis_that_does_not_answer_holds_nobody_up(caplog: pytest.LogCaptureFixture) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    with silent, channels(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", "same") as (channel,):
        begun = time.monotonic()
        publish(channel, 1)
        assert time.monotonic() - begun < 3 * notices.PUBLISH_TIMEOUT
    assert "A notice is lost" in caplog.text


def test_what_is_no_notice_is_passed_over(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    with channels(redis.url, "same") as (channel,), caplog.at_level(logging.WARNING):
        assert isinstance(channel, RedisChannel)
        listener = Listener()
        channel.add(listener)
        channel._publisher.publish(channel._name, b"\xff{")
        publish(channel, 1)
        until(lambda: listener.heard == [1], "the notice is missing")
    assert "no notice" in caplog.text
