"""What charging costs, and how much an amount buys.  All in whole fen, seconds and 0.01 kWh."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from ... import db
from ...errors import NotFound
from ...models.charging import Pile, Tariff

HOUR = 3600
LONGEST = 24 * HOUR
"""No session is longer, whatever was paid."""

_of_pile = db.Query(
    sa.select(Tariff.__table__)
    .join(Pile, Pile.tariff == Tariff.name)
    .where(Pile.device_no == sa.bindparam("device_no"))
)


def of_pile(device_no: str) -> Any:
    """The tariff of a pile.

    :raises NotFound: it has none.
    """
    row = _of_pile.first(device_no=device_no)
    if row is None:
        raise NotFound("该充电桩没有价格")
    return row


def cost(tariff: Any, seconds: int, energy: int) -> int:
    """Fen for so long and so much: the time in units that have begun, each sum rounded up."""
    unit = tariff.unit_minutes * 60
    left = -(-min(seconds, LONGEST) // unit) * unit
    fen_seconds = 0
    for length, rate in _bands(tariff.steps):
        part = min(left, length)
        fen_seconds += part * rate
        left -= part
        if not left:
            break
    return int(-(-fen_seconds // HOUR) - (-energy * tariff.per_kwh // 100))


def limits(tariff: Any, fen: int) -> tuple[int | None, int | None]:
    """What *fen* buys: seconds (in whole units), and 0.01 kWh; None where that costs nothing."""
    seconds = _seconds(tariff, fen) if any(rate for _, rate in _bands(tariff.steps)) else None
    return seconds, fen * 100 // tariff.per_kwh if tariff.per_kwh else None


def _seconds(tariff: Any, fen: int) -> int:
    unit = tariff.unit_minutes * 60
    most = LONGEST // unit
    low, high = 1, max(most, 1)
    while low < high:  # the most units that cost no more; one at least, whoever pays so little
        middle = (low + high + 1) // 2
        if cost(tariff, middle * unit, 0) <= fen:
            low = middle
        else:
            high = middle - 1
    return int(low * unit)


def _bands(steps: list[list[int]]) -> Iterator[tuple[int, int]]:
    for hours, rate in steps:
        yield hours * HOUR or LONGEST, rate
