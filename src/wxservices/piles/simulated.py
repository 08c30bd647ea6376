"""Piles that are not there: they have their state in the data base, answer as devices do, and misbehave if told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from .. import clock, db
from ..errors import NotFound
from ..models.charging import Simulated
from .driver import tell
from .events import Finished, PlugStatus, Refused, Started, Status, Swiped

ANSWERS = ("accept", "refuse", "silent")
FREE, TAKEN, FAULTY = 0, 1, 2

_one = db.Query(sa.select(Simulated.answer, Simulated.plugs).where(Simulated.device_no == sa.bindparam("device")))
_running = db.Query(sa.select(Simulated.device_no, Simulated.plugs))
_lock = sa.update(Simulated).where(Simulated.device_no == sa.bindparam("device")).values(answer=Simulated.answer)
_keep = (
    sa.update(Simulated)
    .where(Simulated.device_no == sa.bindparam("device"))
    .values(plugs=sa.bindparam("now_at", type_=sa.JSON))
)


class SimulatedDriver:
    """Answers at once, in the process that asks."""

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
        now = clock.now()
        about: dict[str, Any] = {"device_no": device_no, "plug_no": plug_no, "order_no": order_no, "at": now}
        pile = _one.first(device=device_no)
        if pile is None or pile.answer == "silent" or expires_at <= now:
            return
        if pile.answer == "refuse":
            tell(Refused(**about, reason="refused by hand"))
            return
        _put(device_no, plug_no, {"order_no": order_no, "since": now.isoformat(), "limit": seconds})
        tell(Started(**about))
        tell(PlugStatus(device_no=device_no, plug_no=plug_no, status=TAKEN, at=now))

    def stop(self, *, device_no: str, plug_no: str, order_no: str) -> None:
        pile = _one.first(device=device_no)
        if pile is None or pile.answer == "silent":
            return
        if pile.plugs.get(plug_no, {}).get("order_no") == order_no:
            finish(order_no, ran=True, reason="stopped")

    def query(self, *, device_no: str) -> None:
        """There is nothing to tell: what happens to a simulated pile is told at once."""


def place(device_no: str) -> bool:
    """Put a pile there.  Answers whether it is new."""
    with db.transaction():
        return db.insert_once(Simulated, {"device_no": device_no, "answer": "accept", "plugs": {}})


def behave(device_no: str, answer: str) -> None:
    """Let a pile answer start commands so from now on: one of :data:`ANSWERS`.  One that was not there is put there."""
    place(device_no)
    with db.transaction():
        db.changed(sa.update(Simulated).where(Simulated.device_no == device_no).values(answer=answer))


def connect(device_no: str, online: bool) -> None:
    """Let a pile come, or go without a word (what runs at it goes on)."""
    place(device_no)
    tell(Status(device_no=device_no, online=online, at=clock.now()))


def set_plug(device_no: str, plug_no: str, status: int) -> None:
    """Let a pile say that of a plug."""
    place(device_no)
    tell(PlugStatus(device_no=device_no, plug_no=plug_no, status=status, at=clock.now()))


def finish(order_no: str, *, seconds: int | None = None, ran: bool = False, reason: str = "full") -> None:
    """Let the pile where *order_no* charges say that it is over.

    :param seconds: how long it ran; default: as long as was bought, or, with *ran*, since it began.
    :raises NotFound: it charges nowhere.
    """
    now = clock.now()
    for pile in _running.all():
        for plug_no, session in pile.plugs.items():
            if session["order_no"] == order_no:
                since = int((now - datetime.fromisoformat(session["since"])).total_seconds())
                if seconds is None:
                    seconds = since if ran or session["limit"] is None else session["limit"]
                _put(pile.device_no, plug_no, None)
                at_plug: dict[str, Any] = {"device_no": pile.device_no, "plug_no": plug_no, "at": now}
                tell(Finished(**at_plug, order_no=order_no, seconds=seconds, reason=reason))
                tell(PlugStatus(**at_plug, status=FREE))
                return
    raise NotFound(f"{order_no} charges at no simulated pile")


def swipe(device_no: str, plug_no: str, card_no: str, fen: int | None = None, msg_id: str = "") -> None:
    """Hold a card to a pile.  *fen*: what the rider chooses to spend."""
    now = clock.now()
    msg_id = msg_id or f"{card_no}-{int(now.timestamp() * 1000)}"
    tell(Swiped(device_no=device_no, plug_no=plug_no, card_no=card_no, msg_id=msg_id, fen=fen, at=now))


def _put(device_no: str, plug_no: str, session: dict[str, Any] | None) -> None:
    with db.transaction():
        db.changed(_lock, {"device": device_no})  # what is read now is read under the row's lock
        rows = db.execute(sa.select(Simulated.plugs).where(Simulated.device_no == device_no).with_for_update())
        plugs = {no: other for no, other in rows.scalar_one().items() if no != plug_no}
        if session is not None:
            plugs[plug_no] = session
        db.changed(_keep, {"device": device_no, "now_at": plugs})
