from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import time_machine
from click.testing import Result
from flask import Flask

from apps import make_app
from traffic_data import EARLY
from wxservices import db, migration
from wxservices.blueprints import traffic

Run = Callable[..., Result]


@pytest.fixture
def bare_host(database_uri: str) -> Iterator[Flask]:
    """An application with ``traffic`` mounted, on an empty data base, on a Monday at eight."""
    app = make_app(database_uri)
    app.register_blueprint(traffic.bp)
    with time_machine.travel(EARLY, tick=False):
        yield app
    with app.app_context():
        db.engine().dispose()


@pytest.fixture
def host(bare_host: Flask) -> Flask:
    """The same with its tables."""
    with bare_host.app_context():
        migration.upgrade()
    return bare_host


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Run:
    """``flask wxservices …`` on ``host``, or on ``bare_host`` where the test asked for that one."""
    app: Flask = request.getfixturevalue("host" if "host" in request.fixturenames else "bare_host")
    runner = app.test_cli_runner()
    return lambda *args, **options: runner.invoke(args=["wxservices", *map(str, args)], **options)
