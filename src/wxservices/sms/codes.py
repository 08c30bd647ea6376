"""The life of a code: sent, checked, spent."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import traceback
from typing import Any

import sqlalchemy as sa

from .. import clock, db, throttle, tokens
from ..errors import UpstreamError, UpstreamRefused
from ..models.common import SmsCode
from ..state import current_state
from .errors import CodeBurnt, CodeExpired, CodeRefused, CodeWrong, SendFailed, TooManyCodes
from .message import Message
from .senders import current_sender

log = logging.getLogger(__name__)

_last = db.Query(
    sa.select(SmsCode.id, SmsCode.digest, SmsCode.tries, SmsCode.expires_at, SmsCode.spent_at)
    .where(
        SmsCode.service == sa.bindparam("service"),
        SmsCode.purpose == sa.bindparam("purpose"),
        SmsCode.phone == sa.bindparam("phone"),
    )
    .order_by(SmsCode.id.desc())
    .limit(1)
)


def send_code(*, service: str, purpose: str, phone: str, address: str | None) -> Message:
    """Send a new code to *phone*, and answer what was sent (for no one outside the sandbox to see).

    A refusal by the provider does not count for *phone*; a time-out, after which it may have been sent all the same,
    counts for its day.

    :param address: of the client that asks.
    :raises TooManyCodes: a limit is used up: of the phone and purpose, the address, or all together.
    :raises SendFailed: the provider refused it or did not answer; no code is left behind.
    :raises ConfigurationError: there is no sender.
    :raises RuntimeError: inside a transaction.
    """
    db.outside_transaction("Sending an SMS")
    settings = current_state().settings
    sender = current_sender()
    message = Message(
        phone=phone,
        service=service,
        purpose=purpose,
        code=f"{secrets.randbelow(1_000_000):06}",
        expires_at=clock.now() + settings.sms_code_lifetime,
    )
    whose = (service, purpose, phone)
    a_minute = (throttle.per_minute("sms-phone", settings.sms_per_minute), *whose)
    a_day = (throttle.per_day("sms-phone", settings.sms_per_day), *whose)
    of_address = (throttle.per_hour("sms-address", settings.sms_per_hour_address), throttle.address_key(address))
    in_all = (throttle.per_day("sms-total", settings.sms_per_day_total),)
    _count(a_minute, a_day, of_address, in_all)
    try:
        sender.send(message)
    except Exception as error:
        throttle.give_back(*a_minute)
        if isinstance(error, UpstreamRefused):
            throttle.give_back(*a_day)
        raise _send_failed(message, error) from None
    row = {
        "service": service,
        "purpose": purpose,
        "phone": phone,
        "digest": _digest(tokens.secret_keys()[-1], service, purpose, phone, message.code),
        "tries": 0,
        "created_at": clock.now(),
        "expires_at": message.expires_at,
    }
    with db.transaction():
        db.insert(SmsCode, row)
    return message


def check_code(*, service: str, purpose: str, phone: str, code: str) -> int:
    """Whether *code* is the last one sent to *phone* and still good.  Answers its id for :func:`spend_code`.

    A wrong one is counted, and stays counted whatever becomes of the caller.

    :raises CodeWrong: it is another.
    :raises CodeExpired: there is none to check against; :class:`CodeBurnt`: nor will there be, after so many guesses.
    :raises RuntimeError: inside a transaction, with which the count would be lost.
    """
    db.outside_transaction("Checking a code")
    last = _last.first(service=service, purpose=purpose, phone=phone)
    if refusal := _why_dead(last):
        raise refusal
    assert last is not None  # else it was refused
    right = any(
        hmac.compare_digest(last.digest, _digest(key, service, purpose, phone, code)) for key in tokens.secret_keys()
    )
    this = SmsCode.id == last.id
    with db.transaction():
        # The try is taken before it is known to be right, so that many at once are no more than many in a row.
        counted = db.changed(sa.update(SmsCode).where(this, *_alive()).values(tries=SmsCode.tries + 1))
        if counted and right:
            db.changed(sa.update(SmsCode).where(this).values(tries=SmsCode.tries - 1))
    if not counted:
        raise CodeExpired  # or burnt, or spent, since it was read
    if not right:
        raise CodeWrong
    return int(last.id)


def spend_code(code_id: int) -> None:
    """Use a code up, in the caller's transaction: of all who checked it, one gets past here.

    :raises CodeExpired: it was spent, burnt or too old by now.
    """
    now = clock.now()
    with db.transaction():
        if not db.changed(sa.update(SmsCode).where(SmsCode.id == code_id, *_alive()).values(spent_at=now)):
            raise CodeExpired


def alive(*, service: str, purpose: str, phone: str) -> bool:
    """Whether the last code sent to *phone* could still be used."""
    return _why_dead(_last.first(service=service, purpose=purpose, phone=phone)) is None


def purge() -> int:
    """Delete expired codes, and answer how many there were."""
    return db.delete_batches(SmsCode, SmsCode.expires_at <= clock.now())


def _alive() -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions under which a code may be used: the guard of every write."""
    tries = current_state().settings.sms_code_tries
    return SmsCode.spent_at.is_(None), SmsCode.tries < tries, SmsCode.expires_at > clock.now()


def _why_dead(code: sa.Row[Any] | None) -> CodeRefused | None:
    if code is None or code.spent_at is not None or code.expires_at <= clock.now():
        return CodeExpired()
    return CodeBurnt() if code.tries >= current_state().settings.sms_code_tries else None


def _count(*limits: tuple[Any, ...]) -> None:
    """Count one in each of *limits*, or in none."""
    for number, (limit, *identifiers) in enumerate(limits):
        if not throttle.hit(limit, *identifiers):
            for counted, *whose in limits[:number]:
                throttle.give_back(counted, *whose)
            log.warning("SMS: the limit %s of %s is used up", limit, limit.namespace)
            raise TooManyCodes


def _send_failed(message: Message, error: Exception) -> SendFailed:
    """*error* as the caller gets it.  What it says is not logged unless it is the provider's code: it may hold ours."""
    if isinstance(error, UpstreamError):
        log.warning("%r failed: %s %s", message, type(error).__name__, error.code)
        return SendFailed(error.message if isinstance(error, UpstreamRefused) else None, code=error.code)
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("%r failed: the sender raised %s\n%s", message, type(error).__name__, where)
    return SendFailed()


def _digest(key: str | bytes, service: str, purpose: str, phone: str, code: str) -> str:
    what = "\0".join(("sms code", service, purpose, phone, code)).encode("utf-8", "surrogatepass")
    return hmac.new(key.encode() if isinstance(key, str) else key, what, hashlib.sha256).hexdigest()
