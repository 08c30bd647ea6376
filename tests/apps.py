"""Applications for tests."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from wxservices import WxServices, db
from wxservices.db import Base


def make_app(
    database_uri: str, *, extension: WxServices | None = None, root_path: str | None = None, **config: object
) -> Flask:
    """An application in the sandbox (unless told otherwise) with nothing mounted."""
    app = Flask("tests", root_path=root_path)
    app.config.update(
        TESTING=True,
        SECRET_KEY="a key for tests",
        SQLALCHEMY_DATABASE_URI=database_uri,
        WXSERVICES_SANDBOX=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.config.update(config)
    (extension or WxServices()).init_app(app)
    return app


def create_tables(*services: str) -> None:
    """The tables of *services* and the common ones, straight from the models."""
    for name in ("common", *services):
        importlib.import_module(f"wxservices.models.{name}")
    tables = [table for table in Base.metadata.sorted_tables if table.name.split("_")[1] in ("common", *services)]
    Base.metadata.create_all(db.engine(), tables)


@contextmanager
def running(app: Flask, *services: str) -> Iterator[Flask]:
    """*app* inside its context, with the tables of *services*; every connection is closed at the end."""
    with app.app_context():
        create_tables(*services)
        yield app
        app.extensions["wxservices"].db.session.remove()
        db.engine().dispose()
