"""Who charges: codes, registration, logins (document ``charging``, 1 to 3)."""

from __future__ import annotations

import sqlalchemy as sa

from ... import clock, db, sms, tokens
from ...errors import NotAllowed, NotAuthenticated
from ...models.charging import User
from ...service import Account
from ...state import current_state
from .errors import CodeStillGood, NameTaken, NoSuchCodeType, NotRegistered, PhoneTaken

SERVICE = "charging"
REGISTER, LOGIN = "register", "login"

_by_phone = db.Query(sa.select(User.id).where(User.phone == sa.bindparam("phone")))
_by_name = db.Query(sa.select(User.id).where(User.wxname == sa.bindparam("wxname")))


def mini_program() -> Account:
    """The mini program whose users pay."""
    settings = current_state().settings
    return Account(settings.charging_appid, settings.charging_secret)


def send_code(*, phone: str, codeType: str, address: str) -> None:
    """``sendValidateCode``.

    :raises NoSuchCodeType: *codeType* is neither ``register`` nor ``login``.
    :raises PhoneTaken, NotRegistered: the phone is registered already, or is not.
    :raises CodeStillGood: the last one sent could still be used.
    :raises TooManyCodes, SendFailed: see :func:`wxservices.sms.send_code`.
    """
    if codeType not in (REGISTER, LOGIN):
        raise NoSuchCodeType
    known = _by_phone.first(phone=phone) is not None
    if codeType == REGISTER and known:
        raise PhoneTaken
    if codeType == LOGIN and not known:
        raise NotRegistered
    if sms.alive(service=SERVICE, purpose=codeType, phone=phone):
        raise CodeStillGood
    sms.send_code(service=SERVICE, purpose=codeType, phone=phone, address=address)


def register(*, phone: str, code: str, wxname: str) -> None:
    """``register``: nobody is logged in by it.

    :raises CodeRefused: the code is wrong, or too old.
    :raises PhoneTaken, NameTaken: somebody has it.
    """
    code_id = sms.check_code(service=SERVICE, purpose=REGISTER, phone=phone, code=code)
    _refuse_taken(phone, wxname)
    try:
        with db.transaction():
            sms.spend_code(code_id)
            db.insert(User, {"phone": phone, "wxname": wxname, "balance": 0, "orders": 0, "created_at": clock.now()})
    except db.Duplicate:  # somebody was faster: the keys are the guard
        _refuse_taken(phone, wxname)
        raise


def _refuse_taken(phone: str, wxname: str) -> None:
    if _by_phone.first(phone=phone) is not None:
        raise PhoneTaken
    if _by_name.first(wxname=wxname) is not None:
        raise NameTaken


def login(*, phone: str, code: str) -> str:
    """``login``: a token for the reply's ``Authorization``.

    :raises NotRegistered: nobody has the phone.
    :raises CodeRefused: the code is wrong, or too old.
    """
    user_id = _by_phone.scalar(phone=phone)
    if user_id is None:
        raise NotRegistered
    code_id = sms.check_code(service=SERVICE, purpose=LOGIN, phone=phone, code=code)
    with db.transaction():
        sms.spend_code(code_id)
        return tokens.issue(SERVICE, str(user_id), current_state().settings.charging_session)


def whose(token: str) -> int:
    """The id of the rider who is logged in with *token*.

    :raises NotAuthenticated: none is.
    """
    if not token:
        raise NotAuthenticated
    return int(tokens.verify(SERVICE, token).subject)


def end_sessions(*, phone: str) -> int:
    """End every login of a rider, and answer how many there were.

    :raises NotRegistered: nobody has the phone.
    """
    return tokens.revoke_all(SERVICE, str(registered(phone)))


def registered(phone: str) -> int:
    """The id of the rider with *phone*.

    :raises NotRegistered: nobody has it.
    """
    user_id = _by_phone.scalar(phone=phone)
    if user_id is None:
        raise NotRegistered
    return int(user_id)


def registered_or_refuse(phone: str) -> int:
    """The same where the document has no code for it.

    :raises NotAllowed: nobody has it.
    """
    try:
        return registered(phone)
    except NotRegistered:
        raise NotAllowed("手机号未注册") from None
