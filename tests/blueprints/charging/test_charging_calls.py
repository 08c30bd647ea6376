"""The twelve calls of ``charging`` as a mini program makes them: the document's examples and its codes."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from flask import Flask

from charging_data import OFFLINE, PILE, Rider, V, books_are_right, pay, state
from wxservices import db
from wxservices.piles import simulated
from wxservices.services.charging import demo, people
from wxservices.sms import sandbox

DONE = {"success": True, "code": 200, "message": "成功"}


def test_registering_and_logging_in(station_app: Flask) -> None:
    client = station_app.test_client()

    def call(name: str, **body: str) -> Any:
        response = client.post(f"{V}/{name}", json={"body": body})
        return response.get_json(), response.headers.get("Authorization")

    phone = "18932224279"
    assert call("sendValidateCode", phone=phone, codeType="register") == (DONE, None)
    assert call("sendValidateCode", phone=phone, codeType="register")[0]["code"] == 445
    assert call("register", phone=phone, code="000000x", wxname="nihao")[0]["code"] == 2009
    code = sandbox.recent(phone)[0]["code"]
    assert call("register", phone=phone, code=code, wxname="nihao") == (DONE, None)
    assert call("register", phone=phone, code=code, wxname="nihao")[0]["code"] == 2009
    assert call("sendValidateCode", phone=phone, codeType="register")[0]["code"] == 2007
    assert call("sendValidateCode", phone=phone, codeType="login") == (DONE, None)
    code = sandbox.recent(phone)[0]["code"]
    assert call("login", phone=phone, code="1")[0]["code"] == 2009
    reply, token = call("login", phone=phone, code=code)
    assert reply == DONE
    assert token is not None
    assert token.startswith("Bearer ")
    for header in (token, token.removeprefix("Bearer "), token.replace("Bearer", "bearer")):
        assert client.post(f"{V}/getCardno", headers={"Authorization": header}).get_json() == {**DONE, "data": []}


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("sendValidateCode", {"phone": "13900139000", "codeType": "bind"}, 2013),
        ("sendValidateCode", {"phone": "13900139000", "codeType": "register"}, 2007),
        ("sendValidateCode", {"phone": "13600136000", "codeType": "login"}, 2014),
        ("sendValidateCode", {"phone": "1390013900", "codeType": "login"}, 403),
        ("sendValidateCode", {"codeType": "login"}, 403),
        ("sendValidateCode", {"phone": "13900139000"}, 403),
        ("register", {"phone": "13600136000", "code": "123456", "wxname": "x"}, 2009),
        ("register", {"phone": "13600136000", "code": "123456"}, 403),
        ("login", {"phone": "13600136000", "code": "123456"}, 2014),
        ("login", {"phone": "13900139000", "code": "123456"}, 2009),
        ("login", {"phone": "13900139000"}, 403),
    ],
)
def test_who_is_refused_at_the_door(zhang: Rider, name: str, body: dict[str, str], code: int) -> None:
    reply = zhang.raw(name, {"body": body}, token="")
    assert (reply["success"], reply["code"]) == (False, code)
    assert reply["message"]
    assert "data" not in reply


def test_a_name_is_taken_once_and_the_code_is_looked_at_first(station_app: Flask, zhang: Rider) -> None:
    client = station_app.test_client()
    phone = "13600136000"
    client.post(f"{V}/sendValidateCode", json={"body": {"phone": phone, "codeType": "register"}})
    code = sandbox.recent(phone)[0]["code"]
    body = {"phone": phone, "code": "x", "wxname": f"wx{zhang.phone}"}
    assert client.post(f"{V}/register", json={"body": body}).get_json()["code"] == 2009
    assert client.post(f"{V}/register", json={"body": {**body, "code": code}}).get_json()["code"] == 2008
    # The code is not used up by that.
    good = {"phone": phone, "code": code, "wxname": "another"}
    assert client.post(f"{V}/register", json={"body": good}).get_json() == DONE


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("bindCard", {"cardNo": "34345799"}),
    ("unbindCard", {"cardNo": "34345799"}),
    ("getCardno", {}),
    ("getPileStatus", {"deviceNo": PILE}),
    ("getOrderNo", {"deviceNo": PILE, "plug": "01"}),
    ("mobilePaymentCharging", {"deviceNo": PILE, "plug": "01"}),
    ("getBalanceOrderNo", {"phone": "13900139000", "amount": 1}),
    ("addBalance", {"phone": "13900139000", "amount": 1, "orderNo": "1"}),
    ("getOrderRecord", {"pageNum": 1, "pageSize": 10}),
]


@pytest.mark.parametrize(("name", "body"), CALLS)
def test_without_a_good_token_it_is_401(zhang: Rider, name: str, body: dict[str, Any]) -> None:
    for token in ("", "Bearer", "Bearer x.y", zhang.token + "x", "Basic abc", "Bearer 令牌"):
        headers = {"Authorization": token.encode().decode("latin-1")}
        reply = zhang.client.post(f"{V}/{name}", json={"body": body}, headers=headers).get_json()
        assert (reply["success"], reply["code"]) == (False, 401)
    people.end_sessions(phone=zhang.phone)
    assert zhang.code(name, **body) == 401


def test_a_token_ends(zhang: Rider) -> None:
    with time_machine.travel("2026-12-01T04:00:00+00:00"):
        assert zhang.code("getCardno") == 401


def test_cards(zhang: Rider, li: Rider) -> None:
    assert zhang.call("bindCard", cardNo="34345799") == DONE
    assert zhang.call("bindCard", cardNo="34345800") == DONE
    assert zhang.call("getCardno")["data"] == [{"cardNo": "34345799"}, {"cardNo": "34345800"}]
    assert zhang.call("bindCard", cardNo="34345799") == DONE
    assert zhang.code("bindCard", cardNo="0000000000") == 4002
    assert li.code("bindCard", cardNo="34345799") == 403
    assert li.call("bindCard", cardNo="111111786") == DONE
    assert li.code("bindCard", cardNo="111111787") == 4003
    assert zhang.code("bindCard", cardNo="111111786") == 403
    assert zhang.code("unbindCard", cardNo="111111786") == 4004
    assert zhang.code("unbindCard", cardNo="111111787") == 4004
    assert zhang.code("unbindCard", cardNo="1") == 4002
    assert li.call("unbindCard", cardNo="111111786") == DONE
    assert li.call("bindCard", cardNo=111111787) == DONE
    assert li.call("getCardno")["data"] == [{"cardNo": "111111787"}]


def test_the_state_of_a_pile(zhang: Rider) -> None:
    plugs = [0, 0, 0, 0, 0, 0, 0, 0, 1, 2]
    assert zhang.call("getPileStatus", deviceNo=PILE) == {
        **DONE,
        "data": {"deviceNo": PILE, "status": 1, "plugs": plugs},
    }
    assert zhang.call("getPileStatus", deviceNo=OFFLINE)["data"] == {"deviceNo": OFFLINE, "status": 0, "plugs": [0, 0]}
    assert zhang.code("getPileStatus", deviceNo="0000000000") == 3003
    zhang.number("03")
    assert zhang.call("getPileStatus", deviceNo=PILE)["data"]["plugs"][2] == 1
    simulated.connect(PILE, False)
    assert zhang.call("getPileStatus", deviceNo=PILE)["data"]["status"] == 0


@pytest.mark.parametrize(
    ("device", "plug", "code"),
    [
        ("0000000000", "01", 3003),
        (OFFLINE, "01", 3004),
        (PILE, "09", 3001),
        (PILE, "10", 3005),
        (PILE, "11", 403),
        (PILE, "00", 403),
        (PILE, "1", 403),
        (PILE, "x", 403),
        (PILE, "０１", 403),
        (PILE, "", 403),
    ],
)
def test_what_has_no_number(zhang: Rider, device: str, plug: str, code: int) -> None:
    assert zhang.code("getOrderNo", deviceNo=device, plug=plug) == code


def test_a_number_holds_its_plug_for_three_minutes(zhang: Rider, li: Rider) -> None:
    number = zhang.number()
    assert number[:8] == "20261123"
    assert len(number) == 18
    assert zhang.number() == number
    assert li.code("getOrderNo", deviceNo=PILE, plug="01") == 3001
    with time_machine.travel("2026-11-23T04:03:30+00:00"):
        assert li.number() not in ("", number)
        assert zhang.code("getOrderNo", deviceNo=PILE, plug="01") == 3001
        pay(number, 101)
        assert zhang.start(number) == 403


def test_section_8_lets_the_own_reservation_go(zhang: Rider, li: Rider) -> None:
    number = zhang.number()
    assert li.call("mobilePaymentCharging", deviceNo=PILE, plug="01") == DONE
    assert li.code("getOrderNo", deviceNo=PILE, plug="01") == 3001
    assert zhang.call("mobilePaymentCharging", deviceNo=PILE, plug="01") == DONE
    assert state(number) == "released"
    assert zhang.call("mobilePaymentCharging", deviceNo=PILE, plug="01") == DONE
    assert zhang.code("mobilePaymentCharging", deviceNo="0000000000", plug="01") == 200
    assert li.number()


@pytest.mark.parametrize("body", [{"pageNum": 1, "pageSize": 10}, {"body": {"pageNum": "1", "pageSize": "10"}}])
def test_the_record_is_the_documents_example(station_app: Flask, body: dict[str, Any]) -> None:
    demo.load()
    demo.load()
    with db.transaction():
        token = people.tokens.issue(
            "charging", str(people.registered("13800138000")), people.current_state().settings.charging_session
        )
    him = Rider(station_app.test_client(), 0, "13800138000", token)
    reply = him.raw("getOrderRecord", body)
    assert {**reply, "data": 0} == {"success": True, "code": 200, "message": "操作成功", "data": 0}
    assert reply["data"]["total"] == 98
    rows = reply["data"]["list"]
    assert len(rows) == 10
    assert rows[1] == {
        "orderNo": "201912040000000351",
        "deviceNo": "014441AC53",
        "cardNo": None,
        "plugNo": "01",
        "orderTag": 1,
        "amount": 1.01,
        "cmdStatus": 2,
        "chargingStartTime": "2019年12月04日 11时07分",
        "chargingEndTime": "2019年12月04日 19时37分",
        "elapsedTime": "8小时30分",
    }
    assert rows[2] == {
        "orderNo": "014441AC531575425911905",
        "deviceNo": "014441AC53",
        "cardNo": "2577522B",
        "plugNo": "06",
        "orderTag": 2,
        "amount": 1,
        "cmdStatus": 2,
        "chargingStartTime": "-",
        "chargingEndTime": "2019年12月04日 10时48分",
        "elapsedTime": "-",
    }
    assert [row["cmdStatus"] for row in rows] == [0, 2, 2, 2, 2, 0, 0, 2, 0, 0]
    assert [row["plugNo"] for row in rows] == ["02", "01", "06", "05", "05", "04", "05", "03", "02", "03"]
    assert len(him.call("getOrderRecord", pageNum=10, pageSize=10)["data"]["list"]) == 8
    assert him.call("getOrderRecord", pageNum=11, pageSize=10)["data"] == {"list": [], "total": 98}
    assert him.call("getCardno")["data"] == [{"cardNo": "34345799"}, {"cardNo": "34345800"}]
    assert books_are_right()


@pytest.mark.parametrize(
    "body", [{}, {"pageNum": 0, "pageSize": 10}, {"pageNum": 1, "pageSize": 101}, {"pageNum": "x", "pageSize": 1}]
)
def test_bad_pages(zhang: Rider, body: dict[str, Any]) -> None:
    assert zhang.code("getOrderRecord", **body) == 403


@pytest.mark.parametrize("sent", ["{", "[]", '{"body": 1}', '{"body": []}', '{"body": {"amount": NaN}}', "\ud800"])
def test_bodies_that_are_none(zhang: Rider, sent: str) -> None:
    headers = {"Authorization": zhang.token, "Content-Type": "application/json"}
    data = sent.encode("utf-8", "surrogatepass")
    for name in ("getPileStatus", "getOrderNo", "addBalance"):
        assert zhang.client.post(f"{V}/{name}", data=data, headers=headers).get_json()["code"] == 403


def test_a_form_and_no_wrapper_do_as_well(zhang: Rider) -> None:
    headers = {"Authorization": zhang.token}
    for data in ({"body[deviceNo]": PILE}, {"deviceNo": PILE}):
        reply = zhang.client.post(f"{V}/getPileStatus", data=data, headers=headers).get_json()
        assert reply["data"]["status"] == 1


def test_a_fault_of_ours_shows_nothing_of_itself(
    station_app: Flask, zhang: Rider, monkeypatch: pytest.MonkeyPatch
) -> None:
    station_app.config["PROPAGATE_EXCEPTIONS"] = False

    class Broken:
        def first(self, **params: object) -> None:
            raise RuntimeError("secret")

    monkeypatch.setattr("wxservices.services.charging.plugs._pile", Broken())
    reply = zhang.call("getPileStatus", deviceNo=PILE)
    assert (reply["code"], "secret" in reply["message"]) == (402, False)
