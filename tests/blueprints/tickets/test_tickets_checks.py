"""What a request of ``tickets`` must show, and in what order; forged, tampered and replayed ones fail."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tickets_data import ORDER, URL, Caller, agency, how_many, login, merchant, newest, on_sqlite, signed
from wxservices import db, tokens
from wxservices.services.tickets import accounts

CALLS = [
    "getUserInfo",
    "addContacts",
    "selectContacts",
    "sendPhoneCode",
    "checkPhoneCode",
    "createOrder",
    "getOrderList",
    "getOrderDetails",
    "payOrder",
    "cancleOrder",
    "returnAmount",
    "confirmeOrder",
    "appConfig",
]
SIGNED = ["login", "addContacts", "sendPhoneCode", "checkPhoneCode", "createOrder", "getOrderList"]


def test_the_documents_urls_and_no_others(agency_app: Flask) -> None:
    rules = {
        (rule.rule, method)
        for rule in agency_app.url_map.iter_rules()
        if rule.endpoint.startswith("tickets.")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert rules == {(f"{URL}/{name}", "POST") for name in ["login", *CALLS]}


@on_sqlite
@pytest.mark.parametrize("name", CALLS)
def test_the_order_of_the_checks(customer: Caller, name: str) -> None:
    """Everything is wrong at first; what is asked for first is put right, one after the other."""
    sent: dict[str, Any] = {"data": "no JSON"}
    headers: dict[str, str] = {}

    def code() -> str:
        return str(customer.client.post(f"{URL}/{name}", json=sent, headers=headers).get_json()["code"])

    assert code() == "0016"
    sent["appCode"] = "xcx"
    assert code() == "0016"
    sent["appCode"] = "XCX"
    assert code() == "0013"
    sent["userRole"] = "admin"
    assert code() == "0013"
    sent["userRole"] = "customer"
    assert code() == "0008"
    sent["userId"] = str(customer.user_id)
    assert code() == "0007"
    headers["LOGINKEY"] = "forged"
    assert code() == "0006"
    headers["LOGINKEY"] = customer.key
    assert code() == "0013"
    sent["data"] = json.dumps({"wrong": "members"})
    if name in SIGNED:
        assert code() == "0018"
    sent["data"] = json.dumps({"wrong": "members", "sign": "F" * 32})
    assert code() == "0017"
    sent["data"] = json.dumps(signed({"wrong": "members"}))
    assert code() == ("0000" if name in ("getUserInfo", "selectContacts") else "0013")
    assert code() == "0017", "the nonce is used"


def test_the_order_of_the_checks_at_login(agency_app: Flask) -> None:
    client = agency_app.test_client()

    def code(**sent: Any) -> str:
        return str(client.post(f"{URL}/login", json=sent).get_json()["code"])

    assert code(userRole="customer") == "0016"
    assert code(appCode="XCX", data="{") == "0013"
    who = {"appCode": "XCX", "userRole": "customer"}
    assert code(**who, data="{") == "0013"
    assert code(**who) == "0018"
    assert code(**who, data={"code": "a", "sign": "0" * 32}) == "0017"
    assert code(**who, data=signed({})) == "0013"
    assert code(**who, data=signed({"code": "invalid"})) == "1000"


@on_sqlite
@pytest.mark.parametrize("field", ["appCode", "userRole", "userId"])
@pytest.mark.parametrize("value", [..., None, "", [], {}, True, 1.5, "客户"])
def test_what_stands_beside_data(customer: Caller, field: str, value: Any) -> None:
    reply = customer.call("getUserInfo", **{field: value})
    wanted = {"appCode": "0016", "userRole": "0013", "userId": "0008"}[field]
    assert reply["code"] == ("0006" if field == "userId" and value == "客户" else wanted)


def test_data_as_a_form_as_text_and_as_an_object(customer: Caller) -> None:
    text = json.dumps(signed({"keyType": "refuel_bag"}))
    body = {"userId": customer.user_id, "userRole": "customer", "appCode": "XCX"}
    headers = {"loginkey": customer.key}
    url = f"{URL}/appConfig"
    replies = [
        customer.client.post(url, data={**body, "data": text}, headers=headers),
        customer.client.post(url, json={**body, "data": signed({"keyType": "refuel_bag"})}, headers=headers),
        customer.client.post(url, data={**body, "data[keyType]": "refuel_bag"}, headers=headers),
    ]
    assert [reply.get_json() for reply in replies] == [{"code": "0000", "msg": "成功", "data": []}] * 3


BAD_DATA = [
    "{",
    "[]",
    '"x"',
    "5",
    "null",
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":"\\ud800"}',
    "[" * 100 + "]" * 100,
    '{"a":' * 30 + "1" + "}" * 30,
    5,
    [],
    True,
]


@on_sqlite
@pytest.mark.parametrize("data", BAD_DATA)
def test_data_that_is_no_object_is_refused(customer: Caller, data: Any) -> None:
    reply = customer.call("createOrder", raw=data)
    assert reply["code"] == "0013"
    assert reply["msg"].startswith("缺少参数 data")
    assert how_many() == 0


@on_sqlite
@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"null", b'{"a":NaN}', b"\xff\xfe", b"{" * 10_000, b'{"a":"' + b"1" * 2_000_000 + b'"}']
)
@pytest.mark.parametrize("name", ["login", "createOrder"])
def test_a_body_that_is_none_is_refused_in_the_envelope(customer: Caller, name: str, body: bytes) -> None:
    reply = customer.client.post(f"{URL}/{name}", data=body, content_type="application/json")
    assert reply.status_code == 200
    assert reply.get_json()["code"] == "0013"


# The login


def test_a_login_key_is_of_this_user_in_this_role(agency_app: Flask, customer: Caller, business: Caller) -> None:
    other = login(agency_app, "somebody else")
    assert customer.call("getUserInfo", userId=other.user_id)["code"] == "0006"
    assert customer.call("getUserInfo", userRole="business")["code"] == "0006"
    assert customer.call("getUserInfo", userId=f"0{customer.user_id}")["code"] == "0006"
    assert login(agency_app, role="business").user_id != customer.user_id, "a role has an account of its own"


def test_a_login_key_expires_and_can_be_revoked(agency_app: Flask, customer: Caller) -> None:
    assert customer.call("getUserInfo")["code"] == "0000"
    assert accounts.logout(user_id=customer.user_id) == 1
    assert customer.call("getUserInfo")["code"] == "0006"
    again = login(agency_app)
    lifetime = agency_app.extensions["wxservices"].settings.tickets_login_lifetime
    with time_machine.travel(lifetime + timedelta(minutes=1)):
        assert again.call("getUserInfo")["code"] == "0006"


@on_sqlite
@pytest.mark.parametrize("change", [lambda key: key[:-1], lambda key: key + "A", str.upper, lambda key: "é" + key])
def test_a_tampered_login_key_is_refused(customer: Caller, change: Any) -> None:
    customer.key = change(customer.key)
    assert customer.call("getUserInfo")["code"] == "0006"


def test_a_login_key_of_another_service_is_refused(customer: Caller) -> None:
    customer.key = tokens.issue("charging", f"{customer.user_id}:customer", timedelta(days=1))
    assert customer.call("getUserInfo")["code"] == "0006"


def test_a_login_key_costs_one_read(customer: Caller) -> None:
    statements: list[str] = []
    sa.event.listen(db.engine(), "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert customer.call("appConfig", {"keyType": "other"}, sign=False)["code"] == "0000"
    assert len(statements) == 1
    assert "wx_common_token" in statements[0]


def test_sign_key_is_needed_outside_the_sandbox(database_uri: str) -> None:
    from wxservices.blueprints import tickets

    with agency(database_uri, WXSERVICES_SANDBOX=False) as app:
        assert {
            "WXSERVICES_TICKETS_APPID",
            "WXSERVICES_TICKETS_SECRET",
            "WXSERVICES_TICKETS_SIGN_KEY",
        } <= set(app.extensions["wxservices"].lacks(tickets.bp.service))
        reply = app.test_client().post(f"{URL}/login", json={}).get_json()
        assert reply == {"code": "9999", "msg": "服务器异常", "data": {}}


def test_a_merchant_does_not_order(agency_app: Flask) -> None:
    reply = merchant(agency_app).call("createOrder", ORDER)
    assert reply["code"] == "0013"
    assert "userRole" in reply["msg"]


def test_each_order_has_a_number_of_its_own(customer: Caller) -> None:
    numbers = {customer.order().order_no for _ in range(3)}
    assert len(numbers) == 3
    assert all(len(number) == 22 and number.isdigit() for number in numbers)
    assert newest().order_no.startswith("88")


def test_two_applications_in_one_process_do_not_meet(sqlite_uri: str, tmp_path: Path) -> None:
    with agency(sqlite_uri, prefix="/agency", WXSERVICES_TICKETS_DATA_AS_STRING=True) as first:
        body = {"userRole": "customer", "appCode": "XCX", "data": signed({"code": "a"})}
        told = first.test_client().post(f"/agency{URL}/login", json=body).get_json()
        assert isinstance(told["data"], str)
        with agency(f"sqlite:///{tmp_path}/second.db", SECRET_KEY="another") as second:
            other = login(second, "b")
            assert other.call("getUserInfo")["code"] == "0000"
            other.key = json.loads(told["data"])["loginKey"]
            assert other.call("getUserInfo")["code"] == "0006", "a login of the first is none in the second"
            assert first.test_client().post(f"{URL}/login").status_code == 404
