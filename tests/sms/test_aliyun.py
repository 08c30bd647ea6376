from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from apps import make_app
from wxservices import sms
from wxservices.errors import UpstreamRefused, UpstreamSilent
from wxservices.sms.senders import current_sender

URL = "https://dysmsapi.aliyuncs.com/"
MESSAGE = sms.Message(
    phone="13800138000",
    service="traffic",
    purpose="book",
    code="020406",
    expires_at=datetime(2026, 11, 20, 4, 5, tzinfo=UTC),
)
TOO_OFTEN = "获取验证码太频繁，请稍后再试"
FAILED = "短信发送失败，请稍后再试"


@pytest.fixture
def sender():
    app = make_app(
        "sqlite://",
        WXSERVICES_SANDBOX=False,
        WXSERVICES_SMS_SENDER="aliyun",
        WXSERVICES_SMS_SIGN_NAME="车管所",
        WXSERVICES_SMS_TEMPLATE="SMS_153055065",
        WXSERVICES_SMS_ACCESS_KEY_ID="an-id",
        WXSERVICES_SMS_ACCESS_KEY_SECRET="a-secret",
        WXSERVICES_SMS_TIMEOUT=7,
    )
    with app.app_context():
        yield current_sender()


def answer(code: str) -> dict[str, str]:
    return {"Code": code, "Message": "some words", "BizId": "9006^0", "RequestId": "F655A8D5"}


@responses.activate
def test_a_code_is_sent_signed_and_with_a_time_out(sender) -> None:
    responses.post(URL, json=answer("OK"))
    sender.send(MESSAGE)
    [call] = responses.calls
    query = parse_qs(urlsplit(call.request.url).query)
    assert json.loads(query.pop("TemplateParam")[0]) == {"code": "020406"}
    assert query == {"PhoneNumbers": ["13800138000"], "SignName": ["车管所"], "TemplateCode": ["SMS_153055065"]}
    assert call.request.headers["x-acs-action"] == "SendSms"
    assert call.request.headers["Authorization"].startswith("ACS3-HMAC-SHA256 Credential=an-id,")
    assert call.request.req_kwargs["timeout"] == (7, 7)
    assert call.request.req_kwargs["verify"] is True


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", 200, TOO_OFTEN),
        ("isv.DAY_LIMIT_CONTROL", 200, TOO_OFTEN),
        ("isv.MOBILE_NUMBER_ILLEGAL", 200, "手机号码有误，请重新输入"),
        ("isv.OUT_OF_SERVICE", 200, FAILED),
        ("SignatureDoesNotMatch", 400, FAILED),
        ("isv.BUSINESS_LIMIT_CONTROL", 400, TOO_OFTEN),
        ("Throttling.User", 429, FAILED),
    ],
)
@responses.activate
def test_a_refusal_is_told_with_its_code(sender, code: str, status: int, told: str) -> None:
    responses.post(URL, json=answer(code), status=status)
    with pytest.raises(UpstreamRefused) as caught:
        sender.send(MESSAGE)
    assert (str(caught.value), caught.value.code) == (told, code)
    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"body": requests.ReadTimeout("slow")}, "RetryError"),
        ({"body": requests.ConnectTimeout("slow")}, "RetryError"),
        ({"body": requests.ConnectionError("no route")}, "RetryError"),
        ({"json": answer("ServiceUnavailable"), "status": 503}, "ServiceUnavailable"),
        ({"body": "", "status": 502}, None),
        ({"body": "<html>"}, None),
        ({"json": []}, "no code"),
        ({"json": None}, None),
        ({"json": {}}, "no code"),
        ({"json": {"Code": ""}}, "no code"),
    ],
    ids=str,
)
@responses.activate
def test_silence_and_rubbish_are_no_answer_and_nothing_is_sent_twice(
    sender, what: dict[str, object], code: str | None
) -> None:
    responses.post(URL, **what)
    with pytest.raises(UpstreamSilent) as caught:
        sender.send(MESSAGE)
    assert caught.value.code == code or (code is None and caught.value.code)
    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    "what", [{"json": answer("OK")}, {"json": answer("X"), "status": 400}, {"body": requests.ReadTimeout("slow")}]
)
@responses.activate
def test_neither_code_nor_phone_is_logged(sender, caplog, what: dict[str, object]) -> None:
    caplog.set_level(logging.DEBUG)
    responses.post(URL, **what)
    try:
        sender.send(MESSAGE)
    except Exception:
        logging.exception("it failed")
    # What urllib3 says of the request, which ``responses`` keeps it from making:
    path = urlsplit(responses.calls[0].request.url)
    logging.getLogger("urllib3.connectionpool").debug(
        '%s://%s:%s "%s %s %s" %s %s', "https", path.netloc, 443, "POST", f"/?{path.query}", "HTTP/1.1", 200, 110
    )
    assert "POST / HTTP/1.1" in caplog.text
    assert MESSAGE.code not in caplog.text
    assert MESSAGE.phone not in caplog.text
