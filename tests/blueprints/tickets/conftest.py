from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tickets_data import Caller, agency, login, merchant


@pytest.fixture
def agency_app(database_uri: str) -> Iterator[Flask]:
    """The agency, on each data base."""
    with agency(database_uri) as app:
        yield app


@pytest.fixture
def customer(agency_app: Flask) -> Caller:
    return login(agency_app)


@pytest.fixture
def business(agency_app: Flask) -> Caller:
    return merchant(agency_app)
