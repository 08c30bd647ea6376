"""The sandbox's sender: codes go to the log and into a table, from which a command prints them."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from .. import db, masking
from ..models.common import SandboxSms
from .message import Message

log = logging.getLogger(__name__)

KEPT = 500
"""Messages that are kept; older ones go as new ones come."""

_newest = (
    sa.select(SandboxSms.phone, SandboxSms.service, SandboxSms.purpose, SandboxSms.code, SandboxSms.expires_at)
    .order_by(SandboxSms.id.desc())
    .limit(KEPT)
)
_all = db.Query(_newest)
_of_phone = db.Query(_newest.where(SandboxSms.phone == sa.bindparam("the_phone")))
_first_to_go = db.Query(sa.select(SandboxSms.id).order_by(SandboxSms.id.desc()).limit(1).offset(KEPT))


class Sandbox:
    """Sends nothing."""

    def send(self, message: Message) -> None:
        log.warning(
            "SMS sandbox: the code for %s (%s, %s) is %s",
            masking.phone(message.phone),
            message.service,
            message.purpose,
            message.code,
        )
        with db.transaction():
            db.insert(SandboxSms, asdict(message))
        oldest = _first_to_go.scalar()
        if oldest is not None:
            with db.transaction():
                db.changed(sa.delete(SandboxSms).where(SandboxSms.id <= oldest))


def recent(phone: str | None = None) -> list[dict[str, Any]]:
    """The messages that are kept, newest first, of all phones or of *phone*:
    ``{"phone", "service", "purpose", "code", "expires_at"}``, all text, the last ISO 8601 in UTC.
    """
    rows = _all.all() if phone is None else _of_phone.all(the_phone=phone)
    return [{**row._mapping, "expires_at": row.expires_at.isoformat(timespec="seconds")} for row in rows]
