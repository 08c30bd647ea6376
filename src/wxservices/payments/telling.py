"""What WeChat tells by itself: its notifications, and the XML with which they are answered."""

from __future__ import annotations

import logging

from ..errors import ServiceError
from ..wechat import pay, pay_xml
from . import applying, refunds

log = logging.getLogger(__name__)

YES = pay_xml.write({"return_code": "SUCCESS", "return_msg": "OK"}).decode()
NO = pay_xml.write({"return_code": "FAIL", "return_msg": "ERROR"}).decode()
"""Makes WeChat tell it again, for a day."""


def notified(message: bytes) -> str:
    """Take the notification of a payment (支付结果通知) and answer WeChat.  Applied once, however often it comes."""
    try:
        applying.apply(pay.notification(message))
    except ServiceError as error:
        log.warning("A notification of a payment is not taken: %s", type(error).__name__)
        return NO
    return YES


def refund_notified(message: bytes) -> str:
    """Take the notification of a refund (退款结果通知): a reason to ask how far it is, no more."""
    try:
        refunds.look(pay.refund_notification(message))
    except ServiceError as error:
        log.warning("A notification of a refund is not taken: %s", type(error).__name__)
        return NO
    return YES
