"""A user's phone, proven by an SMS code (document ``tickets``, 发送验证码, 校验验证码)."""

from __future__ import annotations

import sqlalchemy as sa

from ... import db, sms
from ...models.tickets import User
from ...state import current_state
from .accounts import SERVICE
from .errors import CodeNotChecked, ProfileNotKept, kept_or

PURPOSE = "bind"

_bind = sa.update(User).where(User.id == sa.bindparam("user")).values(phone=sa.bindparam("number"))


def send(*, phoneNo: str, address: str) -> dict[str, str]:
    """``sendPhoneCode``: ``{"smsCode", "phoneNo"}``.  ``smsCode`` is ``""`` outside the sandbox: a code that its reader
    gets back proves nothing.

    :raises TooManyCodes: asked for too often.
    :raises SendFailed: the SMS could not be sent.
    """
    message = sms.send_code(service=SERVICE, purpose=PURPOSE, phone=phoneNo, address=address)
    return {"smsCode": message.code if current_state().settings.sandbox else "", "phoneNo": phoneNo}


def check(*, user_id: int, phoneNo: str, smsCode: str) -> None:
    """``checkPhoneCode``: bind *phoneNo* to the account, if *smsCode* is right.

    :raises CodeRefused: the code is wrong, or too old.
    :raises CodeNotChecked: the data base does not take the try.
    :raises ProfileNotKept: nor the phone.
    """
    with kept_or(CodeNotChecked):
        code_id = sms.check_code(service=SERVICE, purpose=PURPOSE, phone=phoneNo, code=smsCode)
    with kept_or(ProfileNotKept), db.transaction():
        sms.spend_code(code_id)
        db.changed(_bind, {"user": user_id, "number": phoneNo})
