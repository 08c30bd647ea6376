"""WeChat Pay slow, down, answering rubbish or under another's sign: the documented code, the order kept and payable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import requests
import responses
from flask import Flask

from tickets_data import ORDER, agency, newest, on_sqlite, status
from wxservices import payments, signing
from wxservices.blueprints.tickets.envelopes import Reply
from wxservices.errors import ServiceError
from wxservices.services.tickets import accounts, ordering

KEY = "k" * 32
CONFIG: dict[str, Any] = {
    "WXSERVICES_SANDBOX": False,
    "WXSERVICES_TICKETS_APPID": "wx1",
    "WXSERVICES_TICKETS_SECRET": "secret",
    "WXSERVICES_TICKETS_SIGN_KEY": "key",
    "WXSERVICES_WXPAY_MCH_ID": "1900000000",
    "WXSERVICES_WXPAY_KEY": KEY,
    "WXSERVICES_WXPAY_NOTIFY_URL": "https://pay.example.com/wxpay",
}
URLS = [f"https://{host}.mch.weixin.qq.com/pay/unifiedorder" for host in ("api", "api2")]


def _xml(key: str = KEY, **fields: str) -> str:
    about = {"return_code": "SUCCESS", "appid": "wx1", "mch_id": "1900000000", "nonce_str": "n", **fields}
    about["sign"] = signing.hmac_sha256(about, key)
    return f"<xml>{''.join(f'<{name}>{value}</{name}>' for name, value in about.items())}</xml>"


GOOD = {"result_code": "SUCCESS", "trade_type": "JSAPI", "prepay_id": "wx2026"}

TROUBLE: dict[str, tuple[dict[str, Any], str]] = {
    "down": ({"body": requests.ConnectionError("no route")}, "1001"),
    "slow": ({"body": requests.ReadTimeout("10 s")}, "1001"),
    "broken": ({"status": 502, "body": "Bad Gateway"}, "1001"),
    "rubbish": ({"body": "<html>" + "x" * 100}, "1001"),
    "no xml": ({"body": b"\xff\xfe\x00"}, "1001"),
    "entities": ({"body": '<!DOCTYPE a [<!ENTITY b "c">]><xml><return_code>&b;</return_code></xml>'}, "1001"),
    "wrong sign": ({"body": _xml(key="another", **GOOD)}, "1001"),
    "refused": ({"body": _xml(result_code="FAIL", err_code="NOTENOUGH")}, "1003"),
    "refused as nobody foresaw": ({"body": _xml(result_code="FAIL", err_code="TOMORROW")}, "1001"),
}


@pytest.fixture
def live_app(database_uri: str) -> Iterator[Flask]:
    with agency(database_uri, **CONFIG) as app:
        yield app


@on_sqlite
@pytest.mark.parametrize("trouble", TROUBLE)
def test_an_order_in_trouble_stays_payable(live_app: Flask, trouble: str) -> None:
    answer, code = TROUBLE[trouble]
    user_id = accounts.account(openid="o1", role="customer")
    journeys = [ordering.Journey(seatType="硬座", departureDate=date(2099, 1, 1), trainNum="K1")]
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wechat:
        for url in URLS:
            wechat.post(url, **answer)
        with pytest.raises(ServiceError) as raised:
            ordering.create(user_id=user_id, **{**ORDER, "ticketDetails": journeys, "orderAmount": 8000})
        assert Reply().error(raised.value)["code"] == code
    order = newest()
    payment = payments.find(order.order_no)
    assert payment is not None
    assert (status(order.order_no), payment.state, payment.amount) == ("wait_pay", "open", 8000)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wechat:
        for url in URLS:
            wechat.post(url, body=_xml(**GOOD))
        assert ordering.pay(user_id=user_id, id=order.id)["package"] == "prepay_id=wx2026"
