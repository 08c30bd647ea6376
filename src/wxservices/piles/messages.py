"""The MQTT contract's messages: JSON as in ``schemas/*.json``, which are what is checked here, against events.

What does not fit is :class:`BadMessage`: it is dropped, and nothing of it is believed.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from .. import clock
from .events import Alarm, Event, Finished, PlugStatus, Progress, Refused, Started, Status, Swiped

LONGEST = 4096
"""Bytes of a message."""
AHEAD = timedelta(minutes=5)
"""So far a device's clock may be ahead of ours."""

_topic = re.compile(r"(?P<device>[0-9A-Za-z_-]{1,32})/(?:(?P<kind>state|ack|event)|plug/(?P<plug>[0-9]{2}))")


class BadMessage(Exception):
    """``str()`` says what is wrong, without what was sent."""


def topics(prefix: str) -> list[str]:
    """What the gateway subscribes to."""
    return [f"{prefix}/+/{rest}" for rest in ("state", "plug/+", "ack", "event")]


def read(prefix: str, topic: str, payload: bytes) -> tuple[Event, str]:
    """What a device says, and the ``msg_id`` of an event that it wants to know heard (else ``""``).

    :raises BadMessage: it is no message of the contract.
    """
    match = _topic.fullmatch(topic.removeprefix(f"{prefix}/"))
    if match is None:
        raise BadMessage("an unknown topic")
    kind = match["kind"] or "plug"
    said = parse(kind, payload)
    about: dict[str, Any] = {"device_no": match["device"], "at": _at(said)}
    if kind == "state":
        return Status(**about, online=said["state"] == "online", session=said["session"]), ""
    if kind == "plug":
        return PlugStatus(**about, plug_no=match["plug"], status=said["status"]), ""
    if kind == "ack":
        of_order = {**about, "plug_no": said["plug"], "order_no": said["order_no"]}
        if said["result"] == "accepted":
            return Started(**of_order), ""
        return Refused(**of_order, reason=said.get("reason", "")), ""
    return _event(about, said), said["msg_id"]


def _event(about: dict[str, Any], said: dict[str, Any]) -> Event:
    if said["type"] == "alarm":
        return Alarm(**about, code=said["code"], plug_no=said.get("plug", ""), text=said.get("text", ""))
    about["plug_no"] = said["plug"]
    if said["type"] == "swiped":
        return Swiped(**about, card_no=said["card_no"], msg_id=said["msg_id"], fen=said.get("fen"))
    about |= {"order_no": said["order_no"], "seconds": said["seconds"], "energy": said.get("energy", 0)}
    if said["type"] == "progress":
        return Progress(**about)
    return Finished(**about, reason=said.get("reason", ""))


def parse(kind: str, payload: bytes) -> dict[str, Any]:
    """*payload* as the schema *kind* has it.

    :raises BadMessage: it does not.
    """
    if len(payload) > LONGEST:
        raise BadMessage("too long")
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        raise BadMessage("no JSON") from None
    fault = next(_validator(kind).iter_errors(said), None)
    if fault is not None:
        raise BadMessage(f"{'.'.join(map(str, fault.absolute_path)) or kind} is not as in {kind}.json")
    return dict(said)


def schema(kind: str) -> dict[str, Any]:
    """The JSON schema of ``state``, ``plug``, ``command``, ``ack``, ``event`` or ``heard``."""
    text = resources.files(__package__).joinpath("schemas", f"{kind}.json").read_text("utf-8")
    return dict(json.loads(text))


@cache
def _validator(kind: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema(kind))


def _at(said: dict[str, Any]) -> datetime:
    at = datetime.fromtimestamp(said.get("at", said.get("session", 0)) / 1000, UTC)
    if at > clock.now() + AHEAD:
        raise BadMessage("a clock that is ahead")
    return at


def milliseconds(at: datetime) -> int:
    """*at* as messages have it."""
    return int(at.timestamp() * 1000)
