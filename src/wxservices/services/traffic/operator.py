"""What the operator of ``traffic`` loads: the business tree, the slots, the exceptions to the calendar.

::

    traffic:
      businesses:
        - {busiid: "1", businame: 机动车业务, children: [{busiid: "11", businame: 年检, busitips: 请带行驶证}]}
      slots:
        - {busitype: "0", starttime: "0900", endtime: "1000", capacity: 5}
        - {busitype: "0", day: 2026-10-01, starttime: "0900", endtime: "1200", capacity: 2}
      days:
        - {day: 2026-10-11, working: true}

``businesses`` and ``days`` are the whole of it: what is missing is taken away.  A slot is known by type, day and
start; one that is missing stays, ``capacity: 0`` takes it off the list.  A day with slots of its own has no others.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError, validates_schema

from ... import db, fields, workdays
from ...models.traffic import Business, Slot
from ...operator_fields import ClockText, Flag, Rows

SERVICE = "traffic"
BATCH = 200
"""Rows that are written at once."""


class BusinessData(fields.Strict):
    busiid = fields.Text(required=True, max_length=32)
    businame = fields.Text(required=True, max_length=64)
    busitips = fields.Text(max_length=2000, multiline=True, load_default="")
    children = Rows(lambda: BusinessData(), "busiid", load_default=list)  # noqa: PLW0108


class SlotData(fields.Strict):
    busitype = fields.Choice("0", "1", required=True)
    day = fields.DateText("YYYY-MM-DD", load_default=None)
    starttime = ClockText(required=True)
    endtime = ClockText(required=True)
    capacity = fields.Integer(min=0, max=100_000, required=True)

    @validates_schema
    def ends_after_it_starts(self, data: dict[str, Any], **_: Any) -> None:
        if data["endtime"] <= data["starttime"]:
            raise ValidationError("应晚于starttime", "endtime")


class DayData(fields.Strict):
    day = fields.DateText("YYYY-MM-DD", required=True)
    working = Flag(required=True)


class TrafficData(fields.Strict):
    businesses = Rows(BusinessData, "busiid")
    slots = Rows(SlotData, "busitype", "day", "starttime")
    days = Rows(DayData, "day")

    @validates_schema
    def ids_are_unique(self, data: dict[str, Any], **_: Any) -> None:
        if repeated := _repeated(data.get("businesses", []), set()):
            raise ValidationError({"businesses": repeated})


def apply(data: dict[str, Any]) -> Iterator[int]:
    """Create or update what *data* names, in the caller's transaction.  Yields how many things each step did."""
    session = db.session()
    if "businesses" in data:
        rows = list(_flat(data["businesses"], None))
        session.execute(sa.delete(Business))
        if rows:
            session.execute(sa.insert(Business), rows)
        yield len(rows)
    slots = [_slot(**slot) for slot in data.get("slots", [])]
    for start in range(0, len(slots), BATCH):
        batch = slots[start : start + BATCH]
        db.upsert(Slot, ("busitype", "day_key", "starttime"), batch)
        yield len(batch)
    if "days" in data:
        workdays.replace(SERVICE, [(row["day"], row["working"]) for row in data["days"]])
        yield len(data["days"])


def dump() -> dict[str, Any]:
    """Everything that :func:`apply` takes, in its form."""
    businesses: dict[str | None, list[Any]] = {}
    for row in db.Query(sa.select(*Business.__table__.c).order_by(Business.position)).all():
        businesses.setdefault(row.parent_busiid, []).append(row)
    slots = db.Query(sa.select(*Slot.__table__.c).order_by(Slot.busitype, Slot.day_key, Slot.starttime)).all()
    return {
        "businesses": _nested(businesses, None),
        "slots": [
            {
                "busitype": row.busitype,
                **({"day": date.fromisoformat(row.day_key).isoformat()} if row.day_key else {}),
                "starttime": row.starttime,
                "endtime": row.endtime,
                "capacity": row.capacity,
            }
            for row in slots
        ],
        "days": [{"day": day.isoformat(), "working": worked} for day, worked in workdays.exceptions(SERVICE)],
    }


def _slot(*, day: date | None, **rest: Any) -> dict[str, Any]:
    return {"day_key": f"{day:%Y%m%d}" if day else "", **rest}


def _repeated(businesses: list[dict[str, Any]], seen: set[str]) -> dict[int, Any]:
    """Messages, in marshmallow's shape, for each business whose id is elsewhere in the tree already."""
    faults: dict[int, Any] = {}
    for index, business in enumerate(businesses):
        fault: dict[str, Any] = {"busiid": ["与其他业务重复"]} if business["busiid"] in seen else {}
        seen.add(business["busiid"])
        if below := _repeated(business["children"], seen):
            fault["children"] = below
        if fault:
            faults[index] = fault
    return faults


def _flat(businesses: list[dict[str, Any]], parent: str | None) -> Iterator[dict[str, Any]]:
    for position, business in enumerate(businesses):
        yield {
            "busiid": business["busiid"],
            "parent_busiid": parent,
            "position": position,
            "businame": business["businame"],
            "busitips": business["busitips"],
        }
        yield from _flat(business["children"], business["busiid"])


def _nested(businesses: dict[str | None, list[Any]], parent: str | None) -> list[dict[str, Any]]:
    return [
        {
            "busiid": row.busiid,
            "businame": row.businame,
            **({"busitips": row.busitips} if row.busitips else {}),
            **({"children": _nested(businesses, row.busiid)} if row.busiid in businesses else {}),
        }
        for row in businesses.get(parent, [])
    ]
