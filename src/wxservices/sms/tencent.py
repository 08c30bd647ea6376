"""SMS by Tencent Cloud (腾讯云短信), API 2021-01-11."""

from __future__ import annotations

import logging
from typing import Any

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111.sms_client import SmsClient

from ..errors import UpstreamRefused, UpstreamSilent
from ..settings import Settings
from .errors import WRONG_PHONE, SendFailed, TooManyCodes
from .message import Message

MESSAGES = {
    "LimitExceeded.PhoneNumberThirtySecondLimit": TooManyCodes.default_message,
    "LimitExceeded.PhoneNumberOneHourLimit": TooManyCodes.default_message,
    "LimitExceeded.PhoneNumberDailyLimit": TooManyCodes.default_message,
    "LimitExceeded.DeliveryFrequencyLimit": TooManyCodes.default_message,
    "InvalidParameterValue.IncorrectPhoneNumber": WRONG_PHONE,
}
"""What a person is told about a code of Tencent's.  All others are the operator's affair."""


class Tencent:
    """One client, whose connections all threads share."""

    def __init__(self, settings: Settings) -> None:
        # At DEBUG the SDK logs whole requests: phone, code and signature.
        logging.getLogger("tencentcloud_sdk_common").setLevel(logging.INFO)
        http = HttpProfile(reqTimeout=settings.sms_timeout.total_seconds())
        self._client = SmsClient(
            Credential(settings.sms_access_key_id, settings.sms_access_key_secret),
            settings.sms_tencent_region,
            ClientProfile(httpProfile=http),
        )
        self._fixed = {
            "SmsSdkAppId": settings.sms_tencent_sdk_app_id,
            "SignName": settings.sms_sign_name,
            "TemplateId": settings.sms_template,
        }

    def send(self, message: Message) -> None:
        what = {"PhoneNumberSet": [f"+86{message.phone}"], "TemplateParamSet": [message.code]}
        try:
            code = _outcome(self._client.call_json("SendSms", self._fixed | what))
        except TencentCloudSDKException as error:
            code = str(error.get_code())
            if code in ("ClientNetworkError", "ServerNetworkError"):
                raise UpstreamSilent(code=code) from None
        except Exception as error:  # whatever the SDK makes of an answer that is none
            raise UpstreamSilent(code=type(error).__name__) from None
        if code != "Ok":
            raise UpstreamRefused(MESSAGES.get(code, SendFailed.default_message), code=code)


def _outcome(answer: dict[str, Any]) -> str:
    """``Ok``, or the code of what went wrong."""
    response = answer["Response"]
    if "Error" in response:  # the SDK looks for it only under some content types
        return str(response["Error"]["Code"])
    codes = [str(status["Code"]) for status in response["SendStatusSet"]]
    return next((code for code in codes if code != "Ok"), codes[0])
