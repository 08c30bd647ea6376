"""What the tests of codes share."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import sqlalchemy as sa
from flask import Flask

from wxservices import db, sms
from wxservices.models.common import SmsCode

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
PHONE = "13800138000"
MINE = {"service": "traffic", "purpose": "book", "phone": PHONE}


class Recorder:
    """A host's own sender, which remembers what it was told, or fails as it was told."""

    def __init__(self) -> None:
        self.messages: list[sms.Message] = []
        self.failure: BaseException | None = None

    def send(self, message: sms.Message) -> None:
        self.messages.append(message)
        if self.failure:
            raise self.failure


def send(address: str = "192.0.2.1", **what: str) -> str:
    return sms.send_code(**MINE | what, address=address).code


def check(code: str, **what: str) -> int:
    return sms.check_code(**MINE | what, code=code)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def rows() -> list[sa.Row]:
    return list(db.Query(sa.select(*SmsCode.__table__.c)).all())


def change_settings(app: Flask, **settings: object) -> None:
    """Change the settings in force."""
    state = app.extensions["wxservices"]
    state._settings = replace(state.settings, **settings)
