"""The document's examples, one after the other, against the demo's data."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from vending_data import OTHER_PHONE, call, logged_in
from wxservices.blueprints.vending.staff import COOKIE
from wxservices.services.vending import demo, people


@pytest.fixture
def client(shop: Flask) -> FlaskClient:
    demo.load()
    return logged_in(shop)


# 8.0
def test_login_mp(shop: Flask) -> None:
    demo.load()
    client = shop.test_client()
    body = {"login_mp": 1, "phone": 19960000000, "password_md5": 123456}
    response = client.post("/mp/login_save.php", json=body)
    logo = "https://example.com/logo/sh888.png"
    shop_list = [{"shop_id": "SH888", "shop_name": "赛领科技", "shop_logo": logo}]
    assert response.get_json() == {"ret": 0, "data": {"shop_list": shop_list}}
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_the_cookie_is_secure_outside_the_sandbox_whatever_the_hosts_session_is(shop: Flask) -> None:
    import dataclasses

    state = shop.extensions["wxservices"]
    state._settings = dataclasses.replace(state.settings, sandbox=False)
    shop.config.update(SESSION_COOKIE_HTTPONLY=False, SESSION_COOKIE_SAMESITE=None, SESSION_COOKIE_SECURE=False)
    demo.load()
    body = {"login_mp": 1, "phone": "19960000000", "password_md5": "123456"}
    cookie = shop.test_client().post("/mp/login_save.php", data=body).headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Secure"} <= set(cookie.split("; "))


@pytest.mark.parametrize("phone", ["19960000000", "19960009999", "not a phone"])
def test_unknown_phone_and_wrong_password_are_refused_alike(client: FlaskClient, phone: str) -> None:
    reply = call(client, "login_save", login_mp=1, phone=phone, password_md5="wrong")
    assert reply == {"ret": 2, "msg": "账号或密码错误", "data": {}}


def test_the_operator_ends_sessions(client: FlaskClient) -> None:
    assert call(client, "vendor_get", get_vendor_list=1)["ret"] == 0
    assert people.end_sessions(phone="19960000000") >= 1
    assert call(client, "vendor_get", get_vendor_list=1)["ret"] == 2


def test_a_session_ends_by_itself(client: FlaskClient) -> None:
    with time_machine.travel("2026-11-30T00:00:01+00:00", tick=False):
        assert call(client, "vendor_get", get_vendor_list=1)["ret"] == 2


# 1.0
def test_get_vendor_list(client: FlaskClient) -> None:
    data = call(client, "vendor_get", get_vendor_list=1, vendor_name="0008", sort=1, page_size=10, page_no=1)["data"]
    assert data == {
        "vendor_list": [
            {
                "vendor_id": "VI64",
                "vendor_name": "0008",
                "address": "0008",
                "vendor_status": 1,
                "stock_num": 0,
                "out_num": 0,
                "stockout_list": [],
            }
        ],
        "total": 1,
        "page_size": 10,
        "page_no": 1,
    }
    listed = call(client, "vendor_get", get_vendor_list=1, vendor_status_list=[4])["data"]["vendor_list"]
    assert [(row["vendor_id"], row["out_num"], row["stockout_list"]) for row in listed] == [
        ("VI107", 1, [{"aisle_name": "2", "goods_num": 0}])
    ]
    everything = call(client, "vendor_get", get_vendor_list=1, page_size=3)["data"]
    assert (everything["total"], len(everything["vendor_list"])) == (4, 3)
    assert len(call(client, "vendor_get", get_vendor_list=1, page_size=3, page_no=2)["data"]["vendor_list"]) == 1


def test_a_search_takes_no_wildcards(client: FlaskClient) -> None:
    for search in ("%", "_", "/", "0%8"):
        assert call(client, "vendor_get", get_vendor_list=1, vendor_name=search)["data"]["total"] == 0


def test_people_see_their_own_shops_machines(client: FlaskClient) -> None:
    theirs = logged_in(client.application, OTHER_PHONE)
    listed = call(theirs, "vendor_get", get_vendor_list=1)["data"]["vendor_list"]
    assert [row["vendor_id"] for row in listed] == ["VI900"]


# 1.1
def test_save_vendor_status_opens_one_stock_fault(client: FlaskClient) -> None:
    for _ in range(2):
        assert call(client, "vendor_save", save_vendor_status=1, vendor_id="VI64") == {"ret": 0, "data": {}}
    faults = call(client, "fault_get", get_fault_list=1, shop_id="SH888", vendor_name="0008")["data"]
    assert faults["total"] == 1
    assert faults["fault_list"][0]["vendor_status"] == 1  # a stock fault is no 故障


# 2.0
def test_get_aisle_list(client: FlaskClient) -> None:
    listed = call(client, "aisle_get", get_aisle_list=1, vendor_id="VI107", normal=1)["data"]["aisle_list"]
    lanes = {row["aisle_id"]: row for row in listed}
    assert set(lanes) == {"AI56", "AI59", "AI61", "AI67"}
    assert lanes["AI59"] == {
        "is_set": 1,
        "aisle_id": "AI59",
        "aisle_name": "2",
        "goods_name": "辣条",
        "goods_spec": "卫龙",
        "goods_num": 0,
        "aisle_capacity": 5,
        "goods_img": ["aa682220d778f9130060d1ddb54d0d49.jpg"],
        "goods_stock": 0,
    }
    assert lanes["AI67"] == {
        "is_set": 0,
        "aisle_id": "AI67",
        "aisle_name": "1",
        "goods_name": None,
        "goods_spec": None,
        "goods_num": None,
        "aisle_capacity": 5,
        "goods_img": None,
        "goods_stock": None,
    }
    assert lanes["AI56"] == {
        "is_set": 1,
        "aisle_id": "AI56",
        "aisle_name": "1",
        "goods_name": "百事可乐",
        "goods_spec": "320ml",
        "goods_num": 3,
        "aisle_capacity": 5,
        "goods_img": ["a5fa865ce8b3f248cb73126d721f89b0.jpg"],
        "goods_stock": 888,
    }
    to_fill = call(client, "aisle_get", get_aisle_list=1, vendor_id="VI107")["data"]["aisle_list"]
    assert [row["aisle_id"] for row in to_fill] == ["AI56", "AI59"]


# 2.1
def test_get_aisle_goods(client: FlaskClient) -> None:
    listed = call(client, "vendor_goods_get", get_aisle_goods=1, vendor_id="VI107")["data"]["goods_list"]
    assert listed[0] == {
        "vendor_goods_id": "VG9",
        "vendor_goods_name": "百事可乐",
        "goods_spec": "320ml",
        "goods_img_list": ["a5fa865ce8b3f248cb73126d721f89b0.jpg"],
    }
    assert listed[1]["goods_spec"] is None
    for search, found in (("可乐", ["VG9", "VG13"]), ("VG13", ["VG13"]), ("45613287", ["VG22"]), ("sss", [])):
        body = {"get_aisle_goods": 1, "vendor_id": "VI107", "search": search}
        got = call(client, "vendor_goods_get", **body)["data"]["goods_list"]
        assert [row["vendor_goods_id"] for row in got] == found


# 2.2, 2.3, 3.0
def test_save_aisle_then_aisle_record_then_get_record_list(client: FlaskClient) -> None:
    assert call(client, "aisle_save", save_aisle=1, aisle_id="AI56", goods_num=1) == {"ret": 0, "data": {}}
    row = {"aisle_id": "AI56", "vendor_goods_id": "VG9", "goods_num": 1}
    body = {"aisle_record": 1, "vendor_id": "VI107", "list": [row, row], "use_name": "冉总"}
    assert call(client, "aisle_save", **body) == {"ret": 0, "data": {}}
    assert call(client, "aisle_save", **body) == {"ret": 0, "data": {}}  # the same again: done already
    newest, older = call(client, "vendor_record_get", get_record_list=1, shop_id="SH888")["data"]["list"]
    assert newest["use_name"] == "冉总"
    assert [line["goods_num"] for line in newest["aisle_list"]] == [2]
    assert older == {
        "record_id": "VR594",
        "aisle_list": [
            {"aisle_id": "AI56", "vendor_goods_id": "VG9", "goods_num": 2, "aisle_name": "1", "goods_name": "百事可乐"},
            {
                "aisle_id": "AI61",
                "vendor_goods_id": "VG13",
                "goods_num": 5,
                "aisle_name": "3",
                "goods_name": "可口可乐",
            },
        ],
        "vendor_id": "VI107",
        "record_time": 1546487461,
        "use_name": "冉总666",
        "lastmodtime": 1546487461,
        "delete": None,
    }
    paged = call(client, "vendor_record_get", get_record_list=1, shop_id="SH888", page_size=1, page_no=2)
    assert [record["record_id"] for record in paged["data"]["list"]] == ["VR594"]


# 2.4
def test_get_oa_goods(client: FlaskClient) -> None:
    listed = call(client, "vendor_goods_get", get_oa_goods=1, shop_id="SH888")["data"]["list"]
    assert [(row["category_id"], row["category_name"], row["all_num"]) for row in listed] == [
        ("VGC9", "饮料", 1788),
        ("VGC10", "零食", 1579),
        ("VGC24", "康师傅", 0),
    ]
    assert listed[1]["goods_list"][1] == {
        "vendor_goods_id": "VG22",
        "vendor_goods_name": "辣条",
        "goods_spec": "卫龙",
        "goods_stock": 0,
    }
    assert listed[2]["goods_list"] == []
    refused = call(client, "vendor_goods_get", get_oa_goods=1, shop_id="VI107")  # the document's own slip
    assert (refused["ret"], refused["msg"]) == (1, "shop_id 格式不正确")


# 4.3, 4.4
def test_the_front_pages_numbers(client: FlaskClient) -> None:
    home = call(client, "vendor_board", get_home_data=1, shop_id="SH888")["data"]
    assert home == {
        "record_num": 1,
        "scene_num": 0,
        "stock_deal": 3,
        "order_num": 43,
        "data_num": 12,
        "my_record_num": 4,
    }
    stock = call(client, "vendor_board", get_repl_data=1, shop_id="SH888")["data"]
    assert stock == {"stock_num": 0, "out_num": 1, "goods_num": 3367, "return_num": 3, "record_all_num": 4}


# 5
def test_returns(client: FlaskClient) -> None:
    code = {"get_goods_bycode": 1, "goods_bar_code": "123123123", "shop_id": "SH888"}
    assert call(client, "vendor_goods_get", **code)["data"] == {
        "vendor_goods_id": "VG13",
        "vendor_goods_name": "可口可乐",
        "goods_spec": None,
        "goods_bar_code": "123123123",
        "goods_img_list": ["a5fa865ce8b3f248cb73126d721f89b0.jpg"],
        "category_id": ["VGC9", "VGC19"],
    }
    assert call(client, "vendor_goods_get", **code | {"goods_bar_code": "SH888"})["ret"] == 4
    scanned = {"photo_return_save": 1, "shop_id": "SH888", "vendor_goods_id": "VG9"}
    assert call(client, "return_record_save", **scanned) == {"ret": 0, "data": {}}
    asked: dict[str, Any] = {"get_return_list": 1, "shop_id": "SH888"}
    pending = call(client, "return_record_get", **asked, return_status=1)["data"]["list"]
    body = {"return_save": 1, "return_id": pending[0]["return_id"], "use_name": "冉总sixsixsix"}
    assert call(client, "return_record_save", **body) == {"ret": 0, "data": {}}
    assert call(client, "return_record_save", **body)["ret"] == 5
    done = call(client, "return_record_get", **asked, return_status=2, category_id="VGC19")["data"]["list"]
    assert [row["return_id"] for row in done] == [pending[0]["return_id"], "RI57"]
    assert done[1] == {
        "return_id": "RI57",
        "shop_id": "SH888",
        "vendor_goods_id": "VG13",
        "category_id": ["VGC9", "VGC19"],
        "goods_num": 1,
        "return_time": 1546587642,
        "return_address": "默认店铺",
        "return_status": 2,
        "use_name": "冉总sixsixsix",
        "lastmodtime": 1546587642,
        "delete": 0,
        "goods_name": "可口可乐",
        "goods_bar_code": "123123123",
    }
    top = call(client, "return_record_get", **asked, category_id="VGC10")["data"]["list"]
    assert [row["return_id"] for row in top] == ["RI41"]


# 6
def test_orders(client: FlaskClient) -> None:
    listed = call(client, "vendor_order_get", get_order_list=1, shop_id="SH888")["data"]["order_list"]
    assert listed[-3:] == [
        {"vendor_num": "测试货道", "vendor_order_id": "VO293", "pay_time": 1545986427, "order_status": 2},
        {"vendor_num": "测试货道", "vendor_order_id": "VO285", "pay_time": 1545986397, "order_status": 2},
        {"vendor_num": "测试货道", "vendor_order_id": "VO284", "pay_time": 1545986359, "order_status": 2},
    ]
    info = call(client, "vendor_order_get", get_order_info=1, vendor_order_id="VO284")["data"]["info"]
    common = {"goods_price": 3}
    assert info == {
        "vendor_order_id": "VO284",
        "customer_id": "CU969",
        "vendor_id": "VI107",
        "goods_list": [
            {
                "vendor_goods_id": "VG9",
                "goods_name": "百事可乐",
                "goods_num": 2,
                "aisle_id": "AI56",
                "aisle_name": "1",
                "all_money": 6,
                **common,
            },
            {
                "vendor_goods_id": "VG13",
                "goods_name": "可口可乐",
                "goods_num": 1,
                "aisle_id": "AI61",
                "aisle_name": "3",
                "all_money": 3,
                **common,
            },
        ],
        "shop_id": "SH888",
        "order_time": 1545986331,
        "pay_time": 1545986359,
        "order_fee": 9,
        "paid_price": 9,
        "order_status": 2,
        "pay_way": 1,
        "lastmodtime": 1545986359,
        "delete": None,
        "vendor_num": "测试货道",
        "goods_all_num": 3,
    }


# 7
def test_faults(client: FlaskClient) -> None:
    listed = call(client, "fault_get", get_fault_list=1, shop_id="SH888", is_send=0, deal_status=1)["data"]
    assert [row["fault_id"] for row in listed["fault_list"]] == ["FD62", "FD55", "FD50"]
    assert (listed["total"], listed["page_size"], listed["page_no"]) == (3, 10, 1)
    assert listed["fault_list"][1] == {
        "fault_id": "FD55",
        "fault_time": 1546594021,
        "vendor_num": "测试设备",
        "vendor_name": "测试设备",
        "address": "测试设备",
        "vendor_status": 2,
        "deal_name": None,
    }
    sent = {"is_send_fault": 1, "fault_id": "FD55", "deal_name": "冉总666", "name": "123456578"}
    assert call(client, "fault_save", **sent) == {"ret": 0, "data": {}}
    assert call(client, "fault_save", is_reminder=1, fault_id="FD55") == {"ret": 0, "data": {}}
    info = call(client, "fault_get", get_fault_info=1, fault_id="FD55")["data"]["fault_info"]
    assert info == {
        "deal_name": "冉总666",
        "name_phone": 123456578,
        "send_time": 1795392000,
        "fault_time": 1546594021,
        "now_time": 1795392000,
        "deal_status": 2,
    }
    full = call(client, "fault_get", is_reminder=1, fault_id="FD55")["data"]["fault_info"]
    assert (full["fault_id"], full["vendor_id"], full["reminder_num"], full["deal_status"]) == ("FD55", "VI119", 1, 2)
    deal = {"save_deal": 1, "fault_id": "FD55", "deal_remark": "ranzong6666"}
    assert call(client, "fault_save", **deal, deal_status=1) == {"ret": 0, "data": {}}
    assert call(client, "fault_get", get_fault_info=1, fault_id="FD55")["data"]["fault_info"]["deal_status"] == 2
    assert call(client, "fault_save", **deal, deal_status=3) == {"ret": 0, "data": {}}
    assert call(client, "fault_get", get_fault_info=1, fault_id="FD55")["data"]["fault_info"]["deal_status"] == 3
    for again in (sent, deal | {"deal_status": 3}, {"is_reminder": 1, "fault_id": "FD55"}):
        assert call(client, "fault_save", **again)["ret"] == 5
    done = call(client, "fault_get", get_fault_list=1, shop_id="SH888", deal_status=3)["data"]["fault_list"]
    assert [(row["fault_id"], row["vendor_status"]) for row in done] == [("FD55", 1)]


# 7.1
def test_get_vendor_person(client: FlaskClient) -> None:
    listed = call(client, "vendor_get", get_vendor_person=1, shop_id="SH888")["data"]["person_list"]
    assert {"vendor_person": "嗷嗷", "person_phone": "11122233365"} in listed
    assert len({row["person_phone"] for row in listed}) == len(listed) == 4
