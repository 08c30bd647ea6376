from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from charging_data import NOON, Rider, rider, station


@pytest.fixture
def station_app(rowless_uri: str) -> Iterator[Flask]:
    """The station on a Monday at noon, on each data base."""
    with time_machine.travel(NOON), station(rowless_uri) as app:
        yield app


@pytest.fixture
def zhang(station_app: Flask) -> Rider:
    return rider(station_app)


@pytest.fixture
def li(station_app: Flask) -> Rider:
    return rider(station_app, "13700137000")
