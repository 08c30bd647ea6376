"""The contract's messages: what fits is understood, what does not is dropped whole."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from flask import Flask

from wxservices import clock
from wxservices.piles import Alarm, Finished, PlugStatus, Progress, Refused, Started, Status, Swiped, messages

KINDS = ["state", "plug", "command", "ack", "event", "heard"]
DOCS = Path(__file__).parents[2] / "docs" / "piles.md"
AT = 1574425911905
OF = {"msg_id": "m1", "plug": "01", "order_no": "201911210000000001", "at": AT}


def read(topic: str, said: Any) -> Any:
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    return messages.read("piles", f"piles/{topic}", payload)


@pytest.mark.parametrize("kind", KINDS)
def test_the_schemas_are_schemas(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(messages.schema(kind))


@pytest.mark.parametrize(
    ("topic", "said", "kind"),
    [
        ("A1/state", {"state": "online", "session": AT, "at": AT}, Status),
        ("A1/state", {"state": "lost", "session": AT}, Status),
        ("A1/plug/01", {"status": 2, "at": AT}, PlugStatus),
        ("A1/ack", {**OF, "result": "accepted"}, Started),
        ("A1/ack", {**OF, "result": "refused", "reason": "门开着"}, Refused),
        ("A1/event", {**OF, "type": "progress", "seconds": 5}, Progress),
        ("A1/event", {**OF, "type": "finished", "seconds": 5, "energy": 3, "new": True}, Finished),
        ("A1/event", {"msg_id": "x", "type": "swiped", "plug": "02", "card_no": "34345799", "at": AT}, Swiped),
        ("A1/event", {"msg_id": "x", "type": "alarm", "code": "smoke", "at": AT}, Alarm),
    ],
)
def test_what_fits_is_understood(app: Flask, topic: str, said: dict[str, Any], kind: type) -> None:
    event, msg_id = read(topic, said)
    assert type(event) is kind
    assert event.device_no == "A1"
    assert msg_id == (said["msg_id"] if topic.endswith("event") else "")


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("A1/state", b""),
        ("A1/state", b"\xff\xfe"),
        ("A1/state", b"[" * 5000),
        ("A1/state", b" " * 5000 + b"{}"),
        ("A1/state", []),
        ("A1/state", {"state": "online", "session": AT}),
        ("A1/state", {"state": "gone", "session": AT, "at": AT}),
        ("A1/state", {"state": "online", "session": "1", "at": AT}),
        ("A1/plug/1", {"status": 0, "at": AT}),
        ("A1/plug/01", {"status": 3, "at": AT}),
        ("A1/plug/01", {"status": True, "at": AT}),
        ("A1/plug/01", {"status": 0, "at": AT * 1000}),
        ("A1/ack", {**OF, "result": "maybe"}),
        ("A1/event", {**OF, "type": "finished"}),
        ("A1/event", {**OF, "type": "finished", "seconds": -1}),
        ("A1/event", {**OF, "type": "finished", "seconds": 10**9}),
        ("A1/event", {**OF, "type": "swiped", "card_no": "'; --"}),
        ("A1/event", {**OF, "type": "swiped", "card_no": "1", "fen": 0}),
        ("A1/other", {"at": AT}),
        ("A/1/state", {"state": "lost", "session": AT}),
        ("A 1/state", {"state": "lost", "session": AT}),
    ],
)
def test_what_does_not_fit_is_dropped(app: Flask, topic: str, said: Any) -> None:
    with pytest.raises(messages.BadMessage):
        read(topic, said)


def test_a_clock_that_is_ahead_is_not_believed(app: Flask) -> None:
    soon = messages.milliseconds(clock.now() + timedelta(minutes=4))
    late = messages.milliseconds(clock.now() + timedelta(minutes=6))
    assert read("A1/plug/01", {"status": 0, "at": soon})
    with pytest.raises(messages.BadMessage, match="ahead"):
        read("A1/plug/01", {"status": 0, "at": late})


def test_the_examples_of_the_page_are_as_the_schemas_have_them() -> None:
    examples = re.findall(r"^```json (\w+)\n(.*?)^```", DOCS.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert {kind for kind, _ in examples} == set(KINDS)
    for kind, text in examples:
        for line in text.splitlines():
            messages.parse(kind, line.encode())
