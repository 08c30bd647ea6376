from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from vending_data import EARLY, shops


@pytest.fixture
def shop(database_uri: str) -> Iterator[Flask]:
    """The demo's shops on a Monday at eight, on each data base."""
    with time_machine.travel(EARLY, tick=False), shops(database_uri) as app:
        yield app
