"""A front desk's screen: today's appointments, and rows that light up when someone signs in.

A host application of its own, with a login of its own, on the data base of the service.  It asks the calls of the
document ``appointment`` and listens to its WebSocket, as any admin page does.

    FLASK_SQLALCHEMY_DATABASE_URI=sqlite:///…/instance/wxservices.db flask --app examples/frontdesk/app run

Where it runs in another process than the service, ``FLASK_WXSERVICES_MESSAGE_QUEUE`` must be the same for both, and so
must ``FLASK_SECRET_KEY``.
"""

from __future__ import annotations

import hmac
from typing import Any

from flask import Flask, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from wxservices import WxServices, clock
from wxservices.blueprints import appointment


def is_staff() -> bool:
    return bool(session.get("staff"))


def create_app(**config: Any) -> Flask:
    app = Flask(__name__)
    # Good for a demonstration alone; a real desk sets all of them in its environment.
    app.config.update(WXSERVICES_SANDBOX=True, SECRET_KEY="sandbox", DESK_PASSWORD="desk")  # noqa: S106
    app.config.update(SESSION_COOKIE_SAMESITE="Lax")
    app.config.from_prefixed_env()
    app.config.update(config)
    WxServices(app, admin_check=is_staff)
    app.register_blueprint(appointment.bp)

    @app.get("/")
    def desk() -> Response | str:
        return render_template("desk.html", today=clock.today()) if is_staff() else redirect(url_for("login"))

    @app.get("/login")
    def login() -> str:
        return render_template("login.html")

    @app.post("/login")
    def enter() -> Response | tuple[str, int]:
        if not hmac.compare_digest(
            request.form.get("password", "").encode(), str(app.config["DESK_PASSWORD"]).encode()
        ):
            return render_template("login.html", wrong=True), 403
        session["staff"] = True
        return redirect(url_for("desk"))

    return app
