"""The group finds its commands where they are, and those of a document only where it is mounted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask

from apps import make_app
from wxservices import cli
from wxservices.errors import UpstreamRefused

Run = Callable[..., Result]


def test_every_command_is_where_it_is_said_to_be(bare_host: Flask, run: Run) -> None:
    for name in [*cli.COMMANDS, "traffic"]:
        result = run(name, "--help")
        assert result.exit_code == 0
        assert result.output.startswith(f"Usage: tests wxservices {name} "), result.output
    assert run("parking").exit_code == 2


def test_a_document_has_commands_only_where_it_is_mounted(bare_host: Flask, run: Run) -> None:
    assert "  traffic " in run("--help").output
    other = make_app("sqlite://").test_cli_runner()
    assert "  traffic " not in other.invoke(args=["wxservices", "--help"]).output
    assert other.invoke(args=["wxservices", "traffic"]).exit_code == 2


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    program = """if True:
        import sys
        from flask import Flask
        from wxservices import WxServices
        app = Flask("host")
        app.config.update(SECRET_KEY="k", SQLALCHEMY_DATABASE_URI="sqlite://", WXSERVICES_SANDBOX=True)
        WxServices(app)
        print(app.test_cli_runner().invoke(args=["wxservices", "services"]).output, end="")
        print(sorted(name for name in sys.modules if name.startswith(("wxservices.cli.", "alembic", "yaml"))))
        print(sorted(name for name in sys.modules if name.startswith("wxservices.") and "traffic" in name))
    """
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert result.stdout == "Nothing is mounted.\n['wxservices.cli.mounted']\n[]\n"


def test_an_error_of_ours_is_a_line_and_one_of_nobodys_a_traceback(
    bare_host: Flask, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wxservices.services.traffic import booking

    def refuse(ordernum: str) -> None:
        raise UpstreamRefused("不行") if ordernum == "1" else KeyError(ordernum)

    monkeypatch.setattr(booking, "cancel", refuse)
    refused = run("traffic", "cancel", "1")
    assert (refused.exit_code, refused.output) == (1, "Error: 不行\n")
    assert isinstance(run("traffic", "cancel", "2").exception, KeyError)


def test_services_shows_what_is_mounted_where_and_what_it_lacks(bare_host: Flask, run: Run) -> None:
    (found,) = json.loads(run("services", "--json").output)
    assert (found["name"], found["lacks"]) == ("traffic", [])
    assert {"url": "/wx/checkorder", "methods": ["POST"]} in found["urls"]
    assert {"url": "/wx/timeselect", "methods": ["GET"]} in found["urls"]
    assert {"url": "/wx/timeselect", "methods": ["POST"]} in found["urls"]
    assert len(found["urls"]) == 14
    lines = run("services").output.splitlines()
    assert lines[:2] == ["traffic: ready", "  GET    /wx/orderselect"]


def test_services_knows_prefixes_and_missing_settings() -> None:
    from wxservices.blueprints import traffic

    app = make_app("sqlite://", WXSERVICES_SANDBOX=False)
    app.register_blueprint(traffic.bp, url_prefix="/city")
    runner = app.test_cli_runner()
    output = runner.invoke(args=["wxservices", "services"]).output
    assert output.startswith(
        "traffic: lacks WXSERVICES_WECHAT_APPID, WXSERVICES_WECHAT_SECRET, WXSERVICES_SMS_SENDER\n"
    )
    (found,) = json.loads(runner.invoke(args=["wxservices", "services", "--json"]).output)
    assert "WXSERVICES_WECHAT_APPID" in found["lacks"]
    assert all(url["url"].startswith("/city/wx/") for url in found["urls"])
