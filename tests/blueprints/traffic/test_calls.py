"""The JSON calls of the document ``traffic``: its examples, and bad input field by field."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from traffic_data import LI, ZHANG, book, code_for, timeid
from wxservices import db
from wxservices.models.traffic import Booking

_bookings = db.Query(sa.select(sa.func.count()).select_from(Booking))


@pytest.fixture
def client(office_app: Flask) -> FlaskClient:
    """A browser whose openid is known."""
    client = office_app.test_client()
    with client.session_transaction() as session:
        session["wxservices"] = {"openid": "o-1"}
    return client


def _order(**changes: Any) -> dict[str, Any]:
    order = {**ZHANG, "busitype": "0", "busiid": "111", "timeid": timeid(), "verifycode": "123456"}
    order |= changes
    return {name: value for name, value in order.items() if value is not ...}


def test_the_documents_urls_and_no_others(office_app: Flask) -> None:
    rules = {
        (rule.rule, method)
        for rule in office_app.url_map.iter_rules()
        if rule.endpoint.startswith("traffic.")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    pages = ["orderselect", "infoinput", "busiselect", "timeselect", "orderresult", "orderquery"]
    posts = [
        "getverify",
        "busiselect",
        "busiselectend",
        "timeselect",
        "timeselectend",
        "getordertime",
        "orderconfirm",
        "checkorder",
    ]
    assert rules == {(f"/wx/{page}", "GET") for page in pages} | {(f"/wx/{post}", "POST") for post in posts}


# 2 (1)
def test_getverify(client: FlaskClient) -> None:
    assert client.post("/wx/getverify", json={"phone": 13800138000}).get_json() == {"retcode": "0000", "regmsg": "成功"}
    again = client.post("/wx/getverify", data={"phone": "13800138000"}).get_json()
    assert again == {"retcode": "0004", "regmsg": "获取验证码太频繁，请稍后再试"}


# 3 点击时间选择 (2)
def test_getordertime(client: FlaskClient) -> None:
    reply = client.post("/wx/getordertime", json={"date": "20261123", "busitype": "0"}).get_json()
    assert list(reply) == ["retcode", "regmsg", "timelist"]
    assert reply["timelist"][0] == {"starttime": "0900", "endtime": "1000", "status": "0", "timeid": timeid()}
    numbers = client.post("/wx/getordertime", json={"date": 20261123, "busitype": 0}).get_json()
    assert numbers == reply


# 3 按下确认 (1), 4, 5
def test_orderconfirm_then_orderquery_then_checkorder(client: FlaskClient) -> None:
    order = _order(verifycode=code_for(ZHANG["phone"]), userid=ZHANG["userid"].lower())
    assert client.post("/wx/orderconfirm", json=order).get_json() == {"retcode": "0000", "regmsg": "成功"}

    page = client.get("/wx/orderquery", headers={"Accept": "application/json"}).get_json()
    assert page["orderlist"][0] | {"orderid": 1} == {
        "ordernum": "2026112300001",
        "businame": "年检",
        "status": "0",
        "ordertime": "20261123090000",
        "orderid": 1,
    }
    asked = {"ywlx": "01", "idnum": ZHANG["userid"], "name": "张三"}
    found = {"retcode": "0000", "retmsg": "成功", "yy_tel": "13800138000", "yy_ywlx": "年检"}
    kiosk = client.application.test_client()
    for body in ({"json": asked}, {"data": asked}):
        assert kiosk.post("/wx/checkorder", **body).get_json() == found
    page = client.get("/wx/orderquery", headers={"Accept": "application/json"}).get_json()
    assert page["orderlist"][0]["status"] == "2"


def test_a_violation_is_booked_with_a_plate(client: FlaskClient) -> None:
    order = _order(busitype=1, busiid=..., carnumber="京ad12345", timeid=timeid(busitype="1"))
    order["verifycode"] = code_for(ZHANG["phone"])
    assert client.post("/wx/orderconfirm", data=order).get_json()["retcode"] == "0000"


def test_without_an_openid_orderconfirm_is_refused(office_app: Flask) -> None:
    reply = office_app.test_client().post("/wx/orderconfirm", json=_order()).get_json()
    assert reply == {"retcode": "0004", "regmsg": "请在微信中打开"}


TOO_LONG = "x" * 300
BAD: list[tuple[str, Any]] = [
    *[
        ("phone", value)
        for value in (..., None, "", "1380013800", "23800138000", "１3800138000", "138\x00", [], {}, True)
    ],
    *[("verifycode", value) for value in (..., "", TOO_LONG, ["123456"])],
    *[("username", value) for value in (..., "  ", TOO_LONG, "张\x00三", "张\n三", {"a": 1})],
    *[("userid", value) for value in (..., "110101199003070021", "11010119900307002", "99999999999999999X", 1.5, "😀")],
    *[("busitype", value) for value in (..., "2", "01", True, -1)],
    *[("busiid", value) for value in (..., "1", "nope", TOO_LONG, "😀", [])],
    *[("timeid", value) for value in (..., "nope", "20261122-0-1", "20261123-1-3", TOO_LONG, "１")],
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_bad_input_is_refused_naming_the_field(client: FlaskClient, field: str, value: Any) -> None:
    reply = client.post("/wx/orderconfirm", json=_order(**{field: value}))
    assert reply.status_code == 200
    assert list(reply.get_json()) == ["retcode", "regmsg"]
    assert reply.get_json()["retcode"] == "0004"
    assert reply.get_json()["regmsg"].startswith(f"{field} ")
    assert _bookings.scalar() == 0


@pytest.mark.parametrize("plate", [..., "", "A12345", "京A1234", "京A123456", "京O\x00", "京AI1234", "123456"])
def test_a_wrong_plate_is_refused(client: FlaskClient, plate: Any) -> None:
    order = _order(busitype="1", busiid=..., carnumber=plate, timeid=timeid(busitype="1"))
    assert client.post("/wx/orderconfirm", json=order).get_json()["regmsg"].startswith("carnumber ")


@pytest.mark.parametrize(
    ("url", "body", "message"),
    [
        ("/wx/getverify", {}, "phone "),
        ("/wx/getverify", {"phone": "12345"}, "phone "),
        ("/wx/getordertime", {"busitype": "0"}, "date "),
        ("/wx/getordertime", {"date": "20261123"}, "busitype "),
        ("/wx/getordertime", {"date": "2026-11-23", "busitype": "0"}, "date "),
        ("/wx/getordertime", {"date": "20261131", "busitype": "0"}, "date "),
        ("/wx/getordertime", {"date": "20261122", "busitype": "0"}, "date "),
        ("/wx/getordertime", {"date": "20261201", "busitype": "0"}, "date "),
        ("/wx/getordertime", {"date": "٢٠٢٦١١٢٣", "busitype": "0"}, "date "),
        ("/wx/getordertime", {"date": "20261123", "busitype": "9"}, "busitype "),
    ],
)
def test_bad_input_of_the_smaller_calls(client: FlaskClient, url: str, body: dict[str, Any], message: str) -> None:
    reply = client.post(url, json=body).get_json()
    assert reply["retcode"] == "0004"
    assert reply["regmsg"].startswith(message)


@pytest.mark.parametrize("url", ["/wx/getverify", "/wx/getordertime", "/wx/orderconfirm", "/wx/checkorder"])
@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"x"', b"null", b'{"a":NaN}', b"\xff\xfe", b"{" * 10_000, b'{"phone":"' + b"1" * 2_000_000 + b'"}'],
)
def test_a_body_that_is_none_is_refused_in_the_envelope(client: FlaskClient, url: str, body: bytes) -> None:
    reply = client.post(url, data=body, content_type="application/json")
    assert reply.status_code == 200
    assert reply.get_json()["retcode"] == "0004"


@pytest.mark.parametrize(
    "changes",
    [
        {"ywlx": "02"},
        {"ywlx": ...},
        {"idnum": ...},
        {"idnum": "110101199003070021"},
        {"name": ...},
        {"name": "李\x00四"},
        {"name": "李四 OR 1=1"},
        {"name": TOO_LONG},
        {"idnum": ["x"]},
    ],
)
def test_checkorder_misses(client: FlaskClient, changes: dict[str, Any]) -> None:
    book(LI)
    asked = {"ywlx": "01", "idnum": LI["userid"], "name": "李四"} | changes
    body = {name: value for name, value in asked.items() if value is not ...}
    reply = client.post("/wx/checkorder", json=body).get_json()
    assert reply.pop("retmsg")
    assert reply == {"retcode": "0004", "yy_tel": "", "yy_ywlx": ""}


def test_checkorder_with_the_data_base_out_of_reach(client: FlaskClient) -> None:
    with db.engine().begin() as connection:
        connection.execute(sa.text("DROP TABLE wx_traffic_booking"))
    reply = client.post("/wx/checkorder", json={"ywlx": "01", "idnum": LI["userid"], "name": "李四"})
    assert reply.status_code == 200
    assert reply.get_json() == {"retcode": "9999", "retmsg": "系统异常，请稍后再试", "yy_tel": "", "yy_ywlx": ""}


@pytest.mark.parametrize("url", ["/wx/getverify", "/wx/getordertime", "/wx/orderconfirm"])
def test_other_sites_are_refused(client: FlaskClient, url: str) -> None:
    reply = client.post(url, json=_order(), headers={"Sec-Fetch-Site": "cross-site"}).get_json()
    assert reply == {"retcode": "0004", "regmsg": "请求来源不被允许"}


def test_rare_characters_and_emoji_survive(client: FlaskClient) -> None:
    order = _order(username="𠮷田😀", verifycode=code_for(ZHANG["phone"]))
    assert client.post("/wx/orderconfirm", json=order).get_json()["retcode"] == "0000"
    assert db.Query(sa.select(Booking.username)).scalar() == "𠮷田😀"
