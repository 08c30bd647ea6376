"""The id of a request: the client's own if it is a UUID, else a new one; the same throughout."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask

from wxservices import request_id

GIVEN = "fe338962-5fb3-423e-bba1-20f39db0a543"


@pytest.mark.parametrize("sent", [GIVEN, GIVEN.upper()])
def test_a_clients_own_is_taken_over(sent: str) -> None:
    with Flask("host").test_request_context(headers={"X-Request-ID": sent}):
        assert request_id.current() == sent


@pytest.mark.parametrize("sent", [None, "", "1", GIVEN + "0", "{" + GIVEN + "}", GIVEN.replace("-", ""), GIVEN + " x"])
def test_anything_else_is_not(sent: str | None) -> None:
    app = Flask("host")
    found = set()
    for _ in range(2):
        with app.test_request_context(headers={"X-Request-ID": sent} if sent is not None else {}):
            found.add(request_id.current())
            assert request_id.current() in found
            assert str(uuid.UUID(request_id.current())) != sent
    assert len(found) == 2
