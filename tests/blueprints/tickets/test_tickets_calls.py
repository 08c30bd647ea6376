"""The calls of ``tickets`` about orders: the document's examples, and bad input field by field."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tickets_data import (
    NOON,
    ORDER,
    PASSENGER,
    Caller,
    bring,
    how_many,
    login,
    newest,
    on_sqlite,
    pay,
    reconcile,
    signed,
    status,
)
from wxservices import db, payload, payments, signing
from wxservices.services.tickets import listing, merchants, states
from wxservices.wechat import pay_sandbox

CONTACT = {**PASSENGER, "linkmanType": "成人", "indentityType": "身份证"}
DONE = {"code": "0000", "msg": "成功", "data": {}}
LIST = {"pageNum": 1, "pageSize": 10}


def _written(text: str) -> str | None:
    """The JSON *text* of an object with a nonce and its sign, numbers as they are written in it."""
    return signing.text_of(signed(payload.loads(text)))


# 下单接口


def test_an_order_and_its_payment(customer: Caller) -> None:
    customer.call("addContacts", {**CONTACT, "linkmanType": "学生"})
    with time_machine.travel(NOON, tick=False):
        customer.key = login(customer.client.application).key
        reply = customer.call("createOrder", ORDER)
        data = dict(reply["data"])
        assert list(data) == ["timeStamp", "nonceStr", "package", "signType", "paySign"]
        settings = customer.client.application.extensions["wxservices"].settings
        pay_sign = data.pop("paySign")
        assert data["signType"] == "HMAC-SHA256"
        assert signing.verify({"appId": settings.tickets_appid, **data}, settings.wxpay_key, pay_sign, "HMAC-SHA256")
        order = newest()
        shown = customer.call("getOrderDetails", {"id": order.id})["data"]
        assert shown == {
            "id": order.id,
            "orderNo": order.order_no,
            "userId": customer.user_id,
            "ticketIdentity": "110101199003075613",
            "identityType": "身份证",
            "linkmanType": "学生",
            "ticketName": "胡超",
            "fromSite": "北京",
            "toSite": "河南",
            "createDate": "2026-11-23 12:00:00",
            "orderStatus": "wait_pay",
            "modifyDate": "2026-11-23 12:00:00",
            "orderAmount": 80,
            "ticketDetails": [{"orderNo": order.order_no, **journey} for journey in ORDER["ticketDetails"]],
        }
        assert order.order_no.startswith("88261123120000")
        payment = payments.find(order.order_no)
        assert payment is not None
        assert (payment.amount, payment.state) == (8000, "open")
        assert customer.call("getOrderList", LIST)["data"] == {
            "total": 1,
            "pages": 1,
            "datas": [shown],
            "pageNum": 1,
        }


def test_ticket_details_as_their_json_text(customer: Caller) -> None:
    order = customer.order(ticketDetails=json.dumps(ORDER["ticketDetails"], ensure_ascii=False), orderAmount="80.50")
    shown = customer.call("getOrderDetails", {"id": order.id})["data"]
    assert shown["orderAmount"] == 80.5
    assert len(shown["ticketDetails"]) == 2


JOURNEY = ORDER["ticketDetails"][0]
BAD: list[tuple[str, Any]] = [
    *[("ticketIdentity", value) for value in (..., "", "110101199003075614", [], True)],
    *[("ticketName", value) for value in (..., "", "x" * 65, "a\x00b", {})],
    *[("fromSite", value) for value in (..., "", "x" * 65, [])],
    *[("toSite", value) for value in (..., None, "\n")],
    *[("orderAmount", value) for value in (..., "", 0, -1, 80.001, "80.001", "1e2", "八十", True, [], 10**12)],
    *[("termIp", value) for value in (..., "", "localhost", "1.2.3", "1.2.3.4.5", "::g")],
    *[("ticketDetails", value) for value in (..., "", [], "[]", {}, "{", "x", 5, [JOURNEY] * 11, "[NaN]")],
    *[("ticketDetails", [value]) for value in (5, {}, [], None)],
    *[("ticketDetails", [{**JOURNEY, "departureDate": day}]) for day in ("2000-01-01", "20990101", "2099-02-30", "")],
    *[("ticketDetails", [{**JOURNEY, "seatType": value}]) for value in ("", "x" * 65, [])],
    ("ticketDetails", [JOURNEY, {**JOURNEY, "trainNum": None}]),
]


@on_sqlite
@pytest.mark.parametrize(("field", "value"), BAD)
def test_an_order_that_cannot_be(customer: Caller, field: str, value: Any) -> None:
    order = {name: kept for name, kept in {**ORDER, field: value}.items() if kept is not ...}
    reply = customer.call("createOrder", json.loads(json.dumps(order), parse_float=str))
    assert reply["code"] == "0013"
    assert reply["msg"].startswith(f"缺少参数 {field}")
    assert how_many() == 0


@on_sqlite
@pytest.mark.parametrize("literal", ["80.001", "1e400", "-1", "1E2", "1e-400", "80.000"])
def test_an_amount_as_a_json_number_that_is_no_money(customer: Caller, literal: str) -> None:
    order = json.dumps(ORDER).replace('"orderAmount": 80', f'"orderAmount": {literal}')
    reply = customer.call("createOrder", raw=_written(order))
    assert reply["code"] == "0013"
    assert reply["msg"].startswith("缺少参数 orderAmount")


def test_rare_characters_and_emoji_survive(customer: Caller) -> None:
    order = customer.order(ticketName="𠮷田😀")
    assert customer.call("getOrderDetails", {"id": order.id})["data"]["ticketName"] == "𠮷田😀"


@pytest.mark.parametrize("trouble", [lambda: pay_sandbox.refuse("NOAUTH"), pay_sandbox.hang])
def test_an_order_that_wechat_would_not_take_stays_payable(customer: Caller, trouble: Any) -> None:
    trouble()
    assert customer.call("createOrder", ORDER)["code"] in ("1002", "1001")
    order = newest()
    assert status(order.order_no) == "wait_pay"
    assert customer.call("payOrder", {"orderNo": order.order_no})["data"]["package"].startswith("prepay_id=")
    pay(order.order_no)
    assert status(order.order_no) == "wait_rob"


# 待支付订单支付接口


def test_pay_order_uses_the_prepay_id_again(customer: Caller) -> None:
    package = customer.call("createOrder", ORDER)["data"]["package"]
    order = newest()
    for asked in ({"id": order.id}, {"orderNo": order.order_no}, {"id": str(order.id), "orderNo": "", "x": 1}):
        assert customer.call("payOrder", asked, sign=False)["data"]["package"] == package


def test_pay_order_finds_a_lost_notification(customer: Caller) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        customer.key = login(customer.client.application).key
        order = customer.order()
        pay_sandbox.pay(order.order_no)
        assert customer.call("getOrderDetails", {"id": order.id})["data"]["orderStatus"] == "wait_pay", "too young"
        clock.shift(6)
        assert customer.call("payOrder", {"id": order.id})["code"] == "1004"
        assert status(order.order_no) == "wait_rob"
        other = customer.order()
        pay_sandbox.pay(other.order_no)
        clock.shift(6)
        assert customer.call("getOrderDetails", {"id": other.id})["data"]["orderStatus"] == "wait_rob"


def test_an_order_whose_time_is_over_is_closed(customer: Caller) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        customer.key = login(customer.client.application).key
        order = customer.order()
        clock.shift(timedelta(minutes=31))
        assert customer.call("payOrder", {"id": order.id})["code"] == "1005"
        reconcile()
        assert status(order.order_no) == "cancel"
        assert customer.call("payOrder", {"id": order.id})["code"] == "1005"
        assert [move.actor for move in states.history(order.id)] == [f"customer:{customer.user_id}", "clock"]


@pytest.mark.parametrize("name", ["getOrderDetails", "payOrder", "cancleOrder", "returnAmount", "confirmeOrder"])
def test_orders_of_others_are_not_there(agency_app: Flask, customer: Caller, business: Caller, name: str) -> None:
    order = customer.order()
    for caller in (login(agency_app, "somebody else"), business):
        assert caller.call(name, {"id": order.id}) == {"code": "0027", "msg": "该订单不存在", "data": {}}
    assert status(order.order_no) == "wait_pay"


@on_sqlite
@pytest.mark.parametrize("name", ["getOrderDetails", "payOrder", "cancleOrder", "returnAmount", "confirmeOrder"])
@pytest.mark.parametrize("value", ["", None, 0, -1, "x", 1.5, [], True, "１", 10**30])
def test_an_id_that_is_none(customer: Caller, name: str, value: Any) -> None:
    reply = customer.call(name, {"id": value}, sign=False)
    assert reply["code"] == "0013"
    assert "id" in reply["msg"]


# 取消订单接口, 订单退款接口, 订单确认接口


def test_cancel(customer: Caller) -> None:
    order = customer.order()
    assert customer.call("cancleOrder", {"id": order.id}, sign=False) == DONE
    assert status(order.order_no) == "cancel"
    assert customer.call("cancleOrder", {"id": order.id})["code"] == "0012"
    assert customer.call("returnAmount", {"id": order.id})["code"] == "0012"


def test_money_that_comes_for_a_cancelled_order_goes_back(customer: Caller) -> None:
    order = customer.order()
    customer.call("cancleOrder", {"id": order.id})
    pay(order.order_no)
    assert status(order.order_no) == "cancel"
    reconcile()
    assert [(refund["refund_fee"], refund["refund_status"]) for refund in pay_sandbox.refunds()] == [(8000, "SUCCESS")]


def test_a_refund_before_anything_is_bought(customer: Caller, business: Caller) -> None:
    order = bring(customer, business, "wait_rob")
    assert customer.call("returnAmount", {"id": order.id}) == DONE
    assert status(order.order_no) == "returning_amount"
    assert customer.call("returnAmount", {"id": order.id})["code"] == "0012"
    reconcile()
    assert customer.call("getOrderDetails", {"id": order.id})["data"]["orderStatus"] == "returned_amount"


def test_confirm(customer: Caller, business: Caller) -> None:
    order = bring(customer, business, "wait_confirme")
    wallet = business.call("getUserInfo")["data"]
    assert (wallet["amount"], wallet["coolAmount"]) == (0, 76)
    assert customer.call("confirmeOrder", {"id": order.id}) == DONE
    wallet = business.call("getUserInfo")["data"]
    assert (wallet["amount"], wallet["coolAmount"]) == (76, 0)
    assert customer.call("confirmeOrder", {"id": order.id})["code"] == "0010"
    assert customer.call("returnAmount", {"id": order.id})["code"] == "0012"


# 查询订单列表接口, 查询订单接口


def test_pages(customer: Caller, business: Caller) -> None:
    numbers = [customer.order().order_no for _ in range(5)]
    for number in numbers[:3]:
        pay(number)
        merchants.rob(merchant_id=business.user_id, order_no=number)

    def page(caller: Caller, number: int, size: int) -> tuple[int, int, list[str], int]:
        data = caller.call("getOrderList", {"pageNum": number, "pageSize": size})["data"]
        assert list(data) == ["total", "pages", "datas", "pageNum"]
        return data["total"], data["pages"], [order["orderNo"] for order in data["datas"]], data["pageNum"]

    newest_first = numbers[::-1]
    assert page(customer, 1, 2) == (5, 3, newest_first[:2], 1)
    assert page(customer, 3, 2) == (5, 3, newest_first[4:], 3)
    assert page(customer, 4, 2) == (5, 3, [], 4)
    assert page(customer, 10**9, 100) == (5, 1, [], 10**9)
    assert page(business, 1, 2) == (3, 2, numbers[2:0:-1], 1)
    data = business.call("getOrderList", LIST)["data"]["datas"][0]
    assert business.call("getOrderDetails", {"id": data["id"]})["data"] == data


def test_an_empty_list(customer: Caller) -> None:
    assert customer.call("getOrderList", LIST)["data"] == {"total": 0, "pages": 0, "datas": [], "pageNum": 1}


def test_a_page_costs_two_reads(customer: Caller) -> None:
    for _ in range(3):
        customer.order()
    statements: list[str] = []
    sa.event.listen(db.engine(), "before_cursor_execute", lambda *args: statements.append(args[2]))
    listing.page(user_id=customer.user_id, role="customer", pageNum=1, pageSize=100)
    assert len(statements) == 2, "how many, and the page"


@on_sqlite
@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("pageNum", value) for value in (..., 0, -1, "x", 10**10, None)],
        *[("pageSize", value) for value in (..., 0, 101, 1.5)],
    ],
)
def test_a_page_that_cannot_be(customer: Caller, field: str, value: Any) -> None:
    asked = {name: kept for name, kept in {**LIST, field: value}.items() if kept is not ...}
    reply = customer.call("getOrderList", raw=_written(json.dumps(asked)))
    assert reply["code"] == "0013"
    assert reply["msg"].startswith(f"缺少参数 {field} ")
