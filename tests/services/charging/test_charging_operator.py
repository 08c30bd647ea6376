"""What the operator loads: round trip, faults, and what a tariff makes of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from charging_data import OFFLINE, PILE, STATION, Rider
from wxservices import db, fields
from wxservices.errors import BadParameter
from wxservices.services.charging import operator, tariffs

TARIFF = STATION["tariffs"][0]


def load(data: dict[str, Any]) -> int:
    with db.transaction():
        return sum(operator.apply(fields.load(operator.ChargingData(), data)))


def test_what_is_dumped_can_be_loaded_and_changes_nothing(station_app: Flask) -> None:
    before = operator.dump()
    assert [pile["device_no"] for pile in before["piles"]] == [PILE, OFFLINE]
    assert before["tariffs"][0]["steps"] == [{"hours": 4, "per_hour": "0.25"}, {"per_hour": "0.20"}]
    load(before)
    assert operator.dump() == before


def test_loading_again_keeps_what_people_and_piles_did(zhang: Rider) -> None:
    zhang.call("bindCard", cardNo="34345799")
    number = zhang.number()
    load(STATION)
    assert zhang.call("getCardno")["data"] == [{"cardNo": "34345799"}]
    assert zhang.number() == number
    assert zhang.call("getPileStatus", deviceNo=PILE)["data"] == {
        "deviceNo": PILE,
        "status": 1,
        "plugs": [1, 0, 0, 0, 0, 0, 0, 0, 1, 2],
    }


def test_a_smaller_pile_loses_its_last_plugs(zhang: Rider) -> None:
    load({"piles": [{"device_no": PILE, "tariff": "standard", "plugs": 8}]})
    assert len(zhang.call("getPileStatus", deviceNo=PILE)["data"]["plugs"]) == 8
    assert zhang.code("getOrderNo", deviceNo=PILE, plug="09") == 403


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"piles": [{"device_no": "A1", "tariff": "none", "plugs": 2}]}, "piles[0].tariff"),
        ({"piles": [{"device_no": "A/1", "tariff": "standard", "plugs": 2}]}, "piles[0].device_no"),
        ({"piles": [{"device_no": "A1", "tariff": "standard", "plugs": 100}]}, "piles[0].plugs"),
        ({"tariffs": [{**TARIFF, "steps": [{"per_hour": 1}, {"per_hour": 2}]}]}, "tariffs[0].steps"),
        ({"tariffs": [{**TARIFF, "steps": [{"hours": 1, "per_hour": 1}]}]}, "tariffs[0].steps"),
        ({"tariffs": [{**TARIFF, "prepay": 0}]}, "tariffs[0].prepay"),
        ({"cards": [{"card_no": "1"}, {"card_no": "1"}]}, "cards[1]"),
        ({"stations": []}, "stations"),
    ],
)
def test_faults_are_named(station_app: Flask, data: dict[str, Any], field: str) -> None:
    with pytest.raises(BadParameter) as refused:
        load(data)
    assert refused.value.field == field


STEPS = st.lists(st.tuples(st.integers(1, 8), st.integers(0, 500)), max_size=3)


@given(
    steps=STEPS,
    last=st.integers(1, 500),
    unit=st.integers(1, 120),
    fen=st.integers(1, 20_000),
    seconds=st.integers(0, 90_000),
)
def test_an_amount_buys_what_it_costs(
    steps: list[tuple[int, int]], last: int, unit: int, fen: int, seconds: int
) -> None:
    tariff = SimpleNamespace(steps=[*map(list, steps), [0, last]], unit_minutes=unit, per_kwh=0)
    bought, energy = tariffs.limits(tariff, fen)
    assert energy is None
    assert bought is not None
    assert bought % (unit * 60) == 0
    longest = tariffs.LONGEST // (unit * 60) * unit * 60
    assert tariffs.cost(tariff, bought, 0) <= fen or bought == unit * 60
    assert bought == longest or tariffs.cost(tariff, bought + unit * 60, 0) > fen
    assert 0 <= tariffs.cost(tariff, seconds, 0) <= tariffs.cost(tariff, seconds + 60, 0)


def test_energy_costs_by_the_kwh() -> None:
    tariff = SimpleNamespace(steps=[], unit_minutes=1, per_kwh=120)
    assert tariffs.limits(tariff, 60) == (None, 50)
    assert [tariffs.cost(tariff, 3600, energy) for energy in (0, 1, 50, 100)] == [0, 2, 60, 120]
