"""The calls of the document ``appointment``: its examples, and bad input field by field."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask, request
from flask.testing import FlaskClient

from appointment_data import ADMIN, EARLY, LI, ZHANG, book, serving
from wxservices import WxServices, db
from wxservices.models.appointment import Appointment

GIVEN = "fe338962-5fb3-423e-bba1-20f39db0a543"
MONDAY = "2026-11-23"
CALLS = [
    "/v1/available-days/list",
    "/v1/avaliable-hours/list",
    "/avaliable-minutes/list",
    "/v1/make-appointment",
    "/v1/appointment/list",
    "/v1/cancel-appointment",
    "/v1./sign-in",
    "/v1/sign-in",
    "/admin/appointment/list",
    "/admin/signin-appointment/list",
]
_rows = db.Query(sa.select(sa.func.count()).select_from(Appointment))


@pytest.fixture
def client(office: Flask) -> FlaskClient:
    return office.test_client()


def ask(client: FlaskClient, url: str, body: dict[str, Any] | None = None, **options: Any) -> tuple[int, Any]:
    """``error_no`` and ``data``; the rest of the envelope is looked at here."""
    response = client.post(url, json=body or {}, **options)
    assert response.status_code == 200
    reply = response.get_json()
    assert list(reply) == ["data", "error_msg", "error_no", "request_id"]
    assert str(uuid.UUID(reply["request_id"])) == reply["request_id"]
    assert (reply["error_msg"] == "success") == (reply["error_no"] == 0)
    assert not reply["error_no"] or reply["data"] == {}
    return reply["error_no"], reply["data"]


def wish(**changes: Any) -> dict[str, Any]:
    """The body of make-appointment."""
    body = {"day": MONDAY, "hour": 10, "minute": 0, **ZHANG} | changes
    return {name: value for name, value in body.items() if value is not ...}


def test_the_documents_urls_and_no_others(office: Flask) -> None:
    rules = {
        (rule.rule, method, rule.websocket)
        for rule in office.url_map.iter_rules()
        if rule.endpoint.startswith("appointment.")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert rules == {(url, "POST", False) for url in CALLS} | {("/ws/signin-notify", "GET", True)}


# 2, 3, 4
def test_days_hours_minutes(client: FlaskClient) -> None:
    no, data = ask(client, "/v1/available-days/list")
    assert (no, list(data), data["days"][0]) == (0, ["days"], MONDAY)
    no, data = ask(client, "/v1/avaliable-hours/list", {"day": MONDAY})
    assert (no, data) == (0, [{"hour": hour, "status": 0} for hour in (9, 10, 13)])
    no, data = ask(client, "/avaliable-minutes/list", {"day": MONDAY, "hour": 10})
    assert (no, data) == (0, {"minutes": [{"minute": minute, "status": 0} for minute in range(0, 60, 10)]})
    assert ask(client, "/avaliable-minutes/list", {"day": MONDAY, "hour": "10"}) == (no, data)


# 5, 6, 7
def test_an_appointment_is_made_listed_and_cancelled(client: FlaskClient) -> None:
    no, data = ask(client, "/v1/make-appointment", wish(hour="10", phone_num=13800138000))
    assert (no, list(data)) == (0, ["appointment_id"])
    number = data["appointment_id"]
    listed = [{"datetime": "2026-11-23 10:00:00", "appointment_id": number}]
    assert ask(client, "/v1/appointment/list", {"open_id": "o-1"}) == (0, listed)
    assert ask(client, "/v1/make-appointment", wish())[0] == 1005
    cancel = {"open_id": "o-1", "appintment_id": number}
    assert ask(client, "/v1/cancel-appointment", cancel | {"open_id": "o-2"})[0] == 1004
    assert ask(client, "/v1/cancel-appointment", cancel) == (0, {})
    assert ask(client, "/v1/cancel-appointment", cancel)[0] == 1005
    assert ask(client, "/v1/cancel-appointment", cancel | {"appintment_id": number + 1})[0] == 1002
    assert ask(client, "/v1/appointment/list", {"open_id": "o-1"}) == (0, [])
    assert ask(client, "/v1/make-appointment", wish())[0] == 0


# 8
@pytest.mark.parametrize("url", ["/v1./sign-in", "/v1/sign-in"])
@pytest.mark.parametrize("field", ["appintment_id", "appointment_id"])
def test_signing_in(client: FlaskClient, url: str, field: str) -> None:
    number = book()
    assert ask(client, url, {field: number}) == (0, {})
    assert ask(client, url, {field: str(number)})[0] == 1005
    assert ask(client, url, {field: number + 1})[0] == 1002


def test_both_spellings_may_be_sent_if_they_agree(client: FlaskClient) -> None:
    first, second = book(ZHANG), book(LI)
    both = {"appintment_id": first, "appointment_id": second, "open_id": "o-1"}
    for url in ("/v1/sign-in", "/v1/cancel-appointment"):
        assert ask(client, url, both)[0] == 1001
    assert ask(client, "/v1/sign-in", both | {"appointment_id": str(first)}) == (0, {})


# 9
def test_the_admins_lists(client: FlaskClient) -> None:
    number, other = book(ZHANG), book(LI, 10, 10)
    ask(client, "/v1/sign-in", {"appintment_id": number})
    ask(client, "/v1/cancel-appointment", {"open_id": "o-2", "appintment_id": other})
    zhang = {"day": MONDAY, "hour": 9, "minute": 0, **ZHANG, "status": 0}
    li = {"day": MONDAY, "hour": 10, "minute": 10, **LI, "status": 1}
    for body in ({}, {"date": MONDAY}, {"date": ""}, {"date": None}):
        assert ask(client, "/admin/appointment/list", body, headers=ADMIN) == (0, [li, zhang])
        assert ask(client, "/admin/signin-appointment/list", body, headers=ADMIN) == (0, [zhang])
    assert ask(client, "/admin/appointment/list", {"date": "2026-11-24"}, headers=ADMIN) == (0, [])
    assert ask(client, "/admin/appointment/list", {"date": "2026-02-30"}, headers=ADMIN)[0] == 1001


TOO_LONG = "x" * 300
BAD_DAYS = (..., "", "2026-11-31", "2026-02-29", "20261123", "2026/11/23", "2026-11-3", "٢٠٢٦-11-23", [], {}, 1.5, True)
BAD: list[tuple[str, Any]] = [
    *[("day", value) for value in (*BAD_DAYS, "2026-12-23", "9999-12-31")],
    *[("hour", value) for value in (..., "", -1, 24, 8, 11, "１0", 10.5, "10.0", True, [10], 10**30)],
    *[("minute", value) for value in (..., None, -1, 60, 5, "x", 0.5, False, {})],
    *[("open_id", value) for value in (..., "", "  ", "o\x00", "o\n1", TOO_LONG, ["o-1"], "\ud800")],
    *[("name", value) for value in (..., "", "\u3000", "张\x00三", TOO_LONG, {"a": 1})],
    *[("phone_num", value) for value in (..., "", "1380013800", "23800138000", "１3800138000", "+8613800138000", [])],
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_bad_input_is_refused_naming_the_field(client: FlaskClient, field: str, value: Any) -> None:
    response = client.post("/v1/make-appointment", json=wish(**{field: value}))
    reply = response.get_json()
    assert (response.status_code, reply["error_no"], reply["data"]) == (200, 1001, {})
    assert reply["error_msg"].startswith(f"{field} ")
    assert _rows.scalar() == 0


@pytest.mark.parametrize("changes", [{"day": "2026-11-22"}, {"day": "0001-01-01"}, {"day": "2026-11-20"}])
def test_what_is_past_is_told_apart(client: FlaskClient, changes: dict[str, Any]) -> None:
    assert ask(client, "/v1/make-appointment", wish(**changes))[0] == 1003
    assert ask(client, "/v1/avaliable-hours/list", changes)[0] == 1003
    with time_machine.travel("2026-11-23T02:00:00+00:00", tick=False):
        assert ask(client, "/v1/make-appointment", wish())[0] == 1003


def test_what_is_full_is_told_apart(client: FlaskClient) -> None:
    for number in (1, 2):
        assert ask(client, "/v1/make-appointment", wish(open_id=f"other-{number}"))[0] == 0
    assert ask(client, "/v1/make-appointment", wish())[0] == 1003


@pytest.mark.parametrize(
    ("url", "body", "field"),
    [
        *[("/v1/avaliable-hours/list", {"day": day}, "day") for day in BAD_DAYS if day is not ...],
        ("/avaliable-minutes/list", {"day": MONDAY}, "hour"),
        ("/avaliable-minutes/list", {"day": MONDAY, "hour": 24}, "hour"),
        ("/avaliable-minutes/list", {"day": MONDAY, "hour": 12}, "hour"),
        ("/avaliable-minutes/list", {"day": "2026-11-29", "hour": 9}, "hour"),
        ("/avaliable-minutes/list", {"hour": 9}, "day"),
        ("/v1/appointment/list", {}, "open_id"),
        ("/v1/cancel-appointment", {"appintment_id": 1}, "open_id"),
        ("/v1/cancel-appointment", {"open_id": "o-1"}, "appintment_id"),
        *[("/v1./sign-in", {"appintment_id": value}, "appintment_id") for value in (0, -1, "x", 1.5, True, [1], 2**63)],
        ("/v1/sign-in", {"appointment_id": "x"}, "appointment_id"),
        ("/v1/sign-in", {}, "appintment_id"),
    ],
)
def test_bad_input_of_the_smaller_calls(client: FlaskClient, url: str, body: dict[str, Any], field: str) -> None:
    reply = client.post(url, json=body).get_json()
    assert (reply["error_no"], reply["data"]) == (1001, {})
    assert reply["error_msg"].startswith(f"{field} ")


@pytest.mark.parametrize("url", [url for url in CALLS if url != "/v1/available-days/list"])
@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff\xfe", b"{" * 10_000, b'{"day":"' + b"1" * 2_000_000])
def test_a_body_that_is_none_is_refused_in_the_envelope(client: FlaskClient, url: str, body: bytes) -> None:
    reply = client.post(url, data=body, content_type="application/json", headers=ADMIN)
    assert (reply.status_code, reply.get_json()["error_no"]) == (200, 1001)


def test_with_the_data_base_out_of_reach(client: FlaskClient) -> None:
    with db.engine().begin() as connection:
        connection.execute(sa.text("DROP TABLE wx_appointment_opening"))
    assert ask(client, "/v1/available-days/list")[0] == 1500


def test_rare_characters_and_emoji_survive(client: FlaskClient) -> None:
    assert ask(client, "/v1/make-appointment", wish(name="𠮷田😀"))[0] == 0
    assert ask(client, "/admin/appointment/list", headers=ADMIN)[1][0]["name"] == "𠮷田😀"


# The id of the request


def test_the_request_id_is_the_clients_and_in_the_log(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        reply = client.post("/v1/appointment/list", json={}, headers={"X-Request-ID": GIVEN}).get_json()
    assert reply["request_id"] == GIVEN
    assert GIVEN in caplog.text
    ids = {client.post("/v1/available-days/list").get_json()["request_id"] for _ in range(3)}
    assert len(ids) == 3


# Who may


@contextmanager
def visited(extension: WxServices | None = None, **config: Any) -> Iterator[FlaskClient]:
    with time_machine.travel(EARLY, tick=False), serving("sqlite://", extension=extension, **config) as app:
        yield app.test_client()


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer no", "Basic sandbox", "sandbox", "Bearer 沙盒"])
@pytest.mark.parametrize("url", CALLS[-2:])
def test_without_the_token_the_admins_lists_are_closed(url: str, header: str) -> None:
    with visited() as client:
        sent = {"Authorization": header.encode().decode("latin-1")} if header else {}
        assert ask(client, url, headers=sent)[0] == 1004
        assert ask(client, url, {"date": "nonsense"}, headers=sent)[0] == 1004  # before the parameters
        assert ask(client, f"{url}?token=sandbox", {"token": "sandbox"}, headers=sent)[0] == 1004


@pytest.mark.parametrize("token", [None, ""])
def test_outside_the_sandbox_without_a_token_nobody_is_admin(token: str | None) -> None:
    with visited(WXSERVICES_SANDBOX=False, WXSERVICES_ADMIN_TOKEN=token) as client:
        for sent in ("sandbox", "", "None"):
            assert ask(client, CALLS[-1], headers={"Authorization": f"Bearer {sent}"})[0] == 1004
    with visited(WXSERVICES_SANDBOX=False, WXSERVICES_ADMIN_TOKEN=123456) as client:
        assert ask(client, CALLS[-1], headers={"Authorization": "bearer 123456"})[0] == 0


def test_the_hosts_own_check_counts_beside_the_token() -> None:
    extension = WxServices(admin_check=lambda: request.headers.get("Role") == "chief")
    with visited(extension, WXSERVICES_SANDBOX=False, WXSERVICES_ADMIN_TOKEN="t") as client:
        assert ask(client, CALLS[-1])[0] == 1004
        assert ask(client, CALLS[-1], headers={"Role": "chief"})[0] == 0
        assert ask(client, CALLS[-1], headers={"Authorization": "Bearer t"})[0] == 0


def test_a_host_that_knows_its_users_has_the_open_id_enforced() -> None:
    extension = WxServices()

    @extension.openid_loader
    def user() -> str | None:
        return request.headers.get("User")

    with visited(extension) as client:
        own, other = {"headers": {"User": "o-1"}}, {"headers": {"User": "o-2"}}
        number = ask(client, "/v1/make-appointment", wish(), **own)[1]["appointment_id"]
        for url, body in [
            ("/v1/make-appointment", wish(minute=10)),
            ("/v1/appointment/list", {"open_id": "o-1"}),
            ("/v1/cancel-appointment", {"open_id": "o-1", "appintment_id": number}),
        ]:
            assert ask(client, url, body)[0] == 1004  # nobody
            assert ask(client, url, body, **other)[0] == 1004
            assert ask(client, url, body | {"open_id": ["o-2"]}, **other)[0] == 1001
            assert ask(client, url, body | {"open_id": ""}, **other)[0] == 1001
            assert ask(client, url, body | {"open_id": " o-1\u3000"}, **own)[0] == 0
        assert _rows.scalar() == 2


def test_under_a_prefix() -> None:
    with time_machine.travel(EARLY, tick=False), serving("sqlite://", prefix="/desk") as app:
        assert ask(app.test_client(), "/desk/v1/available-days/list")[0] == 0
