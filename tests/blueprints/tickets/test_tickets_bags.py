"""The bags of ``tickets``, and its demo data."""

from __future__ import annotations

from flask import Flask

from tickets_data import Caller, login
from wxservices import db, fields
from wxservices.services.tickets import demo, operator, states

LIST = {"pageNum": 1, "pageSize": 10}


# 查询加油包配置接口


def test_the_documents_bags(customer: Caller) -> None:
    bags = [
        {"amount": "20", "name": "铜小妞", "picture": "1"},
        {"amount": "40", "name": "银小妞", "picture": "12"},
        {"amount": "80", "name": "金小妞", "picture": "13"},
    ]
    with db.transaction():
        assert sum(operator.apply(fields.load(operator.TicketsData(), {"refuel_bag": bags}))) == 3
    assert customer.call("appConfig", {"keyType": "refuel_bag"}, sign=False)["data"] == bags
    assert customer.call("appConfig", {"keyType": "other"}, sign=False)["data"] == []
    assert customer.call("appConfig", {}, sign=False)["code"] == "0013"
    assert operator.dump() == {"refuel_bag": bags}
    with db.transaction():
        sum(operator.apply({"refuel_bag": [{"amount": 1050, "name": "一", "picture": ""}]}))
    assert operator.bags() == [{"amount": "10.50", "name": "一", "picture": ""}]


# Demo


def test_the_demo_has_an_order_in_every_state(agency_app: Flask) -> None:
    demo.load()
    demo.load()
    customer, business = login(agency_app), login(agency_app, "demo-merchant", "business")
    orders = customer.call("getOrderList", {"pageNum": 1, "pageSize": 100})["data"]["datas"]
    assert sorted(order["orderStatus"] for order in orders) == sorted(states.STATES)
    assert len(customer.call("selectContacts")["data"]) == 2
    assert business.call("getUserInfo")["data"]["userStatus"] == "authened"
    assert business.call("getOrderList", LIST)["data"]["total"] == 6
