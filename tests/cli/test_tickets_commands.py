"""``flask wxservices tickets …``: the merchants' work, the operator's word, the books."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from tickets_data import Caller, agency, bring, login, merchant, status
from wxservices import db
from wxservices.models.tickets import User


@pytest.fixture
def agency_app(database_uri: str) -> Iterator[Flask]:
    with agency(database_uri) as app:
        yield app


@pytest.fixture
def customer(agency_app: Flask) -> Caller:
    return login(agency_app)


@pytest.fixture
def business(agency_app: Flask) -> Caller:
    return merchant(agency_app)


def _run(app: Flask, *arguments: object) -> Result:
    return app.test_cli_runner().invoke(args=["wxservices", "tickets", *map(str, arguments)])


def _lines(app: Flask, *arguments: object) -> list[str]:
    result = _run(app, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_an_order_from_paid_to_confirmed(agency_app: Flask, customer: Caller, business: Caller) -> None:
    number = bring(customer, business, "wait_rob").order_no
    assert _lines(agency_app, "orders") == [f"{number}\t北京\t河南\t80.00\t"]
    assert _lines(agency_app, "rob", business.user_id, number) == [f"{number}: robbed by {business.user_id}."]
    assert _lines(agency_app, "orders", "--status", "robing") == [f"{number}\t北京\t河南\t80.00\t{business.user_id}"]
    assert _lines(agency_app, "hand-in", business.user_id, number, "E1") == [f"{number}: handed in."]
    assert _lines(agency_app, "reject", number, "--by", "li") == [f"{number}: rejected."]
    assert _lines(agency_app, "hand-in", business.user_id, number, "E2") == [f"{number}: handed in."]
    assert _lines(agency_app, "pass", number) == [f"{number}: passed."]
    assert _lines(agency_app, "merchants") == [f"{business.user_id}\tauthened\t\t500\t0.00\t76.00\t1"]
    history = _lines(agency_app, "history", number)
    assert [line.split(" ", 2)[2].partition(",")[0] for line in history] == [
        "wait_pay: create",
        "wait_pay -> wait_rob: pay",
        "wait_rob -> robing: rob",
        "robing -> order_audit: hand_in",
        "order_audit -> robing: reject",
        "robing -> order_audit: hand_in",
        "order_audit -> wait_confirme: pass",
    ]
    assert history[4].endswith("operator:li")


@pytest.mark.parametrize(("command", "target"), [("approve", "returning_amount"), ("refuse", "returned_return")])
def test_a_decision_about_a_refund(
    agency_app: Flask, customer: Caller, business: Caller, command: str, target: str
) -> None:
    order = bring(customer, business, "robing")
    assert customer.call("returnAmount", {"id": order.id})["code"] == "0000"
    _lines(agency_app, command, order.order_no)
    assert status(order.order_no) == target


@pytest.mark.parametrize(
    "arguments",
    [
        ["rob", "1", "8826112312000012345678"],
        ["pass", "8826112312000012345678"],
        ["history", "1"],
        ["authenticate", "999"],
        ["logout", "999"],
        ["refund-again", "1"],
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(agency_app: Flask, business: Caller, arguments: list[str]) -> None:
    result = _run(agency_app, *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1


def test_people(agency_app: Flask, customer: Caller, business: Caller) -> None:
    me = business.user_id
    assert _lines(agency_app, "authenticate", me, "--rate", "250", "--name", "王五") == [
        f"{me}: authenticated, rate 250/10000."
    ]
    assert business.call("getUserInfo")["data"]["benefitRate"] == "0.0250"
    assert business.call("getUserInfo")["data"]["realName"] == "王五"
    assert _lines(agency_app, "logout", me) == [f"{me}: 1 logins ended."]
    assert business.call("getUserInfo")["code"] == "0006"
    assert customer.call("getUserInfo")["code"] == "0000"


def test_the_audit_exits_with_1_if_something_is_wrong(agency_app: Flask, customer: Caller, business: Caller) -> None:
    bring(customer, business, "success")
    assert _lines(agency_app, "audit")[-1] == "The books are right."
    with db.transaction():
        db.changed(sa.update(User).values(amount=User.amount + 1))
    result = _run(agency_app, "audit")
    assert result.exit_code == 1
    assert "is not the sum of its lines" in result.stderr


def test_sign_makes_what_a_call_takes(agency_app: Flask, customer: Caller) -> None:
    (text,) = _lines(agency_app, "sign", '{"pageNum": 1, "pageSize": 10, "x": 80.00}')
    assert '"x":80.00' in text
    assert len(json.loads(text)["nonceStr"]) == 32
    assert customer.call("getOrderList", raw=text)["code"] == "0000"
    assert _run(agency_app, "sign", "[]").exit_code == 2
    assert _run(agency_app, "sign", "{").exit_code == 1


def test_the_demo_can_be_loaded_twice(agency_app: Flask) -> None:
    for _ in range(2):
        result = agency_app.test_cli_runner().invoke(args=["wxservices", "demo"])
        assert result.exit_code == 0, result.output
    assert len(login(agency_app).call("appConfig", {"keyType": "refuel_bag"})["data"]) == 3
    assert _lines(agency_app, "audit")[-1] == "The books are right."
