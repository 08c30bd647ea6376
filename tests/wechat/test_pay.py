"""WeChat Pay asked over HTTP, as ``responses`` and a real slow server answer it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
import time_machine
from flask import Flask

from apps import make_app
from wxservices import clock, signing
from wxservices.errors import ConfigurationError, UpstreamRefused, UpstreamSilent
from wxservices.wechat import pay, pay_http, pay_xml

KEY = "192006250b4c09247ec02edce69f6a2d"
APPID, MCH_ID = "wxd930ea5d5a258f4f", "10000100"
MAIN, SPARE = pay_http.HOSTS
REQ_INFO = (
    "WBzGpzQuNpcFxIlFjUUD9BZv+lpBMzd2SHiKCkwfALWid5G8ZvfOussfMIHLbKJmcnxPKdb1ZJEqTAp8ysQv+xa1fj+Eorgndx3fNxf3KAYa3LPgsjv"
    "ZgxaeYyrhV05K20kSVW3JpXhNklkkwvOtOGqTNDVpfI4FjZ7sOlmFESf/QzG3hXO+ORtLhroEa+5+3oq5OYelGTRed7W0Ow/YvQ=="
)


@pytest.fixture
def sign_type(request: pytest.FixtureRequest) -> str:
    return "HMAC-SHA256"


@pytest.fixture
def app(sqlite_uri: str, tmp_path: Path, sign_type: str) -> Iterator[Flask]:
    """An application outside the sandbox, without a table."""
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("")
    app = make_app(
        sqlite_uri,
        WXSERVICES_SANDBOX=False,
        WXSERVICES_WXPAY_MCH_ID=MCH_ID,
        WXSERVICES_WXPAY_KEY=KEY,
        WXSERVICES_WXPAY_SIGN_TYPE=sign_type,
        WXSERVICES_WXPAY_NOTIFY_URL="https://shop.example/pay/wxpay/",
        WXSERVICES_WXPAY_CERT_FILE=str(tmp_path / "cert.pem"),
        WXSERVICES_WXPAY_KEY_FILE=str(tmp_path / "key.pem"),
    )
    with app.app_context():
        yield app


@pytest.fixture
def http(app: Flask) -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def reply(method: signing.Method = "HMAC-SHA256", **fields: str) -> bytes:
    """A reply as WeChat sends it."""
    sent = {"return_code": "SUCCESS", "appid": APPID, "mch_id": MCH_ID, "nonce_str": "n", "result_code": "SUCCESS"}
    sent |= fields
    return pay_xml.write({"sign": signing.sign(sent, KEY, method)} | sent)


def order() -> str:
    return pay.unified_order(
        appid=APPID,
        out_trade_no="SHOP1000",
        amount=101,
        body="北京]]>上海",
        openid="o1",
        address="10.0.0.9",
        expires_at=clock.now() + timedelta(minutes=30),
    )


CALLS: dict[str, Callable[[], Any]] = {
    "/pay/unifiedorder": order,
    "/pay/orderquery": lambda: pay.query(appid=APPID, out_trade_no="SHOP1000"),
    "/pay/closeorder": lambda: pay.close(appid=APPID, out_trade_no="SHOP1000"),
    "/secapi/pay/refund": lambda: pay.refund(
        appid=APPID, out_trade_no="SHOP1000", out_refund_no="R1", total=101, amount=1, reason="退票"
    ),
    "/pay/refundquery": lambda: pay.refund_query(appid=APPID, out_refund_no="R1"),
}
every_call = pytest.mark.parametrize("path", CALLS)


def test_the_order_that_is_sent(http: responses.RequestsMock) -> None:
    http.post(f"{MAIN}/pay/unifiedorder", reply(prepay_id="wx201410272009395522657a690389285100"))
    with time_machine.travel(datetime(2026, 11, 22, 16, 0, tzinfo=UTC), tick=False):
        assert order() == "wx201410272009395522657a690389285100"
    body = http.calls[0].request.body
    assert isinstance(body, bytes)
    sent = pay_xml.read(body)
    assert signing.verify(sent, KEY, sent["sign"], "HMAC-SHA256")
    assert 0 < len(sent.pop("nonce_str")) <= 32
    del sent["sign"]
    assert sent == {
        "appid": APPID,
        "mch_id": MCH_ID,
        "sign_type": "HMAC-SHA256",
        "body": "北京]]>上海",
        "out_trade_no": "SHOP1000",
        "total_fee": "101",
        "spbill_create_ip": "10.0.0.9",
        "notify_url": "https://shop.example/pay/wxpay/notify",
        "trade_type": "JSAPI",
        "openid": "o1",
        "time_expire": "20261123003000",
    }


def test_an_expiry_too_near_is_not_sent(http: responses.RequestsMock) -> None:
    http.post(f"{MAIN}/pay/unifiedorder", reply(prepay_id="wx1"))
    fields: dict[str, Any] = {"appid": APPID, "out_trade_no": "SHOP1000", "amount": 1, "body": "b", "openid": "o1"}
    pay.unified_order(**fields, address="10.0.0.9", expires_at=clock.now() + timedelta(minutes=4))
    assert b"time_expire" not in http.calls[0].request.body


def test_what_a_query_answers(http: responses.RequestsMock) -> None:
    paid = {
        "trade_state": "SUCCESS",
        "out_trade_no": "SHOP1000",
        "total_fee": "101",
        "transaction_id": "42000",
        "time_end": "20261122003000",
        "a_field_of_tomorrow": "signed all the same",
    }
    http.post(f"{MAIN}/pay/orderquery", reply(**paid))
    trade = CALLS["/pay/orderquery"]()
    assert trade == pay.Trade(APPID, "SHOP1000", "SUCCESS", 101, "42000", datetime(2026, 11, 21, 16, 30, tzinfo=UTC))
    assert trade.paid


@pytest.mark.parametrize(
    ("state", "paid"),
    [("SUCCESS", True), ("REFUND", True)]
    + [(state, False) for state in ("NOTPAY", "CLOSED", "REVOKED", "USERPAYING", "PAYERROR", "ACCEPT")],
)
def test_the_states_in_which_the_money_came(http: responses.RequestsMock, state: str, paid: bool) -> None:
    http.post(f"{MAIN}/pay/orderquery", reply(trade_state=state, out_trade_no="SHOP1000"))
    assert CALLS["/pay/orderquery"]().paid is paid


@pytest.mark.parametrize(
    ("path", "err_code", "answer"),
    [
        ("/pay/orderquery", "ORDERNOTEXIST", None),
        ("/pay/refundquery", "REFUNDNOTEXIST", None),
        ("/pay/closeorder", "ORDERCLOSED", None),
        ("/pay/closeorder", "ORDERNOTEXIST", None),
    ],
)
def test_a_no_that_is_an_answer(http: responses.RequestsMock, path: str, err_code: str, answer: None) -> None:
    http.post(MAIN + path, reply(result_code="FAIL", err_code=err_code))
    assert CALLS[path]() is answer


@every_call
@pytest.mark.parametrize("err_code", ["SYSTEMERROR", "NOAUTH", "ORDERPAID"])
def test_a_refusal(http: responses.RequestsMock, path: str, err_code: str) -> None:
    http.post(MAIN + path, reply(result_code="FAIL", err_code=err_code, err_code_des="不行"))
    with pytest.raises(UpstreamRefused) as refusal:
        CALLS[path]()
    assert refusal.value.code == err_code


def test_the_refund_shows_the_certificate(http: responses.RequestsMock, app: Flask) -> None:
    http.post(f"{MAIN}/secapi/pay/refund", reply())
    CALLS["/secapi/pay/refund"]()
    assert http.calls[0].request.req_kwargs["cert"] == (
        app.config["WXSERVICES_WXPAY_CERT_FILE"],
        app.config["WXSERVICES_WXPAY_KEY_FILE"],
    )
    sent = pay_xml.read(http.calls[0].request.body)
    assert (sent["total_fee"], sent["refund_fee"], sent["out_refund_no"]) == ("101", "1", "R1")
    assert sent["notify_url"] == "https://shop.example/pay/wxpay/refund-notify"


def test_a_certificate_that_is_gone(app: Flask) -> None:
    Path(app.config["WXSERVICES_WXPAY_KEY_FILE"]).unlink()
    with pytest.raises(ConfigurationError, match="WXSERVICES_WXPAY_KEY_FILE"):
        CALLS["/secapi/pay/refund"]()


def forged() -> bytes:
    return reply(prepay_id="wx1").replace(b"wx1", b"wx2")


NO_ANSWER: dict[str, bytes] = {
    "empty": b"",
    "html": b"<html><body>502</body></html>",
    "json": b'{"return_code":"SUCCESS"}',
    "duplicate tags": reply().replace(b"</xml>", b"<appid>x</appid></xml>"),
    "entities": b'<!DOCTYPE xml [<!ENTITY a "1">]>' + reply(),
    "not utf-8": b"\xff\xfe" + reply(),
    "10 MB": b"<xml><a>" + b"x" * 10_000_000 + b"</a></xml>",
    "forged": forged(),
    "no sign": pay_xml.write({"return_code": "SUCCESS", "result_code": "SUCCESS", "mch_id": MCH_ID, "prepay_id": "1"}),
    "signed with MD5": reply("MD5", sign_type="MD5", prepay_id="wx1", trade_state="SUCCESS"),
    "return_code FAIL": pay_xml.write({"return_code": "FAIL", "return_msg": "签名失败"}),
    "another merchant": reply(mch_id="10000200"),
    "another appid": reply(appid="wx2"),
    "no result": reply(result_code=""),
    "a code that is none": reply(result_code="FAIL", err_code="<script>"),
    "no code": reply(result_code="FAIL"),
}


@pytest.mark.parametrize("body", NO_ANSWER.values(), ids=NO_ANSWER)
@every_call
def test_what_is_no_answer(
    http: responses.RequestsMock, path: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    http.assert_all_requests_are_fired = False
    http.post(MAIN + path, body)
    http.post(SPARE + path, body)
    with pytest.raises(UpstreamSilent):
        CALLS[path]()
    assert KEY not in caplog.text
    assert "o1" not in caplog.text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/pay/unifiedorder", {}),
        ("/pay/unifiedorder", {"prepay_id": "with blank"}),
        ("/pay/orderquery", {"trade_state": "SUCCESS", "out_trade_no": "SHOP2000"}),
        ("/pay/orderquery", {"out_trade_no": "SHOP1000"}),
        ("/pay/refundquery", {"out_refund_no_0": "R2", "refund_fee_0": "1", "refund_status_0": "SUCCESS"}),
        ("/pay/refundquery", {"out_refund_no_0": "R1", "refund_fee_0": "1.5", "refund_status_0": "SUCCESS"}),
    ],
)
def test_a_yes_without_what_it_must_say(http: responses.RequestsMock, path: str, fields: dict[str, str]) -> None:
    http.post(MAIN + path, reply(**fields))
    with pytest.raises(UpstreamSilent):
        CALLS[path]()


@pytest.mark.parametrize("down", [requests.ConnectTimeout(), requests.ReadTimeout(), requests.ConnectionError()])
@every_call
def test_the_spare_host_answers(http: responses.RequestsMock, path: str, down: Exception) -> None:
    http.post(MAIN + path, body=down)
    http.post(SPARE + path, reply(result_code="FAIL", err_code="NOAUTH"))
    with pytest.raises(UpstreamRefused):
        CALLS[path]()


@every_call
def test_no_host_answers(http: responses.RequestsMock, path: str) -> None:
    http.post(MAIN + path, body=requests.ConnectTimeout())
    http.post(SPARE + path, status=502, body="Bad Gateway")
    with pytest.raises(UpstreamSilent):
        CALLS[path]()
    assert [call.request.req_kwargs["timeout"] for call in http.calls] == [(3, 10)] * 2


@pytest.mark.parametrize("sign_type", ["MD5"])
def test_md5_where_that_was_agreed_on(http: responses.RequestsMock) -> None:
    http.post(f"{MAIN}/pay/unifiedorder", reply("MD5", prepay_id="wx1"))
    assert order() == "wx1"
    http.post(f"{MAIN}/pay/closeorder", reply("HMAC-SHA256"))
    with pytest.raises(UpstreamSilent):
        CALLS["/pay/closeorder"]()


def test_the_documentations_pay_sign(sqlite_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app(
        sqlite_uri, WXSERVICES_WXPAY_KEY="qazwsxedcrfvtgbyhnujmikolp111111", WXSERVICES_WXPAY_SIGN_TYPE="MD5"
    )
    monkeypatch.setattr(pay.secrets, "token_hex", lambda size: "5K8264ILTKCH16CQ2502SI8ZNMTM67VS")
    with app.app_context(), time_machine.travel(1490840662, tick=False):
        assert pay.request_payment(appid="wxd678efh567hg6787", prepay_id="wx2017033010242291fcfe0db70013231072") == {
            "timeStamp": "1490840662",
            "nonceStr": "5K8264ILTKCH16CQ2502SI8ZNMTM67VS",
            "package": "prepay_id=wx2017033010242291fcfe0db70013231072",
            "signType": "MD5",
            "paySign": "22D9B4E54AB1950F51E0649E8810ACD6",
        }


def test_the_notification_of_a_payment(app: Flask) -> None:
    paid = {"out_trade_no": "SHOP1000", "total_fee": "101", "transaction_id": "42000", "coupon_fee_0": "1"}
    assert pay.notification(reply(**paid)) == pay.Trade(APPID, "SHOP1000", "SUCCESS", 101, "42000", None)
    assert not pay.notification(reply(**paid, result_code="FAIL")).paid


@pytest.mark.parametrize("message", NO_ANSWER.values(), ids=NO_ANSWER)
def test_what_is_no_notification(app: Flask, message: bytes) -> None:
    with pytest.raises(UpstreamSilent):
        pay.notification(message)


def refund_notification(**fields: str) -> bytes:
    return pay_xml.write({"return_code": "SUCCESS", "appid": APPID, "mch_id": MCH_ID, "req_info": REQ_INFO} | fields)


def test_the_documentations_refund_notification(app: Flask) -> None:
    inner = pay_xml.read(pay.decrypt(REQ_INFO), root="root")
    assert (inner["out_refund_no"], inner["refund_status"], inner["refund_fee"]) == ("R1", "SUCCESS", "1")
    assert pay.refund_notification(refund_notification()) == "R1"


@pytest.mark.parametrize(
    "fields",
    [
        {"mch_id": "10000200"},
        {"return_code": "FAIL"},
        {"req_info": ""},
        {"req_info": "not base64"},
        {"req_info": "QUJD"},
        {"req_info": REQ_INFO[:64]},
        {"req_info": "A" * 64},
    ],
)
def test_what_is_no_refund_notification(app: Flask, fields: dict[str, str]) -> None:
    with pytest.raises(UpstreamSilent):
        pay.refund_notification(refund_notification(**fields))


def test_what_encrypt_makes_decrypt_reads(app: Flask) -> None:
    from base64 import b64encode

    assert pay.decrypt(b64encode(pay.encrypt("<root>票</root>".encode())).decode()) == "<root>票</root>".encode()


def test_a_real_server_that_is_slow(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            quiet.wait(5)

        def log_message(self, *args: object) -> None:
            pass

    asked: list[str] = []
    quiet = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    monkeypatch.setattr(pay_http, "HOSTS", (f"http://127.0.0.1:{server.server_port}",) * 2)
    monkeypatch.setattr(pay_http, "TIMEOUT", (1, 0.2))
    begun = time.monotonic()
    try:
        with pytest.raises(UpstreamSilent):
            order()
    finally:
        quiet.set()
        server.shutdown()
        server.server_close()
    assert asked == ["/pay/unifiedorder"] * 2
    assert time.monotonic() - begun < 2
