"""``sandbox pile|finish|swipe`` and ``charging …``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from click.testing import Result
from flask import Flask

from charging_data import PILE, rider, station
from wxservices.services.charging import orders

Run = Callable[..., Result]


@pytest.fixture
def host(sqlite_uri: str) -> Iterator[Flask]:
    with station(sqlite_uri) as app:
        yield app


@pytest.fixture
def bare_host(host: Flask) -> Flask:
    return host


def test_a_pile_does_what_it_is_told(host: Flask, run: Run) -> None:
    done = run("sandbox", "pile", PILE, "--plug", "03=taken", "--plug", "04=faulty", "--offline")
    assert json.loads(done.stdout) == {"deviceNo": PILE, "status": 0, "plugs": [0, 0, 1, 2, 0, 0, 0, 0, 1, 2]}
    done = run("sandbox", "pile", PILE, "--plug", "03=free", "--online")
    assert json.loads(done.stdout)["plugs"][2] == 0
    for wrong in ("3=free", "03=open", "11=free", "03"):
        assert run("sandbox", "pile", PILE, "--plug", wrong).exit_code == 2
    assert run("sandbox", "pile", "0000000000", "--online").exit_code == 1


def test_a_charge_from_the_terminal(host: Flask, run: Run) -> None:
    zhang = rider(host)
    number = zhang.number()
    assert run("sandbox", "pay", number, "--fen", 101, "--no-notify").exit_code == 0
    assert run("sandbox", "finish", number).exit_code == 1
    assert zhang.start(number) == 200
    assert run("charging", "stop", number).output == f"{number}: told to stop.\n"
    assert run("charging", "stop", number).exit_code == 1
    assert orders.find(number).state == "finished"


def test_a_swipe_from_the_terminal(host: Flask, run: Run) -> None:
    zhang = rider(host)
    zhang.call("bindCard", cardNo="34345799")
    assert run("sandbox", "swipe", PILE, "01", "34345800").output == "34345800: nobody's card.\n"
    assert "余额不足" in run("sandbox", "swipe", PILE, "01", "34345799").output
    zhang.recharge(300)
    assert "told to start" in run("sandbox", "swipe", PILE, "01", "34345799", "--fen", 200).output
    assert run("charging", "balance", zhang.phone).output == "1.00\n"
    assert run("charging", "audit").output == "0 differences.\n"
    assert run("charging", "logout", zhang.phone).output.endswith("1 sessions ended.\n")


def test_there_is_a_gateway_for_mqtt_only(host: Flask, run: Run) -> None:
    done = run("gateway")
    assert done.exit_code == 1
    assert "not mqtt" in done.output
