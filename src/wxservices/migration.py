"""The tables in the data base: made, changed and taken away by one Alembic environment (the folder ``migrations``).

It keeps its own version table in the host's data base, a branch for each document and one for what they share
(``common``), so that a host has the tables of what it mounts and no others, and its own Alembic history is never read
or written.  Alembic itself is imported when it is first needed.

To change tables, change the models, bring a data base up to date with ``upgrade`` and let
``flask wxservices revision SERVICE -m "what changes"`` write the draft of a revision; the first one of a new document
makes its branch.  Read it, format it, and test both ways.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from . import db
from .errors import ConfigurationError
from .state import current_state

if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE = "wx_alembic_version"
COMMON = "common"
PATIENCE = 300
"""Seconds to wait for another process that migrates."""
BUSY = "Another process is migrating the tables, and does not end."


@dataclass(frozen=True)
class Position:
    """How far a service's tables are: its newest applied revision (None: no tables) and the newest there is."""

    applied: str | None
    head: str


def include_object(object: Any, name: str | None, type_: str, reflected: bool, compare_to: Any) -> bool:
    """For the host's own Flask-Migrate, whose autogenerate would else drop our tables:
    ``Migrate(app, db, include_object=wxservices.include_object)``.
    """
    return type_ != "table" or not (name == VERSION_TABLE or _belongs(name, services()))


def services() -> tuple[str, ...]:
    """All that have tables, ``common`` first."""
    names = sorted(path.name for path in (_folder() / "versions").iterdir() if any(path.glob("*.py")))
    return (COMMON, *(name for name in names if name != COMMON))


def upgrade(*names: str) -> list[str]:
    """Make or change the tables of these services (default: the mounted ones) and the common ones.

    Answers the revisions that were applied, in order.

    :raises ConfigurationError: an unknown service, none at all, or another process that does not end.
    """
    chosen = names or _mounted()
    if not chosen:
        raise ConfigurationError("No blueprint of wxservices is registered: name the services whose tables to make.")
    _known(*chosen)
    return _migrate("upgrade", *(f"{name}@head" for name in dict.fromkeys((COMMON, *chosen))))


def downgrade(service: str, revision: str = "base") -> list[str]:
    """Take the tables of *service* back to *revision*; ``base`` drops them, with all that is in them.

    Answers the revisions that were undone, in order.  With the common tables the version table goes.

    :raises ConfigurationError: an unknown service or revision, or ``common`` while a service is left.
    """
    _known(service)
    if revision != "base" and service not in _branch(revision):
        raise ConfigurationError(f"{revision} is not a revision of {service}.")
    if service == COMMON and (left := [name for name, at in current().items() if at.applied and name != COMMON]):
        raise ConfigurationError(f"The common tables are needed by {', '.join(left)}: downgrade these first.")
    return _migrate("downgrade", f"{service}@{revision}")


def current() -> dict[str, Position]:
    """Where each service's tables are."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_config())
    with db.engine().connect() as connection, _errors():
        heads = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_heads()
        # A revision that another one depends on is not in the table, but applied all the same.
        applied = list(script.iterate_revisions(heads, "base"))
        return {
            name: Position(
                next((item.revision for item in applied if name in item.branch_labels), None),
                script.get_revision(f"{name}@head").revision,
            )
            for name in services()
        }


def check() -> list[str]:
    """What differs between the models of the mounted services and their tables, a line each; empty if nothing."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    names = tuple(dict.fromkeys((COMMON, *_mounted())))
    behind = [
        f"{name}: {at.applied or 'nothing'} is applied, {at.head} is not: run flask wxservices upgrade"
        for name, at in current().items()
        if name in names and at.applied != at.head
    ]
    if behind:
        return behind
    with db.engine().connect() as connection:
        context = MigrationContext.configure(connection, opts=_options(connection, names))
        return [_line(*difference) for difference in _flat(compare_metadata(context, db.Base.metadata))]


def revise(service: str, message: str) -> Path:
    """Write the draft of a revision that turns *service*'s tables into what its models are now (see above).

    All services' tables must be up to date in the data base.
    """
    from alembic import command

    folder = _folder() / "versions" / service
    earlier = len(list(folder.glob("*.py")))
    number = f"{earlier + 1:04}"
    with _alone() as connection, _errors():
        config = _config(connection, (service,), folder)
        config.set_main_option("file_template", f"{number}_%%(slug)s")
        script = command.revision(
            config,
            message,
            autogenerate=True,
            head=f"{service}@head" if earlier else "base",
            rev_id=f"{service}_{number}",
            branch_label=None if earlier else service,
            depends_on=None if earlier or service == COMMON else f"{COMMON}@head",
            version_path=folder,
        )
    return Path(script.path)  # type: ignore[union-attr]


def _migrate(direction: str, *targets: str) -> list[str]:
    from alembic import command

    done: list[str] = []
    with _alone() as connection, _errors():
        config = _config(connection)
        config.attributes["options"]["on_version_apply"] = lambda *, step, **_: done.append(step.up_revision_id)
        for target in targets:
            if not _in_one(connection):
                connection.commit()
            getattr(command, direction)(config, target)
        if not connection.exec_driver_sql(f"SELECT 1 FROM {VERSION_TABLE}").first():  # noqa: S608
            connection.exec_driver_sql(f"DROP TABLE {VERSION_TABLE}")
    return done


def _in_one(connection: sa.Connection) -> bool:
    """Whether all revisions are one transaction.  MariaDB commits each change of a table at once, so there Alembic
    begins and ends one around each revision, as it does by itself on a connection that is not in one.
    """
    return connection.dialect.name == "sqlite"


@contextmanager
def _alone() -> Iterator[sa.Connection]:
    """A connection on which to migrate while no other process does; commits."""
    with db.engine().connect() as connection:
        if _in_one(connection):
            _begin_immediate(connection)
            yield connection
            connection.commit()
            return
        name = "CONCAT('wxservices ', MD5(DATABASE()))"
        if connection.exec_driver_sql(f"SELECT GET_LOCK({name}, {PATIENCE})").scalar() != 1:
            raise ConfigurationError(BUSY)
        try:
            yield connection
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql(f"SELECT RELEASE_LOCK({name})")


def _begin_immediate(connection: sa.Connection) -> None:
    """Begin the one transaction of SQLite with the right to write already in hand."""
    connection.begin()
    raw: Any = connection.connection.dbapi_connection
    if raw.in_transaction:  # the host's engine has begun one, but without that right
        raw.rollback()
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        except sa.exc.OperationalError as error:
            if "locked" not in str(error.orig):
                raise
            if time.monotonic() >= deadline:
                raise ConfigurationError(BUSY) from error
        time.sleep(0.1)


@contextmanager
def _errors() -> Iterator[None]:
    from alembic.script.revision import RevisionError
    from alembic.util import CommandError

    try:
        yield
    except (CommandError, RevisionError) as error:
        raise ConfigurationError(str(error)) from error


def _branch(revision: str) -> set[str]:
    """Of what service *revision* is; of none, if there is no such revision."""
    from alembic.script import ScriptDirectory

    found = (item for item in ScriptDirectory.from_config(_config()).walk_revisions() if item.revision == revision)
    return next((item.branch_labels for item in found), set())


def _known(*names: str) -> None:
    for name in names:
        if name not in services():
            raise ConfigurationError(f"{name} has no tables; these have: {', '.join(services())}.")


def _mounted() -> tuple[str, ...]:
    """The mounted services; one without tables of its own works on the common ones."""
    known = services()
    return tuple(name if name in known else COMMON for name in current_state().mounted)


def _belongs(table: str | None, names: tuple[str, ...]) -> bool:
    return (table or "").startswith(tuple(f"wx_{name}_" for name in names))


def _folder() -> Path:
    """In an installed package the folder is inside it, in a checkout at its top."""
    inside = Path(__file__).parent / "migrations"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "migrations"


def _config(connection: sa.Connection | None = None, names: tuple[str, ...] = (), *new: Path) -> Config:
    """Alembic's configuration, made here: there is no file.

    :param names: the services whose models and tables are compared, if any are.
    :param new: a folder of revisions that is about to be made.
    """
    from alembic.config import Config

    folders = [_folder() / "versions" / name for name in services()]
    config = Config()
    for option, value in {
        "script_location": str(_folder()),
        "path_separator": "newline",
        "version_locations": "\n".join(map(str, dict.fromkeys((*folders, *new)))),
    }.items():
        config.set_main_option(option, value.replace("%", "%%"))
    if connection is not None:
        config.attributes["options"] = _options(connection, names) | {"connection": connection}
    return config


def _options(connection: sa.Connection, names: tuple[str, ...]) -> dict[str, Any]:
    """What Alembic is told; it looks at the tables of *names* only."""
    for name in names:
        import_module(f".models.{name}", __package__)

    def ours(name: str | None, type_: str) -> bool:
        return type_ != "table" or _belongs(name, names)

    return {
        "target_metadata": db.Base.metadata,
        "version_table": VERSION_TABLE,
        "compare_type": True,
        "render_as_batch": _in_one(connection),
        "include_name": lambda name, type_, parents: ours(name, type_),
        "include_object": lambda item, name, type_, reflected, compare_to: ours(name, type_),
    }


def _flat(differences: list[Any]) -> Iterator[tuple[Any, ...]]:
    """Alembic puts the changes of one column into a list of their own."""
    for item in differences:
        yield from item if isinstance(item, list) else [item]


def _line(kind: str, *what: Any) -> str:
    """``modify_type wx_traffic_slot capacity INTEGER() BIGINT()``: what is, then what should be."""
    told = (item for item in what if item is not None and not isinstance(item, dict))
    return " ".join([kind, *(str(getattr(item, "name", None) or item) for item in told)])
