from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

import pytest
import requests
import responses

from apps import make_app
from wxservices import sms
from wxservices.errors import UpstreamRefused, UpstreamSilent
from wxservices.sms.senders import current_sender

URL = "https://sms.tencentcloudapi.com/"
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
        WXSERVICES_SMS_SENDER="tencent",
        WXSERVICES_SMS_SIGN_NAME="车管所",
        WXSERVICES_SMS_TEMPLATE=449739,
        WXSERVICES_SMS_ACCESS_KEY_ID="an-id",
        WXSERVICES_SMS_ACCESS_KEY_SECRET="a-secret",
        WXSERVICES_SMS_TENCENT_SDK_APP_ID="1400006666",
        WXSERVICES_SMS_TENCENT_REGION="ap-beijing",
        WXSERVICES_SMS_TIMEOUT=7,
    )
    with app.app_context():
        yield current_sender()


def status(code: str) -> dict[str, object]:
    return {
        "Response": {
            "SendStatusSet": [{"SerialNo": "5000:1", "PhoneNumber": "+8613800138000", "Fee": 1, "Code": code}],
            "RequestId": "a0aabda6",
        }
    }


def error(code: str) -> dict[str, object]:
    return {"Response": {"Error": {"Code": code, "Message": "some words"}, "RequestId": "a0aabda6"}}


@responses.activate
def test_a_code_is_sent_signed_and_with_a_time_out(sender) -> None:
    responses.post(URL, json=status("Ok"))
    sender.send(MESSAGE)
    [call] = responses.calls
    assert json.loads(call.request.body) == {
        "PhoneNumberSet": ["+8613800138000"],
        "SmsSdkAppId": "1400006666",
        "SignName": "车管所",
        "TemplateId": "449739",
        "TemplateParamSet": ["020406"],
    }
    assert call.request.headers["X-TC-Action"] == "SendSms"
    assert call.request.headers["X-TC-Version"] == "2021-01-11"
    assert call.request.headers["X-TC-Region"] == "ap-beijing"
    assert call.request.headers["Authorization"].startswith("TC3-HMAC-SHA256 Credential=an-id/")
    assert call.request.req_kwargs["timeout"] == 7


@pytest.mark.parametrize("answer", [status, error])
@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("LimitExceeded.PhoneNumberThirtySecondLimit", TOO_OFTEN),
        ("LimitExceeded.PhoneNumberOneHourLimit", TOO_OFTEN),
        ("LimitExceeded.PhoneNumberDailyLimit", TOO_OFTEN),
        ("LimitExceeded.DeliveryFrequencyLimit", TOO_OFTEN),
        ("InvalidParameterValue.IncorrectPhoneNumber", "手机号码有误，请重新输入"),
        ("FailedOperation.InsufficientBalanceInSmsPackage", FAILED),
        ("AuthFailure.SecretIdNotFound", FAILED),
    ],
)
@responses.activate
def test_a_refusal_is_told_with_its_code(sender, code: str, told: str, answer, content_type: str) -> None:
    responses.post(URL, json=answer(code), content_type=content_type)
    with pytest.raises(UpstreamRefused) as caught:
        sender.send(MESSAGE)
    assert (str(caught.value), caught.value.code) == (told, code)
    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"body": requests.ReadTimeout("slow")},
        {"body": requests.ConnectTimeout("slow")},
        {"body": requests.ConnectionError("no route")},
        {"json": status("Ok"), "status": 500},
        {"body": "", "status": 502},
        {"body": "<html>"},
        {"json": []},
        {"json": None},
        {"json": {}},
        {"json": {"Response": None}},
        {"json": {"Response": {"SendStatusSet": []}}},
        {"json": {"Response": {"SendStatusSet": [{}]}}},
        {"json": {"Response": {"Error": {}}}},
    ],
    ids=str,
)
@responses.activate
def test_silence_and_rubbish_are_no_answer_and_nothing_is_sent_twice(sender, answer: dict[str, object]) -> None:
    responses.post(URL, **answer)
    with pytest.raises(UpstreamSilent):
        sender.send(MESSAGE)
    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    "answer", [{"json": status("Ok")}, {"json": error("X")}, {"body": requests.ReadTimeout("slow")}]
)
@responses.activate
def test_neither_code_nor_phone_is_logged(sender, caplog, answer: dict[str, object]) -> None:
    caplog.set_level(logging.DEBUG)
    responses.post(URL, **answer)
    try:
        sender.send(MESSAGE)
    except Exception:
        logging.exception("it failed")
    assert MESSAGE.code not in caplog.text
    assert MESSAGE.phone not in caplog.text
