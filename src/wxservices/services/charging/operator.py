"""What the operator of ``charging`` loads.

::

    charging:
      tariffs:
        - name: standard
          prepay: 1.01            # yuan: what a number costs at /wxpay/prepay
          swipe: 1.00             # what a card's swipe takes
          unit_minutes: 30        # time counts in half hours that have begun
          per_kwh: 0
          return_unused: true
          steps: [{hours: 4, per_hour: 0.25}, {per_hour: 0.20}]
      piles:
        - {device_no: 014441AC53, site: 东门, tariff: standard, plugs: 10}
      cards:
        - {card_no: "34345799"}
        - {card_no: "111111786", virtual: true}

Things are known by name or number; what is missing stays.  A pile that becomes smaller loses its last plugs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError, validates_schema

from ... import db, fields
from ...models.charging import Card, Pile, Plug, Tariff
from ...operator_fields import Flag, Rows

BATCH = 200

_known = db.Query(sa.select(Tariff.name))


class Code(fields.Text):
    """A number or a name that fits into a topic and a URL."""

    def checked(self, text: str) -> str:
        if not re.fullmatch("[0-9A-Za-z_-]+", text):
            raise self.make_error("characters")
        return text


class StepData(fields.Strict):
    hours = fields.Integer(min=1, max=24, load_default=0)
    per_hour = fields.Money(max_fen=100_00, required=True)


class TariffData(fields.Strict):
    name = Code(required=True, max_length=32)
    prepay = fields.Money(min_fen=1, max_fen=10_000_00, required=True)
    swipe = fields.Money(min_fen=1, max_fen=10_000_00, required=True)
    unit_minutes = fields.Integer(min=1, max=24 * 60, load_default=1)
    per_kwh = fields.Money(max_fen=100_00, load_default=0)
    return_unused = Flag(load_default=True)
    steps = fields.List(fields.Nested(StepData), max_items=10, load_default=list)

    @validates_schema
    def _last_for_ever(self, data: dict[str, Any], **kwargs: Any) -> None:
        hours = [step["hours"] for step in data.get("steps", [])]
        if any(not each for each in hours[:-1]) or (hours and hours[-1]):
            raise ValidationError("除最后一级外均须写明hours，最后一级不写", "steps")


class PileData(fields.Strict):
    device_no = Code(required=True, max_length=32)
    site = fields.Text(max_length=64, load_default="")
    tariff = Code(required=True, max_length=32)
    plugs = fields.Integer(min=1, max=99, required=True)


class CardData(fields.Strict):
    card_no = Code(required=True, max_length=32)
    virtual = Flag(load_default=False)


class ChargingData(fields.Strict):
    tariffs = Rows(TariffData, "name")
    piles = Rows(PileData, "device_no")
    cards = Rows(CardData, "card_no")

    @validates_schema(skip_on_field_errors=True)
    def _known_tariffs(self, data: dict[str, Any], **kwargs: Any) -> None:
        names = {row["name"] for row in data.get("tariffs", [])} | {row.name for row in _known.all()}
        unknown = {
            index: {"tariff": ["没有这个价格"]}
            for index, row in enumerate(data.get("piles", []))
            if row["tariff"] not in names
        }
        if unknown:
            raise ValidationError({"piles": unknown})


def apply(data: dict[str, Any]) -> Iterator[int]:
    """Create or update what *data* names, in the caller's transaction.  Yields how many things each step did."""
    tariffs = [{**row, "steps": [[s["hours"], s["per_hour"]] for s in row["steps"]]} for row in data.get("tariffs", [])]
    db.upsert(Tariff, ["name"], tariffs)
    yield len(tariffs) + sum(len(row["steps"]) for row in tariffs)
    for rows in _batches(data.get("piles", [])):
        for row in rows:
            _pile(row)
        yield len(rows)
    for rows in _batches(data.get("cards", [])):
        db.upsert(Card, ["card_no"], rows)
        yield len(rows)


def _batches(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _pile(row: dict[str, Any]) -> None:
    device_no = row["device_no"]
    if not db.insert_once(Pile, {**row, "online": False}):
        db.changed(sa.update(Pile).where(Pile.device_no == device_no).values(**row))
    for number in range(1, row["plugs"] + 1):
        db.insert_once(Plug, {"device_no": device_no, "plug_no": f"{number:02}", "status": 0})
    db.changed(sa.delete(Plug).where(Plug.device_no == device_no, Plug.plug_no > f"{row['plugs']:02}"))


def dump() -> dict[str, Any]:
    """Everything that :func:`apply` takes, in its form."""
    return {
        "tariffs": [
            {
                "name": row.name,
                "prepay": str(db.yuan(row.prepay)),
                "swipe": str(db.yuan(row.swipe)),
                "unit_minutes": row.unit_minutes,
                "per_kwh": str(db.yuan(row.per_kwh)),
                "return_unused": row.return_unused,
                "steps": [
                    {**({"hours": hours} if hours else {}), "per_hour": str(db.yuan(fen))} for hours, fen in row.steps
                ],
            }
            for row in _all(Tariff, Tariff.name)
        ],
        "piles": [
            {"device_no": row.device_no, "site": row.site, "tariff": row.tariff, "plugs": row.plugs}
            for row in _all(Pile, Pile.device_no)
        ],
        "cards": [{"card_no": row.card_no, "virtual": row.virtual} for row in _all(Card, Card.card_no)],
    }


def _all(model: Any, key: Any) -> Any:
    return db.Query(sa.select(model.__table__).order_by(key)).all()
