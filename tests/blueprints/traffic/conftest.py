from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from traffic_data import EARLY, office


@pytest.fixture
def office_app(rowless_uri: str) -> Iterator[Flask]:
    """The office on a Monday at eight, on each data base."""
    with time_machine.travel(EARLY, tick=False), office(rowless_uri) as app:
        yield app
