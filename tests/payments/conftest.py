from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from shop import open_shop


@pytest.fixture
def app(database_uri: str) -> Iterator[Flask]:
    """A shop in the sandbox, inside its context."""
    with open_shop(database_uri) as app:
        yield app
