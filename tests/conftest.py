"""Fixtures: an application in the sandbox, on SQLite and, where a server is found, on MariaDB as well."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa
from flask import Flask

from apps import make_app, running

MARIADB = os.environ.get("TEST_MARIADB", "root@127.0.0.1:3306")
"""user[:password]@host:port of a server on which the tests may create data bases of their own."""

REQUIRED = os.environ.get("TEST_REQUIRE", "").split(",")
"""What must be there, so that its absence fails instead of skipping: ``mariadb``, ``browser``."""


def mariadb_url(database: str = "") -> str:
    return f"mysql+pymysql://{MARIADB}/{database}?charset=utf8mb4"


def _connect() -> pymysql.Connection[Any]:
    url = sa.make_url(mariadb_url())
    return pymysql.connect(
        host=url.host, port=url.port or 3306, user=url.username, password=url.password or "", connect_timeout=3
    )


@pytest.fixture(scope="session")
def mariadb_server() -> None:
    """Skip what needs MariaDB where there is none; fail where there must be one."""
    try:
        _connect().close()
    except pymysql.MySQLError as error:
        if "mariadb" in REQUIRED:
            raise
        pytest.skip(f"no MariaDB at {MARIADB.rpartition('@')[2]} ({error.args[0]})")


@contextmanager
def _new_mariadb() -> Iterator[str]:
    name = f"wxservices_test_{uuid.uuid4().hex[:12]}"
    with _connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    try:
        yield name
    finally:
        with _connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")


@pytest.fixture
def mariadb_uri(mariadb_server: None) -> Iterator[str]:
    """A fresh, empty data base on MariaDB, dropped afterwards."""
    with _new_mariadb() as name:
        yield mariadb_url(name)


@pytest.fixture
def sqlite_uri(tmp_path: Any) -> str:
    return f"sqlite:///{tmp_path}/test.db"


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def database_uri(request: pytest.FixtureRequest) -> str:
    """A fresh, empty data base, once on each kind."""
    return str(request.getfixturevalue(f"{request.param}_uri"))


@pytest.fixture(scope="session")
def kept_mariadb(mariadb_server: None) -> Iterator[str]:
    """One data base on MariaDB for the whole session: making its tables anew would cost a second a test."""
    with _new_mariadb() as name:
        yield name


@pytest.fixture
def emptied_mariadb_uri(kept_mariadb: str) -> str:
    with _connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", (kept_mariadb,))
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {kept_mariadb}.{table})")
            if cursor.fetchone() == (1,):
                cursor.execute(f"TRUNCATE {kept_mariadb}.{table}")
    return mariadb_url(kept_mariadb)


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def rowless_uri(request: pytest.FixtureRequest) -> str:
    """A data base without a row, once on each kind; it may have tables already, as the models have them."""
    fixture = "sqlite_uri" if request.param == "sqlite" else "emptied_mariadb_uri"
    return str(request.getfixturevalue(fixture))


@pytest.fixture
def app(rowless_uri: str) -> Iterator[Flask]:
    """An application with the common tables and nothing mounted, inside its context."""
    with running(make_app(rowless_uri)) as app:
        yield app
