"""Verification codes by SMS: sent, checked, spent.

::

    sms.send_code(service="traffic", purpose="book", phone=phone, address=request.remote_addr)
    ...
    code_id = sms.check_code(service="traffic", purpose="book", phone=phone, code=typed)
    with db.transaction():
        ...                     # what the code allows
        sms.spend_code(code_id)

A code is six digits, kept as a keyed hash, good once and for ``WXSERVICES_SMS_CODE_LIFETIME``; the last one that was
sent to a phone for a purpose is the one that counts.
"""

from .codes import alive, check_code, purge, send_code, spend_code
from .errors import CodeBurnt, CodeExpired, CodeRefused, CodeWrong, SendFailed, TooManyCodes
from .message import Message, Sender

__all__ = [
    "CodeBurnt",
    "CodeExpired",
    "CodeRefused",
    "CodeWrong",
    "Message",
    "SendFailed",
    "Sender",
    "TooManyCodes",
    "alive",
    "check_code",
    "purge",
    "send_code",
    "spend_code",
]
