from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from sms_data import NOON, Recorder


@pytest.fixture
def sender(app: Flask) -> Recorder:
    recorder = Recorder()
    app.extensions["wxservices"].hooks["sms_sender"] = recorder
    return recorder


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller
