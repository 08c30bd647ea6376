"""SMS by Alibaba Cloud (阿里云短信), API 2017-05-25."""

from __future__ import annotations

import json
import logging

from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_dysmsapi20170525.models import SendSmsRequest
from alibabacloud_tea_openapi.models import Config

from ..errors import UpstreamRefused, UpstreamSilent
from ..settings import Settings
from .errors import WRONG_PHONE, SendFailed, TooManyCodes
from .message import Message

MESSAGES = {
    "isv.BUSINESS_LIMIT_CONTROL": TooManyCodes.default_message,
    "isv.DAY_LIMIT_CONTROL": TooManyCodes.default_message,
    "isv.MOBILE_NUMBER_ILLEGAL": WRONG_PHONE,
}
"""What a person is told about a code of Alibaba's.  All others are the operator's affair."""


class Aliyun:
    """One client, whose connections all threads share."""

    def __init__(self, settings: Settings) -> None:
        # The SDK writes phone and code into the URL, which urllib3 logs at DEBUG.
        logging.getLogger("urllib3.connectionpool").addFilter(_hide_query)
        milliseconds = round(settings.sms_timeout.total_seconds() * 1000)
        self._client = Client(
            Config(
                access_key_id=settings.sms_access_key_id,
                access_key_secret=settings.sms_access_key_secret,
                endpoint="dysmsapi.aliyuncs.com",
                connect_timeout=milliseconds,
                read_timeout=milliseconds,
            )
        )
        self._sign_name = settings.sms_sign_name
        self._template = settings.sms_template

    def send(self, message: Message) -> None:
        request = SendSmsRequest(
            phone_numbers=message.phone,
            sign_name=self._sign_name,
            template_code=self._template,
            template_param=json.dumps({"code": message.code}),
        )
        try:
            code = self._client.send_sms(request).body.code
        except Exception as error:  # of several families, and their texts hold the URL
            code = getattr(error, "code", None)
            if not 400 <= (getattr(error, "statusCode", None) or 0) < 500:
                cause = getattr(error, "inner_exception", error)  # the SDK wraps what it cannot repeat
                raise UpstreamSilent(code=str(code or type(cause).__name__)) from None
        if not code:
            raise UpstreamSilent(code="no code")
        if code != "OK":
            raise UpstreamRefused(MESSAGES.get(code, SendFailed.default_message), code=str(code))


def _hide_query(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(
            arg.partition("?")[0] if isinstance(arg, str) and "PhoneNumbers=" in arg else arg for arg in record.args
        )
    return True
