"""What the tests of ``vending`` start from: the demo's shops, and a client who is logged in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from apps import make_app, running
from wxservices import db, operator_file
from wxservices.blueprints import vending
from wxservices.services.vending import SERVICE, audit, demo, operator, people
from wxservices.services.vending.people import Known

EARLY = "2026-11-23T00:00:00+00:00"
"""08:00 in Beijing on a Monday."""

RAN = Known(1, "冉总", (888,))
PHONE, OTHER_PHONE = demo.PHONES


def load(data: dict[str, Any] | None = None) -> None:
    """Load *data*, by default that of the demo."""
    if data is None:
        content = (resources.files("wxservices") / "demo" / "vending.yaml").read_bytes()
        file = operator_file.read("demo/vending.yaml", content, {"vending": SERVICE})
        assert file.faults == []
        data = file.data["vending"]
    with db.transaction():
        sum(operator.apply(data))


@contextmanager
def shops(uri: str, **config: Any) -> Iterator[Flask]:
    """An application that serves ``vending`` under /mp with the demo's shops, inside its context."""
    app = make_app(uri, **config)
    app.register_blueprint(vending.bp, url_prefix="/mp")
    with running(app, "vending"):
        load()
        yield app


def logged_in(app: Flask, phone: str = PHONE) -> FlaskClient:
    """A client with the cookie of *phone*."""
    client = app.test_client()
    people.set_password(phone=phone, password_md5=demo.PASSWORD)
    reply = call(client, "login_save", login_mp=1, phone=phone, password_md5=demo.PASSWORD)
    assert reply["ret"] == 0
    return client


def call(client: FlaskClient, url: str, **body: Any) -> dict[str, Any]:
    """The reply to *body* at *url*."""
    response = client.post(f"/mp/{url}.php", json=body)
    assert response.status_code == 200
    reply: dict[str, Any] = response.get_json()
    return reply


def clean() -> bool:
    """Whether stock and ledger agree."""
    return list(audit.differences()) == []
