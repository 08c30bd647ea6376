"""WeChat's account of a day against ours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest
from flask import Flask

from shop import order
from wxservices import clock, payments
from wxservices.errors import BadParameter
from wxservices.payments import bill
from wxservices.wechat import pay_sandbox
from wxservices.wechat.pay import BEIJING

NAMES = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,"
    "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额\r\n`1,`1,`0,`0,`0,`1"


def line(number: str, yuan: str, *, state: str = "SUCCESS", refund: str = "0", back: str = "0.00", day: int = 0) -> str:
    time = f"{clock.now().astimezone(BEIJING) + timedelta(days=day):%Y-%m-%d %H:%M:%S}"
    values = [time, "wx1", "1900000000", "0", "", "42", number, "o1", "JSAPI", state, "OTHERS", "CNY", yuan, "0.00"]
    values += ["0" if refund == "0" else "50", refund, back, "0.00", "", "", "一杯茶", "", "0.00600", "0.60%"]
    return ",".join(f"`{value}" for value in [*values, yuan, back, ""])


def differences(lines: Iterable[str]) -> list[str]:
    return list(bill.differences("\ufeff" + "\r\n".join([NAMES, *lines, SUMMARY]) + "\r\n"))


@pytest.fixture
def paid(app: Flask) -> str:
    number = order()
    payments.notified(pay_sandbox.pay(number, 1250))
    return number


def test_the_books_agree(paid: str) -> None:
    payments.refund(out_trade_no=paid)
    refund = line(paid, "0.00", state="REFUND", refund=f"{paid}R", back="12.50")
    assert differences([line(paid, "12.50"), refund]) == []


def test_they_do_not(paid: str) -> None:
    unpaid = order("SHOP2000")
    assert differences(
        [
            line(unpaid, "12.50"),
            line("NOBODYS1", "0.01"),
            line(unpaid, "0.00", state="REFUND", refund="R7", back="1.00"),
        ]
    ) == [
        f"{unpaid}: 1250 fen in the bill, open here",
        "NOBODYS1: 1 fen in the bill, unknown here",
        "refund R7: 100 fen in the bill, unknown here",
        f"{paid}: paid here, not in the bill",
    ]
    assert differences([line(paid, "12.51")]) == [f"{paid}: 1251 fen in the bill, 1250 here"]
    payments.refund(out_trade_no=paid, amount=1, out_refund_no="R1")
    back = line(paid, "0.00", state="REFUND", refund="R1", back="0.02")
    assert differences([line(paid, "12.50"), back]) == ["refund R1: 2 fen in the bill, 1 here"]


def test_another_days_bill_does_not_miss_it(paid: str) -> None:
    late = order("SHOP3000")
    payments.notified(pay_sandbox.pay(late, 1250))
    assert differences([line(late, "12.50", day=-2)]) == []


@pytest.mark.parametrize(
    "text",
    ["", "a,b,c\n1,2,3\n", NAMES, f"{NAMES}\n{','.join('`' for _ in NAMES.split(','))}\n{SUMMARY}", "<xml/>"],
)
def test_what_is_no_bill(app: Flask, text: str) -> None:
    with pytest.raises(BadParameter, match="bill"):
        list(bill.differences(text))


@pytest.mark.parametrize("amount", ["x", "1.001", "NaN", "Infinity", "1e400", ""])
def test_an_amount_that_is_none(app: Flask, amount: str) -> None:
    with pytest.raises(BadParameter, match="no amount"):
        differences([line("SHOP1000", amount)])
