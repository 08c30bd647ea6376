"""Signs and nonces of ``tickets``: forged, tampered and replayed requests fail, and signed replies agree with what is
written.
"""

from __future__ import annotations

import hashlib
import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask, current_app

from races import race
from tickets_data import KEY, NOON, ORDER, URL, Caller, agency, how_many, login, on_sqlite, signed
from wxservices import db, nonces, payload, signing
from wxservices.blueprints.tickets import checks
from wxservices.models.common import Nonce
from wxservices.services.tickets import accounts

HERE = Path(__file__)
CONTACT = {"name": "张三", "indentity": "11010119900307002X", "linkmanType": "成人", "indentityType": "身份证"}


# The sign


def test_the_sign_is_made_of_what_was_sent(customer: Caller) -> None:
    """Numbers as they were written, arrays compact, members that the document does not know as well."""
    members = (
        '"ticketIdentity": "110101199003075613", "ticketName": "胡超", "fromSite": "北京", "toSite": "河南", "x": 0, '
        '"ticketDetails": [ {"seatType": "硬座", "departureDate": "2099-01-01", "trainNum": "K1"} ], "y": null, '
        '"orderAmount": 80.00, "termIp": "127.0.0.1", "nonceStr": "n1", "z": true'
    )
    plain = (
        "fromSite=北京&nonceStr=n1&orderAmount=80.00&termIp=127.0.0.1&ticketDetails="
        '[{"seatType":"硬座","departureDate":"2099-01-01","trainNum":"K1"}]'
        "&ticketIdentity=110101199003075613&ticketName=胡超&toSite=河南&x=0&z=true"
    )
    sign = hashlib.md5(f"{plain}&key={KEY}".encode()).hexdigest()
    reply = customer.call("createOrder", raw=f'{{{members}, "sign": "{sign}"}}')
    assert reply["code"] == "0000", reply


@on_sqlite
@pytest.mark.parametrize(
    "tamper",
    [
        {"orderAmount": 1},
        {"orderAmount": 80.5},
        {"fromSite": "上海"},
        {"more": "1"},
        {"nonceStr": "another"},
        {"ticketDetails": []},
        {"sign": "0" * 32},
        {"sign": "ﬀ" * 16},
        {"sign": 5},
        {"sign": []},
        {"sign": {"a": 1}},
        {"sign": True},
    ],
)
def test_a_tampered_request_is_refused(customer: Caller, tamper: dict[str, Any]) -> None:
    reply = customer.call("createOrder", {**signed(ORDER), **tamper}, sign=False)
    assert reply["code"] == "0017"
    assert how_many() == 0


@on_sqlite
@pytest.mark.parametrize("sign", [None, ""])
def test_an_empty_sign_is_none(customer: Caller, sign: Any) -> None:
    assert customer.call("createOrder", {**signed(ORDER), "sign": sign}, sign=False)["code"] == "0018"


def test_a_sign_may_be_in_small_letters(customer: Caller) -> None:
    members = signed(CONTACT)
    assert customer.call("addContacts", {**members, "sign": members["sign"].lower()}, sign=False)["code"] == "0000"


def test_a_sign_that_is_not_asked_for_must_be_right(customer: Caller) -> None:
    assert customer.call("getUserInfo", {"sign": "0" * 32}, sign=False)["code"] == "0017"
    assert customer.call("getUserInfo", signed({}))["code"] == "0000"


def test_another_key(database_uri: str) -> None:
    with agency(database_uri, WXSERVICES_TICKETS_SIGN_KEY="another") as app:
        client = app.test_client()
        body = {"userRole": "customer", "appCode": "XCX"}
        assert client.post(f"{URL}/login", json={**body, "data": signed({"code": "a"})}).get_json()["code"] == "0017"
        data = client.post(f"{URL}/login", json={**body, "data": signed({"code": "a"}, "another")}).get_json()["data"]
        assert data.pop("sign") == signing.md5(signing.texts(data), "another")


@pytest.mark.parametrize("data_as_string", [False, True])
def test_a_signed_reply_agrees_with_what_is_written(database_uri: str, data_as_string: bool) -> None:
    with agency(database_uri, WXSERVICES_TICKETS_DATA_AS_STRING=data_as_string) as app:
        client = app.test_client()
        body = {"userRole": "business", "appCode": "XCX", "data": signed({"code": "m"})}
        told = client.post(f"{URL}/login", json=body).get_json()["data"]
        assert isinstance(told, str) == data_as_string
        told = json.loads(told) if data_as_string else told
        who = Caller(client, int(told["userId"]), "business", told["loginKey"])
        for fen in (0, 8000, 8050, 7655, 1):
            with db.transaction():
                db.changed(sa.update(accounts.User).values(amount=fen, cool_amount=2 * fen))
            sent = {"userId": who.user_id, "userRole": "business", "appCode": "XCX"}
            raw = client.post(f"{URL}/getUserInfo", json=sent, headers={"loginKey": who.key}).get_data(as_text=True)
            data = payload.loads(raw)["data"]
            data = payload.loads(data) if data_as_string else data
            assert data.pop("sign") == signing.md5(signing.texts(data), KEY)
            assert data["amount"] * 100 == fen
        failed = who.call("getOrderDetails", {"id": 5})
        assert failed == {"code": "0027", "msg": "该订单不存在", "data": "{}" if data_as_string else {}}


# The nonce


@on_sqlite
@pytest.mark.parametrize("nonce", ["", None, "x" * 33, [], True, "a\x00b", "a\nb"])
def test_a_nonce_that_is_none_is_a_wrong_parameter(customer: Caller, nonce: Any) -> None:
    reply = customer.call("addContacts", signed({**CONTACT, "nonceStr": nonce}), sign=False)
    assert reply["code"] == "0013"
    assert reply["msg"].startswith("缺少参数 nonceStr")


def test_a_nonce_is_good_once_for_a_user_in_a_day(agency_app: Flask, customer: Caller) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        customer, other = login(agency_app), login(agency_app, "somebody else")
        asked = signed({"pageNum": 1, "pageSize": 1, "nonceStr": "n" * 32})
        assert customer.call("getOrderList", asked, sign=False)["code"] == "0000"
        assert customer.call("getOrderList", asked, sign=False)["code"] == "0017"
        assert customer.call("addContacts", {**CONTACT, "nonceStr": "n" * 32})["code"] == "0017", "whatever the call"
        assert other.call("getOrderList", asked, sign=False)["code"] == "0000"
        clock.shift(timedelta(hours=23, minutes=59))
        assert customer.call("getOrderList", asked, sign=False)["code"] == "0017"
        clock.shift(timedelta(minutes=2))
        assert customer.call("getOrderList", asked, sign=False)["code"] == "0000"


def test_a_nonce_is_good_once_for_a_code_at_login(agency_app: Flask) -> None:
    def code(code: str) -> str:
        body = {"userRole": "customer", "appCode": "XCX", "data": signed({"code": code, "nonceStr": "n"})}
        return str(agency_app.test_client().post(f"{URL}/login", json=body).get_json()["code"])

    assert [code("a"), code("a"), code("b")] == ["0000", "0017", "0000"]


def test_a_wrong_sign_does_not_use_a_nonce_up(customer: Caller) -> None:
    good = signed({**CONTACT, "nonceStr": "n"})
    assert customer.call("addContacts", {**good, "name": "李四"}, sign=False)["code"] == "0017"
    assert customer.call("addContacts", good, sign=False)["code"] == "0000"


def send_contact(number: int, user_id: int, key: str, guard: str) -> str:
    """What each thread does: the same signed request, word for word."""
    if guard == "nonce":
        checks.nonces.use = _use_unguarded
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    caller = Caller(app.test_client(), user_id, "customer", key)
    return str(caller.call("createOrder", signed({**ORDER, "nonceStr": "n" * 32}), sign=False)["code"])


def _use_unguarded(scope: str, value: str, lifetime: timedelta) -> bool:
    """A read, then a write: what :func:`nonces.use` is not."""
    if db.Query(sa.select(Nonce.value).where(Nonce.scope == scope, Nonce.value == value)).first():
        return False
    time.sleep(0.05)  # as long as a write of another's takes
    with db.transaction():
        db.insert_once(Nonce, {"scope": scope, "value": value, "expires_at": nonces.clock.now() + lifetime})
    return True


@pytest.mark.race
@pytest.mark.parametrize("guard", ["", "nonce"])
def test_a_request_replayed_across_processes_works_once(database_uri: str, guard: str) -> None:
    with agency(database_uri) as app:
        who = login(app)
        arguments = {"user_id": who.user_id, "key": who.key, "guard": guard}
        run = {"path": HERE, "processes": 2, "threads": 8, "mount": ("tickets",)}
        codes = race(f"{HERE.stem}:send_contact", database_uri, **run, **arguments)
        if guard:
            assert codes.count("0000") > 1, "without the guard the same load is replayed"
        else:
            assert sorted(set(codes)) == ["0000", "0017"]
            assert codes.count("0000") == 1 == how_many()
