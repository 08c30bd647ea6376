"""The tables come, change and go by themselves, beside a host's own history, whoever asks at the same time."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

import wxservices
from apps import create_tables, make_app
from races import race
from wxservices import WxServices, db, migration
from wxservices.blueprints import traffic
from wxservices.db import TABLE_OPTIONS, Base, BigId, Fen, UtcDateTime
from wxservices.errors import ConfigurationError
from wxservices.migration import Position

HERE = Path(__file__)


@pytest.fixture
def host(database_uri: str) -> Iterator[Flask]:
    """An application with ``traffic`` mounted on an empty data base, inside its context."""
    app = make_app(database_uri)
    app.register_blueprint(traffic.bp)
    with app.app_context():
        yield app
        app.extensions["wxservices"].db.session.remove()
        db.engine().dispose()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the migrations (in a folder with an awkward name) to add revisions to."""
    original, copy = migration._folder(), tmp_path / "50% of it: migrations"
    for part in ("versions/common", "versions/traffic"):
        shutil.copytree(original / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("env.py", "script.py.mako"):
        shutil.copy(original / part, copy)
    monkeypatch.setattr(migration, "_folder", lambda: copy)
    return copy


def tables(service: str = "") -> set[str]:
    return {name for name in sa.inspect(db.engine()).get_table_names() if name.startswith(f"wx_{service}")}


def revisions(*names: str) -> list[str]:
    """The ids of all revisions of these services, in order."""
    folder = migration._folder() / "versions"
    return [f"{name}_{path.name[:4]}" for name in names for path in sorted((folder / name).glob("[0-9]*.py"))]


def applied() -> dict[str, str]:
    return {name: at.applied for name, at in migration.current().items() if at.applied}


def run(*statements: str) -> list[Any]:
    """Run SQL in a transaction of its own and answer the rows of the last statement."""
    with db.engine().begin() as connection:
        results = [connection.exec_driver_sql(statement) for statement in statements]
        return [tuple(row) for row in results[-1]] if results[-1].returns_rows else []


def definitions() -> dict[str, list[str]]:
    """How the data base itself writes down each of our tables and indexes.  Keys are made in any order."""
    if db.engine().dialect.name == "sqlite":
        rows = run("SELECT name, sql FROM sqlite_master WHERE name LIKE '%wx\\_%' ESCAPE '\\' AND sql IS NOT NULL")
    else:
        rows = [run(f"SHOW CREATE TABLE {name}")[0] for name in tables()]
    return {name: _written(sql) for name, sql in rows if name != migration.VERSION_TABLE}


def _written(sql: str) -> list[str]:
    lines = [line.strip(" ,\t") for line in sql.splitlines()]
    return sorted(lines, key=lambda line: line if re.search("(CONSTRAINT|KEY) .*[(]", line) else "")


def write_revision(folder: Path, service: str, body: str = "pass", depends_on: str | None = None) -> str:
    """Add a revision to *service* and answer its id."""
    earlier = revisions(service)
    number = len(earlier) + 1
    path = folder / "versions" / service / f"{number:04}_test.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        "from alembic import op\nimport sqlalchemy as sa\n"
        f"revision = '{service}_{number:04}'\n"
        f"down_revision = {earlier[-1] if earlier else None!r}\n"
        f"branch_labels = {None if earlier else (service,)!r}\n"
        f"depends_on = {depends_on!r}\n"
        f"def upgrade():\n    {body}\n"
        f"def downgrade():\n    pass\n"
    )
    return f"{service}_{number:04}"


def test_upgrade_makes_the_tables_of_what_is_mounted_and_the_common_ones(host: Flask) -> None:
    assert migration.upgrade() == revisions("common", "traffic")
    assert tables() == tables("common") | tables("traffic") | {migration.VERSION_TABLE}
    assert {table for table in Base.metadata.tables if table.startswith("wx_traffic_")} == tables("traffic")
    assert migration.check() == []


def test_upgrade_makes_no_others(host: Flask, folder: Path) -> None:
    write_revision(folder, "parking", "op.create_table('wx_parking_lot', sa.Column('id', sa.Integer))", "common_0001")
    assert migration.services()[0] == "common"
    assert {"parking", "traffic"} < set(migration.services())
    assert migration.upgrade() == revisions("common", "traffic")
    assert not tables("parking")
    assert migration.upgrade("parking") == ["parking_0001"]
    assert tables("parking")
    assert migration.check() == []  # what is not mounted is not looked at


def test_upgrade_again_does_nothing(host: Flask) -> None:
    migration.upgrade()
    run("INSERT INTO wx_common_day (service, day, working) VALUES ('traffic', '2026-10-01', 0)")
    assert migration.upgrade() == []
    assert run("SELECT service FROM wx_common_day") == [("traffic",)]


def test_upgrade_needs_to_know_of_what(database_uri: str) -> None:
    with make_app(database_uri).app_context():
        with pytest.raises(ConfigurationError, match="No blueprint"):
            migration.upgrade()
        with pytest.raises(ConfigurationError, match="trafic has no tables; these have: common, "):
            migration.upgrade("trafic")
        assert migration.upgrade("common") == revisions("common")
        assert not tables("traffic")


def test_the_tables_are_letter_by_letter_those_of_the_models(host: Flask) -> None:
    migration.upgrade()
    migrated = definitions()
    migration.downgrade("traffic")
    migration.downgrade("common")
    assert definitions() == {}
    create_tables("traffic")
    assert migrated == definitions()


def test_revisions_say_for_themselves_what_they_make() -> None:
    revisions = [path.read_text() for path in migration._folder().glob("versions/*/*.py")]
    assert len(revisions) >= 2
    assert not [text for text in revisions if "wxservices" in text]


def test_downgrade_takes_one_service_and_common_at_last(host: Flask) -> None:
    migration.upgrade()
    newest = {name: revisions(name)[-1] for name in ("common", "traffic")}
    assert applied() == newest
    assert migration.current()["traffic"] == Position(newest["traffic"], newest["traffic"])
    with pytest.raises(ConfigurationError, match="needed by traffic"):
        migration.downgrade("common")

    assert migration.downgrade("traffic") == revisions("traffic")[::-1]
    assert not tables("traffic")
    assert migration.current()["traffic"] == Position(None, newest["traffic"])
    assert applied() == {"common": newest["common"]}
    assert migration.downgrade("traffic") == []

    assert migration.downgrade("common") == revisions("common")[::-1]
    assert tables() == set()
    assert migration.upgrade() == revisions("common", "traffic")


@pytest.mark.parametrize("revision", ["nonsense", "common_0001"])
def test_downgrade_to_what_is_no_revision_of_the_service_is_an_error(host: Flask, revision: str) -> None:
    migration.upgrade()
    before = definitions()
    with pytest.raises(ConfigurationError, match=f"{revision} is not a revision of traffic"):
        migration.downgrade("traffic", revision)
    assert definitions() == before


def test_branches_move_on_their_own(host: Flask, folder: Path) -> None:
    migration.upgrade()
    old = applied()
    parking = write_revision(folder, "parking", depends_on="common_0001")
    common = write_revision(folder, "common")
    traffic_ = write_revision(folder, "traffic", depends_on=common)
    assert migration.check() == [
        f"common: {old['common']} is applied, {common} is not: run flask wxservices upgrade",
        f"traffic: {old['traffic']} is applied, {traffic_} is not: run flask wxservices upgrade",
    ]
    assert migration.upgrade("parking") == [common, parking]
    assert migration.upgrade() == [traffic_]
    assert applied() == {"common": common, "parking": parking, "traffic": traffic_}

    assert migration.downgrade("traffic", old["traffic"]) == [traffic_]
    assert applied() == {"common": common, "parking": parking, "traffic": old["traffic"]}
    migration.downgrade("traffic")
    assert applied() == {"common": common, "parking": parking}
    with pytest.raises(ConfigurationError, match="needed by parking"):
        migration.downgrade("common")
    assert migration.downgrade("parking") == [parking]
    assert migration.downgrade("common") == revisions("common")[::-1]


def test_a_revision_that_fails_leaves_what_can_be_gone_on_from(host: Flask, folder: Path) -> None:
    whole = revisions("traffic")[-1]
    broken = write_revision(folder, "traffic", "raise RuntimeError('half way')")
    with pytest.raises(RuntimeError, match="half way"):
        migration.upgrade()
    # SQLite takes all back; MariaDB cannot, and keeps what was whole.
    assert applied().get("traffic") == (None if db.engine().dialect.name == "sqlite" else whole)
    (folder / "versions" / "traffic" / f"{broken[-4:]}_test.py").unlink()
    assert write_revision(folder, "traffic") == broken
    assert migration.upgrade()[-1] == broken
    assert migration.check() == []


def test_a_revision_of_a_newer_release_is_an_error_that_names_it(host: Flask) -> None:
    migration.upgrade()
    run(f"UPDATE {migration.VERSION_TABLE} SET version_num = 'traffic_0099' WHERE version_num LIKE 'traffic%%'")
    for call in (migration.upgrade, migration.current, migration.check):
        with pytest.raises(ConfigurationError, match="traffic_0099"):
            call()


CHANGES = {
    "a column too many": (
        "ALTER TABLE wx_traffic_slot ADD COLUMN note VARCHAR(8)",
        "remove_column wx_traffic_slot note",
    ),
    "an index too few": (
        "DROP INDEX ix_wx_traffic_booking_openid{on}",
        "add_index ix_wx_traffic_booking_openid",
    ),
    "a table too many": ("CREATE TABLE wx_traffic_old (id INTEGER)", "remove_table wx_traffic_old"),
    "a table too few": ("DROP TABLE wx_common_nonce", "add_table wx_common_nonce"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_check_tells_what_differs(host: Flask, change: str) -> None:
    migration.upgrade()
    run("CREATE TABLE host_user (id INTEGER)", "CREATE TABLE wx_host_user (id INTEGER)")
    assert migration.check() == []
    statement, difference = CHANGES[change]
    run(statement.format(on="" if db.engine().dialect.name == "sqlite" else " ON wx_traffic_booking"))
    assert difference in migration.check()


@pytest.mark.mariadb
def test_check_tells_of_another_type(mariadb_uri: str) -> None:
    app = make_app(mariadb_uri)
    app.register_blueprint(traffic.bp)
    with app.app_context():
        migration.upgrade()
        run("ALTER TABLE wx_common_nonce MODIFY scope INTEGER NOT NULL")
        run("ALTER TABLE wx_traffic_slot MODIFY capacity BIGINT NULL")
        kinds = sorted(" ".join(line.split()[:3]) for line in migration.check())
        assert kinds == [
            "modify_nullable wx_traffic_slot capacity",
            "modify_type wx_common_nonce scope",
            "modify_type wx_traffic_slot capacity",
        ]
        db.engine().dispose()


def test_a_hosts_own_history_is_neither_read_nor_written(host: Flask) -> None:
    run(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)",
        "INSERT INTO alembic_version VALUES ('of_the_host')",
    )
    host.extensions["migrate"] = given = object()
    migration.upgrade()
    migration.check()
    assert run("SELECT * FROM alembic_version") == [("of_the_host",)]
    migration.downgrade("traffic")
    migration.downgrade("common")
    assert run("SELECT * FROM alembic_version") == [("of_the_host",)]
    assert host.extensions["migrate"] is given


def test_a_hosts_autogenerate_leaves_our_tables_alone(host: Flask) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    migration.upgrade()
    run("CREATE TABLE host_old (id INTEGER)", "CREATE TABLE wx_host_old (id INTEGER)")
    own = sa.MetaData()
    sa.Table("wx_user", own, sa.Column("id", sa.Integer, primary_key=True))

    def found(**options: object) -> set[str]:
        with db.engine().connect() as connection:
            context = MigrationContext.configure(connection, opts=options)
            return {f"{kind} {item.name}" for kind, item in compare_metadata(context, own) if kind.endswith("table")}

    theirs = {"remove_table host_old", "remove_table wx_host_old", "add_table wx_user"}
    assert found(include_object=wxservices.include_object) == theirs
    assert found() == theirs | {f"remove_table {name}" for name in tables() - {"wx_host_old"}}  # what would happen


def test_an_engine_of_the_hosts_that_begins_by_itself_will_do(sqlite_uri: str) -> None:
    app = make_app(sqlite_uri)
    app.register_blueprint(traffic.bp)
    with app.app_context():

        @sa.event.listens_for(db.engine(), "connect")
        def no_implicit_begin(connection: Any, record: object) -> None:
            connection.isolation_level = None

        @sa.event.listens_for(db.engine(), "begin")
        def begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("BEGIN")

        db.engine().dispose()
        assert migration.upgrade() == revisions("common", "traffic")
        assert migration.check() == []
        db.engine().dispose()


def test_a_data_base_in_memory_will_do() -> None:
    app = make_app("sqlite://")
    app.register_blueprint(traffic.bp)
    with app.app_context():
        assert migration.upgrade() == revisions("common", "traffic")
        assert migration.check() == []
        db.engine().dispose()


def upgrade_meeting_the_other(number: int, meeting: str, guarded: bool) -> list[str]:
    """Upgrade, waiting before the first table is made for the other process, which comes only if nothing is locked."""
    from alembic import op

    create_table, here, there = op.create_table, Path(meeting, str(number)), Path(meeting, str(1 - number))

    def meet(*args: Any, **kwargs: Any) -> Any:
        op.create_table = create_table
        here.touch()
        deadline = time.monotonic() + (2 if guarded else 30)
        while not there.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        return create_table(*args, **kwargs)

    op.create_table = meet
    if not guarded:
        migration._alone = _not_alone
    return migration.upgrade("traffic")


@contextmanager
def _not_alone() -> Iterator[sa.Connection]:
    with db.engine().connect() as connection:
        yield connection
        connection.commit()


@pytest.mark.race
def test_two_processes_that_upgrade_at_once(database_uri: str, tmp_path: Path) -> None:
    outcomes = race(
        "test_migration:upgrade_meeting_the_other",
        database_uri, path=HERE, processes=2, threads=1, meeting=str(tmp_path), guarded=True,
    )  # fmt: skip
    assert sorted(outcomes) == [[], revisions("common", "traffic")]


@pytest.mark.race
def test_without_the_lock_one_of_them_fails(database_uri: str, tmp_path: Path) -> None:
    outcomes = race(
        "test_migration:upgrade_meeting_the_other",
        database_uri, path=HERE, processes=2, threads=1, meeting=str(tmp_path), guarded=False,
    )  # fmt: skip
    assert "OperationalError" in outcomes


def test_another_process_that_does_not_end_is_an_error(database_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "PATIENCE", 0)
    own, options = SQLAlchemy(), {"connect_args": {"timeout": 0}} if database_uri.startswith("sqlite") else {}
    app = make_app(database_uri, extension=WxServices(db=own), SQLALCHEMY_ENGINE_OPTIONS=options)
    own.init_app(app)
    with app.app_context():
        with migration._alone(), pytest.raises(ConfigurationError, match="Another process"):
            migration.upgrade("common")
        assert migration.upgrade("common") == revisions("common")
        db.engine().dispose()


@pytest.fixture
def parking() -> Iterator[sa.Table]:
    """The models of a document that is being built."""
    table = sa.Table(
        "wx_parking_lot",
        Base.metadata,
        sa.Column("id", BigId, primary_key=True),
        sa.Column("name", sa.String(32), nullable=False, unique=True),
        sa.Column("fee", Fen, nullable=False),
        sa.Column("opened_at", UtcDateTime, index=True),
        **TABLE_OPTIONS,
    )
    sys.modules["wxservices.models.parking"] = types.ModuleType("parking")
    yield table
    del sys.modules["wxservices.models.parking"]
    Base.metadata.remove(table)


def test_a_draft_of_a_revision_is_written_from_the_models(host: Flask, folder: Path, parking: sa.Table) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    def differences() -> list[Any]:
        with db.engine().connect() as connection:
            context = MigrationContext.configure(connection, opts=migration._options(connection, ("parking",)))
            return list(compare_metadata(context, Base.metadata))

    migration.upgrade()
    draft = migration.revise("parking", "first tables")
    assert draft == folder / "versions" / "parking" / "0001_first_tables.py"
    text = draft.read_text()
    assert "wx_parking_lot" in text
    assert "wxservices" not in text
    assert not re.search("wx_(traffic|common)_", text)
    assert migration.upgrade("parking") == ["parking_0001"]
    assert differences() == []

    parking.append_column(sa.Column("note", sa.String(8)))
    draft = migration.revise("parking", "A note")
    assert draft.name == "0002_a_note.py"
    assert migration.upgrade("parking") == ["parking_0002"]
    assert differences() == []
    assert migration.downgrade("parking") == ["parking_0002", "parking_0001"]
    assert "traffic" in applied()


def test_alembic_is_not_imported_before_it_is_needed() -> None:
    program = "import sys, wxservices.blueprints.traffic, wxservices.cli; assert 'alembic' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
