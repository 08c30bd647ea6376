"""Demo data of ``charging`` beside ``demo/charging.yaml``: how the piles are, a rider, and 98 orders like the
document's example.  All of it is invented.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ... import clock, db
from ...models.charging import Card, Order, User
from ...piles import simulated
from ...state import current_state
from . import orders
from .people import _by_phone

PHONE, NAME = "13800138000", "demo"
CARDS = ("34345799", "34345800")
PILE, OFFLINE = "014441AC53", "014441AC54"
CARD = "2577522B"

EXAMPLE: list[tuple[str, str, int, int, int, str, str]] = [
    ("201912040000000352", "02", 1, 101, 0, "", ""),
    ("201912040000000351", "01", 1, 101, 2, "2019-12-04T11:07", "2019-12-04T19:37"),
    ("014441AC531575425911905", "06", 2, 100, 2, "", "2019-12-04T10:48"),
    ("014441AC531575424634672", "05", 2, 100, 2, "", ""),
    ("201912030000000347", "05", 1, 101, 2, "", ""),
    ("201912030000000346", "04", 1, 101, 0, "", ""),
    ("201912030000000345", "05", 1, 101, 0, "", ""),
    ("201912030000000344", "03", 1, 101, 2, "", ""),
    ("201912030000000342", "02", 1, 101, 0, "", ""),
    ("201912030000000340", "03", 1, 101, 0, "", ""),
]
"""The document's list: number, plug, tag, fen, cmdStatus, start, end (Beijing time)."""
TOTAL = 98


def load() -> None:
    """Make what is not there yet.  What piles and people have done since stays."""
    if current_state().settings.charging_gateway == "simulated":
        for device_no, online in ((PILE, True), (OFFLINE, False)):
            if simulated.place(device_no):
                simulated.connect(device_no, online)
                if online:
                    simulated.set_plug(device_no, "09", simulated.TAKEN)
                    simulated.set_plug(device_no, "10", simulated.FAULTY)
    if _by_phone.first(phone=PHONE) is not None:
        return
    with db.transaction():
        user = {"phone": PHONE, "wxname": NAME, "balance": 0, "orders": TOTAL, "created_at": clock.now()}
        user_id = db.insert(User, user)
        db.changed(sa.update(Card).where(Card.card_no.in_(CARDS), Card.user_id.is_(None)).values(user_id=user_id))
        db.execute(sa.insert(Order), [_row(user_id, TOTAL - index, *one) for index, one in enumerate(_all())])


def _all() -> list[tuple[str, str, int, int, int, str, str]]:
    """The example's ten and, before them, a day of each number below."""
    older = []
    for number in range(TOTAL - len(EXAMPLE), 0, -1):
        start = datetime(2019, 9, 5, 8, 0, tzinfo=UTC) + timedelta(days=number)
        end = start + timedelta(hours=2 + number % 7, minutes=number % 60)
        day = f"{start:%Y%m%d}"
        older.append(
            (
                f"{day}{number:010}",
                f"{number % 8 + 1:02}",
                1,
                101,
                2,
                f"{start:%Y-%m-%dT%H:%M}",
                f"{end:%Y-%m-%dT%H:%M}",
            )
        )
    return [*EXAMPLE, *older]


def _row(user_id: int, seq: int, *one: Any) -> dict[str, Any]:
    number, plug, tag, fen, cmd_status, start, end = one
    zone = current_state().settings.timezone
    started, ended = (datetime.fromisoformat(text).replace(tzinfo=zone) if text else None for text in (start, end))
    return {
        "order_no": number,
        "user_id": user_id,
        "user_seq": seq,
        "device_no": PILE,
        "plug_no": plug,
        "card_no": CARD if tag == orders.CARD else None,
        "tag": tag,
        "state": "finished" if cmd_status else "released",
        "cmd_status": cmd_status,
        "amount": fen,
        "held_until": None,
        "started_at": started,
        "ended_at": ended,
        "ends_by": None,
        "seconds": int((ended - started).total_seconds()) if started and ended else 0,
        "energy": 0,
        "cost": fen if cmd_status else None,
        "created_at": ended or datetime(2019, 12, 3, tzinfo=UTC),
        "next_try": None,
    }
