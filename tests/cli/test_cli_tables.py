"""``upgrade``, ``downgrade``, ``current``, ``check``: what is said and how it ends.  What they do: test_migration."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from wxservices import db, migration

Run = Callable[..., Result]


def newest(service: str) -> str:
    files = (migration._folder() / "versions" / service).glob("[0-9]*.py")
    return f"{service}_{max(path.name[:4] for path in files)}"


def test_from_nothing_to_everything_and_back(bare_host: Flask, run: Run) -> None:
    common, traffic = newest("common"), newest("traffic")
    assert run("current").output == "common: no tables\ntraffic: no tables\n"  # and no line for what is not mounted
    assert run("upgrade").output.splitlines()[-1] == f"Applied {traffic}."
    assert run("upgrade").output == "The tables are up to date.\n"
    assert run("current").output == f"common: {common}\ntraffic: {traffic}\n"
    assert run("check").output == "The tables are as the models have them.\n"
    assert run("downgrade", "traffic", "--yes").output.startswith(f"Undid {traffic}.\n")
    assert run("downgrade", "traffic", "--yes").output == "There was nothing to undo.\n"
    assert run("downgrade", "common", "--yes").output.endswith("Undid common_0001.\n")


def test_upgrade_of_a_named_service(bare_host: Flask, run: Run) -> None:
    assert run("upgrade", "common").output.splitlines()[-1] == f"Applied {newest('common')}."
    assert run("upgrade", "traffic").output.splitlines()[0] == "Applied traffic_0001."


def test_downgrade_asks_first(host: Flask, run: Run) -> None:
    refused = run("downgrade", "traffic", input="n\n")
    assert refused.exit_code == 1
    assert "Aborted" in refused.output
    assert run("current").output.endswith(f"traffic: {newest('traffic')}\n")
    assert run("downgrade", "traffic", input="y\n").exit_code == 0
    assert run("current").output.endswith("traffic: no tables\n")


def test_check_prints_the_differences_and_exits_with_1(host: Flask, run: Run) -> None:
    with host.app_context(), db.engine().begin() as connection:
        connection.exec_driver_sql("DROP TABLE wx_common_nonce")
    result = run("check")
    assert result.exit_code == 1
    assert "add_table wx_common_nonce\n" in result.output


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["upgrade", "trafic"], "Error: trafic has no tables; these have: common, "),
        (["downgrade", "trafic", "--yes"], "Error: trafic has no tables; these have: common, "),
        (["downgrade", "common", "--yes"], "Error: The common tables are needed by traffic: downgrade these first."),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(host: Flask, run: Run, command: list[str], message: str) -> None:
    result = run(*command)
    assert result.exit_code == 1
    assert result.output.startswith(message)
    assert result.output.count("\n") == 1


def test_without_tables_a_command_says_what_to_do(bare_host: Flask, run: Run) -> None:
    result = run("demo")
    assert result.exit_code == 1
    assert result.output.endswith("flask wxservices upgrade\n")
    assert "INSERT" not in result.output


def test_revision_is_there_for_developers_but_not_listed(
    host: Flask, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "revision" not in run("--help").output
    asked = []
    monkeypatch.setattr(migration, "revise", lambda *args: asked.append(args))
    assert run("revision", "traffic", "-m", "a note").exit_code == 0
    assert asked == [("traffic", "a note")]


def test_the_tables_are_in_the_data_base_of_the_host(host: Flask) -> None:
    with host.app_context():
        names = set(sa.inspect(host.extensions["sqlalchemy"].engine).get_table_names())
    assert {"wx_traffic_slot", migration.VERSION_TABLE} <= names
