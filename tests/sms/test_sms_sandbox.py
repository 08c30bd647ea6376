from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
import time_machine
from flask import Flask

from wxservices import db, sms
from wxservices.models.common import SandboxSms
from wxservices.sms import sandbox

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def send(phone: str) -> str:
    return sms.send_code(service="traffic", purpose="book", phone=phone, address="192.0.2.1").code


def test_codes_can_be_read_newest_first(app: Flask) -> None:
    assert sandbox.recent() == []
    with time_machine.travel(NOON, tick=False):
        first, second = send("13800138000"), send("13800138001")
        assert sms.check_code(service="traffic", purpose="book", phone="13800138000", code=first)
    common = {"service": "traffic", "purpose": "book", "expires_at": "2026-11-20T04:05:00+00:00"}
    assert sandbox.recent() == [
        {"phone": "13800138001", "code": second, **common},
        {"phone": "13800138000", "code": first, **common},
    ]
    assert sandbox.recent("13800138000") == [{"phone": "13800138000", "code": first, **common}]
    assert sandbox.recent("13900139000") == []


def test_codes_stand_in_the_log_as_warnings(app: Flask, caplog) -> None:
    caplog.clear()
    code = send("13800138000")
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert code in record.getMessage()
    assert "138****8000" in record.getMessage()
    assert "13800138000" not in caplog.text


def test_the_newest_are_kept_and_the_oldest_go(app: Flask) -> None:
    sender = sandbox.Sandbox()

    def fill(numbers: range) -> None:
        for number in numbers:
            sender.send(
                sms.Message(phone="13800138000", service="s", purpose="p", code=f"{number:06}", expires_at=NOON)
            )

    fill(range(99))
    row = {"phone": "13800138000", "service": "s", "purpose": "p", "code": "0", "expires_at": NOON}
    with db.transaction() as session:
        session.execute(sa.insert(SandboxSms), [row] * 400)
    fill(range(100, 110))
    kept = [message["code"] for message in sandbox.recent()]
    assert len(kept) == sandbox.KEPT == 500
    assert kept[:10] == [f"{number:06}" for number in range(109, 99, -1)]
    assert kept[-1] == "000009"
