"""What a request of ``tickets`` must show before its parameters are looked at.

In this order: the program, the role, the user, the login, the sign.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import request
from marshmallow import ValidationError

from ... import fields, nonces, payload, signing, tokens
from ...envelope import Envelope
from ...errors import BadParameter, NotAuthenticated, ServiceError
from ...services.tickets import accounts
from ...state import current_state
from ..document import Call

SERVICE = accounts.SERVICE
PROGRAM = "XCX"
NONCE_LIFETIME = timedelta(hours=24)

nonce_field = fields.Text(max_length=32)


class NoAppCode(ServiceError):
    """No ``appCode``, or another program's."""


class NoUserId(ServiceError):
    pass


class NoLoginKey(ServiceError):
    pass


class NoSign(ServiceError):
    pass


class BadSign(ServiceError):
    """A sign that is not right, or a nonce that was used."""


@dataclass(frozen=True)
class UserCall(Call):
    """A call of the document: its parameters are in ``data``, who calls stands beside it.

    The service function may ask for ``user_id`` and ``role`` beside the parameters.

    :param signed: its table lists ``sign`` and ``nonceStr``, so that they must be there; elsewhere a sign that is sent
        must be right.
    :param public: for who is not logged in yet.
    """

    signed: bool = False
    public: bool = False

    def arguments(self, envelope: Envelope, sent: dict[str, Any]) -> dict[str, Any]:
        if sent.get("appCode") != PROGRAM:
            raise NoAppCode
        role = sent.get("userRole")
        if role not in accounts.ROLES:
            raise BadParameter("userRole", "应为customer或business")
        known: dict[str, Any] = {"role": role}
        if not self.public:
            known["user_id"] = _logged_in(sent.get("userId"), role)
        data = _data(sent.get("data"))
        self._check_sign(data, known)
        for guard in self.guards:
            known.update(guard(data) or {})
        return {**fields.load(self._schema, data, field="data"), **known} if self._schema else known

    def _check_sign(self, data: dict[str, Any], known: dict[str, Any]) -> None:
        sign = data.get("sign")
        if sign is None or sign == "":
            if self.signed:
                raise NoSign
            return
        key = current_state().settings.tickets_sign_key
        if not isinstance(sign, str) or not signing.verify(signing.texts(data), key, sign, "MD5"):
            raise BadSign
        try:
            nonce = nonce_field.deserialize(data.get("nonceStr"))
        except ValidationError:
            return  # as the schema will say
        if nonce and not nonces.use(_scope(data, known), nonce, NONCE_LIFETIME):
            raise BadSign


def _logged_in(user_id: object, role: str) -> int:
    """The id of who is logged in, who must be *user_id* in *role*."""
    if isinstance(user_id, bool) or not isinstance(user_id, str | int) or user_id == "":
        raise NoUserId
    key = request.headers.get("loginKey")
    if not key:
        raise NoLoginKey
    if tokens.verify(SERVICE, key).subject != accounts.subject(user_id, role):
        raise NotAuthenticated
    return int(user_id)


def _data(data: object) -> dict[str, Any]:
    """The parameters: ``data``, an object or the JSON text of one."""
    if data is None or data == "":
        return {}
    value = payload.loads(data, field="data") if isinstance(data, str) else data
    if not isinstance(value, dict):
        raise BadParameter("data", "应为JSON对象")
    return value


def _scope(data: dict[str, Any], known: dict[str, Any]) -> str:
    """Within what a nonce may be used once: by a user, at login with a code."""
    if "user_id" in known:
        return f"tickets.user:{known['user_id']}"
    return f"tickets.login:{hashlib.sha256(str(data.get('code')).encode()).hexdigest()}"
