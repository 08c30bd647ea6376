"""The demonstration host: mounts everything that is built, in the sandbox unless it is configured otherwise.

Settings come from the environment as Flask reads them: ``FLASK_SECRET_KEY``, ``FLASK_SQLALCHEMY_DATABASE_URI``,
``FLASK_WXSERVICES_SANDBOX=false`` and so on.
"""

from __future__ import annotations

from pathlib import Path

from flask import Flask, redirect, url_for
from flask_socketio import SocketIO
from werkzeug.wrappers import Response

from wxservices import WxServices
from wxservices.blueprints import appointment, charging, tickets, traffic, vending, wxpay


def create_app() -> Flask:
    app = Flask(__name__, instance_path=str(Path(__file__).parent / "instance"))
    app.config.update(SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_HTTPONLY=True)
    app.config.from_prefixed_env()
    app.config.setdefault("WXSERVICES_SANDBOX", True)
    if app.config["WXSERVICES_SANDBOX"]:
        # Good for nothing but the sandbox; elsewhere both are asked for.
        app.config["SECRET_KEY"] = app.config["SECRET_KEY"] or "sandbox"
        Path(app.instance_path).mkdir(exist_ok=True)
        app.config.setdefault("SQLALCHEMY_DATABASE_URI", f"sqlite:///{app.instance_path}/wxservices.db")
    WxServices(app)
    SocketIO(app, async_mode="threading")  # before the mount: appointment's notices are served there, too
    app.register_blueprint(traffic.bp)
    app.register_blueprint(appointment.bp)
    app.register_blueprint(vending.bp)
    app.register_blueprint(tickets.bp)
    app.register_blueprint(charging.bp)
    app.register_blueprint(wxpay.bp)

    @app.get("/")
    def index() -> Response:
        return redirect(url_for("traffic.wx_orderselect"))

    return app


app = create_app()
