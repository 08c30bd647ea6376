"""``WxServices``: puts the library together for an application."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Flask
from flask_sqlalchemy import SQLAlchemy

from . import settings as settings_
from .errors import ConfigurationError
from .state import state_of

log = logging.getLogger(__name__)


class WxServices:
    """The Flask extension.

    ::

        app = Flask(__name__)
        WxServices(app)                       # or WxServices(app, db=db), or ext = WxServices(); ext.init_app(app)
        app.register_blueprint(traffic.bp)    # before or after, under any prefix

    :param db: the host's Flask-SQLAlchemy object.  Without it, the one already bound to *app* is used, and
        without that a new one is made from ``SQLALCHEMY_DATABASE_URI``.
    :param sms_sender: an object with ``send(message: wxservices.sms.Message) -> None`` that replaces the
        configured provider.
    :param openid_loader: see :meth:`openid_loader`.
    :param admin_check: see :meth:`admin_check`.
    :param pile_driver: a :class:`wxservices.piles.Driver` that replaces ``WXSERVICES_CHARGING_GATEWAY``.
    :raises ConfigurationError: an unknown or malformed ``WXSERVICES_`` setting, no ``SECRET_KEY``, no data base.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        db: Any = None,
        sms_sender: Any = None,
        openid_loader: Callable[[], str | None] | None = None,
        admin_check: Callable[[], bool] | None = None,
        pile_driver: Any = None,
    ) -> None:
        self._db = db
        given = {
            "sms_sender": sms_sender,
            "openid_loader": openid_loader,
            "admin_check": admin_check,
            "pile_driver": pile_driver,
        }
        self._hooks: dict[str, Any] = {name: hook for name, hook in given.items() if hook is not None}
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Set *app* up.  Several applications may share one extension object; they share nothing else."""
        state = state_of(app)
        if state.ready:
            raise ConfigurationError("WxServices is already set up for this application.")
        settings = settings_.load(app.config)
        _check_keys(app)
        state.start(settings, self._db or app.extensions.get("sqlalchemy") or _own_db(app), self._hooks)
        app.register_blueprint(_assets())
        if settings.sandbox:
            from .blueprints import sandbox

            log.warning("WXSERVICES_SANDBOX is on: WeChat and SMS are stand-ins, codes are shown. Not for production.")
            app.register_blueprint(sandbox.bp)
        from .cli import group

        app.cli.add_command(group)

    def openid_loader(self, loader: Callable[[], str | None]) -> Callable[[], str | None]:
        """Register the host's own way to know who is asking: a function that returns the openid of the
        current request's user, or None.  WeChat is then never asked.  Usable as a decorator.
        """
        self._hooks["openid_loader"] = loader
        return loader

    def admin_check(self, check: Callable[[], bool]) -> Callable[[], bool]:
        """Register the host's own way to know an admin: a function that answers whether the current request's user is
        one.  It counts beside ``WXSERVICES_ADMIN_TOKEN``.  Usable as a decorator.
        """
        self._hooks["admin_check"] = check
        return check


def _check_keys(app: Flask) -> None:
    key, older = app.config.get("SECRET_KEY"), app.config.get("SECRET_KEY_FALLBACKS") or []
    if not key:
        raise ConfigurationError("SECRET_KEY is not set: sessions, tokens and SMS codes are signed with it.")
    # Read as a list, a string would make a key of each letter; digits from the environment arrive as a number.
    if not isinstance(older, list | tuple) or not all(isinstance(each, str | bytes) for each in (key, *older)):
        raise ConfigurationError("SECRET_KEY must be a string, and SECRET_KEY_FALLBACKS a list of strings.")


def _assets() -> Blueprint:
    """Style sheets, scripts and common templates, in a blueprint of their own: a document's has the document's URLs."""
    return Blueprint(
        "wxservices",
        __name__,
        static_folder="static",
        static_url_path="/static",
        template_folder="templates",
        url_prefix="/wxservices",
    )


def _own_db(app: Flask) -> SQLAlchemy:
    if not app.config.get("SQLALCHEMY_DATABASE_URI") and not app.config.get("SQLALCHEMY_BINDS"):
        raise ConfigurationError("SQLALCHEMY_DATABASE_URI is not set, and no db was given to WxServices.")
    db = SQLAlchemy()
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            sa.event.listen(db.engine, "connect", _prepare_sqlite)
    return db


def _prepare_sqlite(connection: Any, record: object) -> None:
    """Readers beside a writer, patience instead of "database is locked", and foreign keys that hold."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
