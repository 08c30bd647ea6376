"""The stand-in says what WeChat says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from wxservices import clock
from wxservices.errors import BadParameter, Conflict, NotFound, UpstreamRefused, UpstreamSilent
from wxservices.state import current_state
from wxservices.wechat import pay, pay_http, pay_sandbox, pay_xml

APPID, NUMBER = "wx00000000000005h0", "SHOP1000"


def order(**changes: Any) -> str:
    fields = {"out_trade_no": NUMBER, "amount": 100, "body": "一杯茶", "openid": "o1", "address": "10.0.0.9"}
    return pay.unified_order(**(fields | {"appid": APPID, "expires_at": clock.now() + timedelta(hours=1)} | changes))


def refund(number: str = "R1", **changes: Any) -> None:
    fields = {"out_trade_no": NUMBER, "total": 100, "amount": 60, "reason": "退票", "appid": APPID}
    pay.refund(out_refund_no=number, **(fields | changes))


def refusal(call: Callable[..., Any], **fields: Any) -> str:
    with pytest.raises(UpstreamRefused) as refused:
        call(**fields)
    return refused.value.code


def test_the_life_of_a_trade(app: Flask) -> None:
    assert pay.query(appid=APPID, out_trade_no=NUMBER) is None
    assert order() == order()
    asked = pay.query(appid=APPID, out_trade_no=NUMBER)
    assert asked is not None
    assert (asked.state, asked.amount, asked.paid) == ("NOTPAY", 100, False)
    told = pay.notification(pay_sandbox.pay(NUMBER))
    assert told == pay.query(appid=APPID, out_trade_no=NUMBER)
    assert told == pay.notification(pay_sandbox.notification_of(NUMBER))
    assert (told.state, told.amount, told.appid, told.paid) == ("SUCCESS", 100, APPID, True)
    assert refusal(order) == "ORDERPAID"
    assert refusal(pay.close, appid=APPID, out_trade_no=NUMBER) == "ORDERPAID"
    refund()
    refund()
    assert refusal(refund, number="R2") == "REFUND_FEE_MISMATCH"
    assert refusal(refund, amount=59) == "REFUND_FEE_MISMATCH"
    assert refusal(refund, number="R2", total=99, amount=1) == "REFUND_FEE_MISMATCH"
    refund("R2", amount=40)
    assert pay.refund_query(appid=APPID, out_refund_no="R1") == pay.RefundWord("SUCCESS", 60)
    assert pay.refund_query(appid=APPID, out_refund_no="R9") is None
    assert [row["refund_fee"] for row in pay_sandbox.refunds()] == [60, 40]


def test_a_closed_trade(app: Flask) -> None:
    order()
    pay.close(appid=APPID, out_trade_no=NUMBER)
    pay.close(appid=APPID, out_trade_no=NUMBER)
    assert refusal(order) == "ORDERCLOSED"
    assert refusal(refund) == "ORDERNOTEXIST"
    with pytest.raises(Conflict):
        pay_sandbox.pay(NUMBER)


@pytest.mark.parametrize("changes", [{"amount": 101}, {"openid": "o2"}, {"appid": "wx2"}])
def test_a_number_is_for_one_order(app: Flask, changes: dict[str, Any]) -> None:
    order()
    assert refusal(order, **changes) == "OUT_TRADE_NO_USED"


def test_what_is_missing(app: Flask) -> None:
    assert refusal(order, body="") == "LACK_PARAMS"


def test_a_number_that_nobody_asked_for(app: Flask) -> None:
    for missing in (NotFound, BadParameter):
        with pytest.raises(missing):
            pay_sandbox.pay(NUMBER, 0 if missing is BadParameter else None)
    with pytest.raises(NotFound):
        pay_sandbox.notification_of(NUMBER)
    pay_sandbox.pay(NUMBER, 7)
    trade = pay.query(appid=APPID, out_trade_no=NUMBER)
    assert trade is not None
    assert (trade.paid, trade.amount, trade.appid) == (True, 7, APPID)
    refund(total=7, amount=7)


def test_refuse_and_hang_are_for_the_next_order_only(app: Flask) -> None:
    pay_sandbox.refuse("NOAUTH")
    pay_sandbox.refuse("NOTENOUGH")
    assert refusal(order) == "NOTENOUGH"
    order()
    pay_sandbox.hang()
    assert pay.query(appid=APPID, out_trade_no=NUMBER), "it is the order that hangs"
    with pytest.raises(UpstreamSilent):
        order()
    order()


@pytest.mark.parametrize("message", [b"rubbish", pay_xml.write({"appid": APPID, "sign": "0" * 64})])
def test_it_wants_what_wechat_wants(app: Flask, message: bytes) -> None:
    answer = pay_xml.read(pay_http.post("/pay/orderquery", message))
    assert answer["return_code"] == "FAIL"
    assert "result_code" not in answer


def test_the_same_keys_sign_both_ways(app: Flask) -> None:
    order()
    message = pay_sandbox.pay(NUMBER)
    assert current_state().settings.wxpay_key.encode() not in message
    with pytest.raises(UpstreamSilent):
        pay.notification(message.replace(b"<![CDATA[100]]>", b"<![CDATA[101]]>"))
