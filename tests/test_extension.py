"""Setting an application up: own data base or the host's, before or after the mount, two apps apart."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from wxservices import WxServices
from wxservices.blueprints import traffic
from wxservices.errors import ConfigurationError
from wxservices.state import state_of

SANDBOX = {"SECRET_KEY": "k", "WXSERVICES_SANDBOX": True, "SQLALCHEMY_DATABASE_URI": "sqlite://", "TESTING": True}


def _app(**config: object) -> Flask:
    app = Flask("host")
    app.config.update(SANDBOX)
    app.config.update(config)
    return app


def test_without_a_db_one_is_made_and_with_one_it_is_used() -> None:
    app = _app()
    WxServices(app)
    assert state_of(app).db is app.extensions["sqlalchemy"]

    db = SQLAlchemy()
    app = _app()
    WxServices(app, db=db)
    db.init_app(app)  # the host may do this later
    assert state_of(app).db is db

    app = _app()
    db.init_app(app)
    WxServices(app)
    assert state_of(app).db is db


@pytest.mark.parametrize(
    "config",
    [
        {"SECRET_KEY": None},
        {"SECRET_KEY": 123456},
        {"SECRET_KEY_FALLBACKS": "one string"},
        {"SQLALCHEMY_DATABASE_URI": None},
    ],
)
def test_what_is_missing_for_all_is_an_error_at_start_that_names_it(config: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(config))):
        WxServices(_app(**config))


def test_twice_on_one_application_is_an_error() -> None:
    app = _app()
    WxServices(app)
    with pytest.raises(ConfigurationError, match="already"):
        WxServices(app)


@pytest.mark.parametrize("prefix", [None, "/city"])
@pytest.mark.parametrize("extension_first", [True, False])
def test_a_blueprint_is_mounted_before_or_after_under_any_prefix(extension_first: bool, prefix: str | None) -> None:
    app = _app()
    if extension_first:
        WxServices(app)
    app.register_blueprint(traffic.bp, url_prefix=prefix)
    if not extension_first:
        WxServices(app)
    assert list(state_of(app).mounted) == ["traffic"]
    reply = app.test_client().post(f"{prefix or ''}/wx/getordertime", json={})
    assert reply.get_json() == {"retcode": "0004", "regmsg": "date 日期不能为空"}


def test_a_mount_without_the_extension_is_a_clear_error() -> None:
    app = _app()
    app.register_blueprint(traffic.bp)
    with pytest.raises(ConfigurationError, match=r"call WxServices\(app\)"):
        app.test_client().post("/wx/checkorder", json={})


@pytest.mark.parametrize("extension_first", [True, False])
def test_a_missing_credential_is_named_at_start_and_stops_that_blueprint_alone(
    extension_first: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = _app(WXSERVICES_SANDBOX=False)
    steps = [lambda: WxServices(app), lambda: app.register_blueprint(traffic.bp)]
    with caplog.at_level(logging.ERROR):
        for step in steps if extension_first else reversed(steps):
            step()
    assert "traffic cannot start: WXSERVICES_WECHAT_APPID is not set" in caplog.text

    app.add_url_rule("/own", view_func=lambda: "the host's page")
    client = app.test_client()
    reply = client.post("/wx/checkorder", json={})
    assert (reply.status_code, reply.get_json()["retcode"]) == (200, "9999")
    assert "WXSERVICES_WECHAT_APPID" in caplog.text
    assert client.get("/own").text == "the host's page"


def test_the_sandbox_says_so_loudly(caplog: pytest.LogCaptureFixture) -> None:
    WxServices(_app())
    assert "WXSERVICES_SANDBOX is on" in caplog.text


def test_two_applications_share_nothing() -> None:
    extension = WxServices()
    one, other = _app(), _app(WXSERVICES_TIMEZONE="UTC")
    for app in (one, other):
        extension.init_app(app)
    one.register_blueprint(traffic.bp)
    assert state_of(one).mounted
    assert not state_of(other).mounted
    assert state_of(one).settings.timezone != state_of(other).settings.timezone
    assert state_of(one).parts is not state_of(other).parts
    assert other.test_client().post("/wx/checkorder").status_code == 404


def test_nothing_of_the_host_is_changed() -> None:
    app = _app()
    SQLAlchemy(app)
    config, handlers = dict(app.config), dict(app.error_handler_spec)
    WxServices(app)
    app.register_blueprint(traffic.bp)
    assert dict(app.config) == config
    assert dict(app.error_handler_spec) == handlers
    for funcs in (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs):
        assert not funcs.get(None)


def test_unknown_urls_and_wrong_methods_are_the_hosts() -> None:
    app = _app()
    WxServices(app)
    app.register_blueprint(traffic.bp)
    app.register_error_handler(404, lambda error: ("nothing here", 404))
    client = app.test_client()
    assert client.get("/wx/none").text == "nothing here"
    assert client.get("/wx/checkorder").status_code == 405
