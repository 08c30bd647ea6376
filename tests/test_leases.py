"""One holder at a time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from apps import make_app, running
from races import race
from wxservices import clock, leases

MINUTE = timedelta(minutes=1)


def test_one_holds_it_until_it_lets_go(app: Flask) -> None:
    assert leases.hold("work", "a", MINUTE)
    assert not leases.hold("work", "b", MINUTE)
    assert leases.hold("work", "a", MINUTE), "renewed"
    assert leases.hold("other work", "b", MINUTE)
    leases.release("work", "b")
    assert not leases.hold("work", "b", MINUTE), "only its holder gives it back"
    leases.release("work", "a")
    assert leases.hold("work", "b", MINUTE)


def test_one_that_is_gone_loses_it(app: Flask) -> None:
    assert leases.hold("work", "a", MINUTE)
    with time_machine.travel(clock.now() + MINUTE, tick=False):
        assert leases.hold("work", "b", MINUTE)
        assert not leases.hold("work", "a", MINUTE)


def take(number: int, guard: bool = True) -> bool:
    if not guard:
        leases._take = leases.sa.update(leases.Lease).values(holder=leases.sa.bindparam("who"))
    return leases.hold("work", f"holder {number}", MINUTE)


@pytest.mark.race
@pytest.mark.parametrize("guard", [True, False])
def test_of_many_at_once_one_gets_it(database_uri: str, guard: bool) -> None:
    with running(make_app(database_uri)):
        outcomes = race("test_leases:take", database_uri, path=Path(__file__), threads=6, guard=guard)
        taken = outcomes.count(True)
        assert (taken == 1) is guard, outcomes
