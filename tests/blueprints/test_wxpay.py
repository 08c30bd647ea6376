"""The callbacks of WeChat Pay and the prepay call, over HTTP."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from apps import make_app, running
from shop import APPID, SERVICE, events, open_shop, order, refund_state, state
from wxservices import db, migration, payments, signing
from wxservices.blueprints import wxpay
from wxservices.errors import Conflict
from wxservices.payments import prepaying
from wxservices.service import Payable
from wxservices.state import current_state
from wxservices.wechat import pay_sandbox, pay_xml
from wxservices.wechat.sandbox import openid_of

YES = "<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>"
NO = "<xml><return_code><![CDATA[FAIL]]></return_code><return_msg><![CDATA[ERROR]]></return_msg></xml>"


@pytest.fixture
def app(database_uri: str) -> Iterator[Flask]:
    with open_shop(database_uri) as app:
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def tell(client: FlaskClient, message: bytes, path: str = "/wxpay/notify") -> str:
    response = client.post(path, data=message, content_type="text/xml")
    assert response.status_code == 200
    assert response.mimetype == "text/xml"
    return response.get_data(as_text=True)


def prepay(client: FlaskClient, **body: Any) -> Any:
    response = client.post("/wxpay/prepay", json=body)
    assert response.status_code == 200
    return response.json


def paid(number: str = "SHOP1000") -> bytes:
    order(number)
    payments.prepay(out_trade_no=number)
    return pay_sandbox.pay(number)


def resigned(message: bytes, method: signing.Method = "HMAC-SHA256", **changes: str) -> bytes:
    """The message with *changes*, signed as if WeChat had said so."""
    fields = {**pay_xml.read(message), **changes}
    return pay_xml.write(fields | {"sign": signing.sign(fields, current_state().settings.wxpay_key, method)})


def test_a_notification_is_applied_once(client: FlaskClient) -> None:
    message = paid()
    assert [tell(client, message) for _ in range(3)] == [YES] * 3
    assert events() == [("paid", "SHOP1000", 1250)]


@pytest.mark.parametrize(
    "change",
    [
        lambda message: message.replace(b"1250", b"1251"),
        lambda message: resigned(message, total_fee="1251"),
        lambda message: resigned(message, total_fee="12.50"),
        lambda message: resigned(message, total_fee=""),
        lambda message: resigned(message, appid="wx1111111111111111"),
        lambda message: resigned(message, mch_id="1900000001"),
        lambda message: resigned(message, out_trade_no="SHOP2000"),
        lambda message: resigned(message, out_trade_no=""),
        lambda message: resigned(message, return_code="FAIL"),
        lambda message: resigned(message, "MD5"),
        lambda message: resigned(message, "MD5", sign_type="MD5"),
        lambda message: message.replace(b"</xml>", b"<extra>1</extra></xml>"),
        lambda message: message.replace(b"</xml>", b"<total_fee>1250</total_fee></xml>"),
        lambda message: b'<!DOCTYPE xml [<!ENTITY a "1">]>' + message,
        lambda message: message + b" " * 70_000,
        lambda message: b"<xml>" + b"x" * 10_000_000,
        lambda message: b"",
        lambda message: b"\xff",
        lambda message: b'{"return_code": "SUCCESS"}',
    ],
)
def test_a_notification_that_is_not_wechats_touches_nothing(client: FlaskClient, change: Any) -> None:
    message = paid()
    assert tell(client, change(message)) == NO
    assert (state("SHOP1000"), events()) == ("open", [])
    assert tell(client, message) == YES, "the true one is taken all the same"


def test_a_field_of_tomorrow_is_signed_with_the_rest(client: FlaskClient) -> None:
    assert tell(client, resigned(paid(), a_field_of_tomorrow="1")) == YES


def test_a_payment_that_failed_is_heard_and_changes_nothing(client: FlaskClient) -> None:
    assert tell(client, resigned(paid(), result_code="FAIL")) == YES
    assert state("SHOP1000") == "open"


def test_a_fault_of_ours_makes_wechat_tell_it_again(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    message = paid()
    with monkeypatch.context() as broken:
        broken.setattr("shop._tell", lambda *what: 1 / 0)
        assert tell(client, message) == NO
    assert "ZeroDivisionError" in caplog.text
    assert state("SHOP1000") == "open"
    assert tell(client, message) == YES


def test_a_refund_notification(client: FlaskClient) -> None:
    tell(client, paid())
    with db.transaction():
        payments.refund(out_trade_no="SHOP1000")
    message = pay_sandbox.refund_notification_of("SHOP1000R")
    assert tell(client, b"<xml/>", "/wxpay/refund-notify") == NO
    assert refund_state("SHOP1000R") == "accepted"
    assert [tell(client, message, "/wxpay/refund-notify") for _ in range(2)] == [YES] * 2
    assert refund_state("SHOP1000R") == "done"
    assert events()[1:] == [("refunded", "SHOP1000R", 1250)]


def test_get_is_the_hosts_405(client: FlaskClient) -> None:
    assert client.get("/wxpay/notify").status_code == 405


def test_prepay(client: FlaskClient) -> None:
    reply = prepay(client, orderNo="SHOP0001", code="somebody")
    assert set(reply) == {"timeStamp", "nonceStr", "package", "signType", "paySign"}
    signed = {"appId": APPID, **{name: value for name, value in reply.items() if name != "paySign"}}
    assert signing.verify(signed, current_state().settings.wxpay_key, reply["paySign"], "HMAC-SHA256")
    payment = payments.find("SHOP0001")
    assert payment is not None
    assert (payment.service, payment.amount, payment.openid) == ("shop", 1250, openid_of("somebody"))
    assert prepay(client, orderNo="SHOP0001", code="somebody")["package"] == reply["package"]

    tell(client, pay_sandbox.pay("SHOP0001"))
    assert events() == [("paid", "SHOP0001", 1250)]
    assert prepay(client, orderNo="SHOP0001", code="somebody")["code"] == 409


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"orderNo": "SHOP9999", "code": "c"}, 404),
        ({"code": "c"}, 400),
        ({"orderNo": "SHOP0001"}, 400),
        ({"orderNo": ["SHOP0001"], "code": "c"}, 400),
        ({"orderNo": "SHOP0001\x00", "code": "c"}, 400),
        ({"orderNo": "SHOP0001", "code": "invalid"}, 502),
        ({"orderNo": "SHOP0001", "code": "timeout"}, 502),
    ],
)
def test_prepay_refused(client: FlaskClient, body: dict[str, Any], code: int) -> None:
    reply = prepay(client, **body)
    assert reply["code"] == code
    assert reply["message"]
    assert payments.find("SHOP0001") is None


def test_prepay_is_for_one_payer_and_one_amount(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "paySign" in prepay(client, orderNo="SHOP0001", code="somebody")
    assert prepay(client, orderNo="SHOP0001", code="another")["code"] == 403
    monkeypatch.setitem(__import__("shop").PRICES, "SHOP0001", 999)
    assert prepay(client, orderNo="SHOP0001", code="somebody")["code"] == 409


def test_prepay_for_another_than_the_service_says(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    payable = Payable(amount=5, body="b", openid="o-of-the-owner")
    monkeypatch.setattr(prepaying, "_owner_of", lambda number: ("shop", SERVICE.payments, payable))
    assert prepay(client, orderNo="SHOP0001", code="somebody")["code"] == 403
    assert payments.find("SHOP0001") is None


def test_prepay_passes_on_what_the_service_and_wechat_say(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    pay_sandbox.refuse("NOTENOUGH")
    reply = prepay(client, orderNo="SHOP0001", code="somebody")
    assert (reply["code"], reply["err_code"]) == (502, "NOTENOUGH")
    pay_sandbox.hang()
    assert prepay(client, orderNo="SHOP0001", code="somebody")["code"] == 502
    assert "paySign" in prepay(client, orderNo="SHOP0001", code="somebody")

    def gone(number: str) -> Any:
        raise Conflict("预约已过期")

    monkeypatch.setattr(prepaying, "_owner_of", gone)
    assert prepay(client, orderNo="SHOP0002", code="c") == {"code": 409, "message": "预约已过期"}


def test_without_an_account_it_says_what_is_missing(sqlite_uri: str, caplog: pytest.LogCaptureFixture) -> None:
    app = make_app(sqlite_uri, WXSERVICES_SANDBOX=False)
    app.register_blueprint(wxpay.bp)
    for name in ("MCH_ID", "KEY", "NOTIFY_URL", "CERT_FILE", "KEY_FILE"):
        assert f"wxpay cannot start: WXSERVICES_WXPAY_{name} is not set" in caplog.text
    with running(app):
        assert tell(app.test_client(), b"<xml/>") == NO
        assert prepay(app.test_client(), orderNo="SHOP0001", code="c")["code"] == 500


def test_nothing_secret_is_logged(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    reply = prepay(client, orderNo="SHOP0001", code="somebody")
    tell(client, pay_sandbox.pay("SHOP0001"))
    payments.refund(out_trade_no="SHOP0001")
    for secret in (current_state().settings.wxpay_key, reply["paySign"], openid_of("somebody"), reply["package"]):
        assert secret not in caplog.text


def test_its_tables_are_the_common_ones(database_uri: str) -> None:
    app = make_app(database_uri)
    app.register_blueprint(wxpay.bp)
    with app.app_context():
        assert "common_0002" in migration.upgrade()
        assert migration.check() == []
        assert "wx_common_payment" in sa.inspect(db.engine()).get_table_names()
        assert migration.downgrade("common") == ["common_0002", "common_0001"]
        current_state().db.session.remove()
        db.engine().dispose()


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, wxservices.blueprints.wxpay\n"
        "print([name for name in ('requests', 'cryptography', 'defusedxml') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
