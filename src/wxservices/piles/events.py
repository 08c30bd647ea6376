"""What a pile tells.

``at`` is the pile's own clock (aware); ``seconds`` and ``energy`` (0.01 kWh) count from the start of the session;
``plug_no`` is ``"01"`` and so on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Event:
    device_no: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Status(Event):
    """It is there, or not.  ``session``: which of its connections says so; a later one has a greater number.  None:
    there is no heartbeat to miss.
    """

    online: bool
    session: int | None = None


@dataclass(frozen=True, kw_only=True)
class PlugStatus(Event):
    """``status``: 0 free, 1 taken, 2 faulty."""

    plug_no: str
    status: int


@dataclass(frozen=True, kw_only=True)
class _OfOrder(Event):
    plug_no: str
    order_no: str


@dataclass(frozen=True, kw_only=True)
class Started(_OfOrder):
    """It took the start command."""


@dataclass(frozen=True, kw_only=True)
class Refused(_OfOrder):
    """It did not take the start command."""

    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Progress(_OfOrder):
    seconds: int
    energy: int = 0


@dataclass(frozen=True, kw_only=True)
class Finished(_OfOrder):
    """The session is over, by itself or because it was told.  May be told again, until it is known to be heard."""

    seconds: int
    energy: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Swiped(Event):
    """A card was held to it for a plug.  ``msg_id`` is the same when it is told again; ``fen``: what the rider chose
    to spend, None where the tariff says it.
    """

    plug_no: str
    card_no: str
    msg_id: str
    fen: int | None = None


@dataclass(frozen=True, kw_only=True)
class Alarm(Event):
    """Something is wrong there.  ``plug_no`` is ``""`` where it is the pile itself."""

    code: str
    plug_no: str = ""
    text: str = ""
