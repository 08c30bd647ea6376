from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from appointment_data import EARLY, serving


@pytest.fixture
def office(database_uri: str) -> Iterator[Flask]:
    """The office on a Monday at eight, on each data base."""
    with time_machine.travel(EARLY, tick=False), serving(database_uri) as app:
        yield app
