"""The sandbox's WeChat login: every code is good, and says who by itself.  No network, no account."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode, urlsafe_b64encode

from flask import url_for
from itsdangerous import BadSignature, Signer

from .. import db
from ..errors import UpstreamSilent
from ..service import Account
from ..tokens import secret_keys
from .login import INVALID_CODE, Identity, refusal


class Sandbox:
    """Stands in for WeChat: see :class:`~wxservices.wechat.login.Login`.

    Code ``invalid`` is refused as WeChat refuses one, ``timeout`` gets no answer (without the wait for it).
    """

    def mini_program(self, code: str, account: Account) -> Identity:
        identity = self.official_account(code, account)
        key = b64encode(_digest("session_key", identity.openid)[:16]).decode()
        return Identity(identity.openid, session_key=key)

    def official_account(self, code: str, account: Account) -> Identity:
        db.outside_transaction("A login at WeChat")
        if code == "timeout":
            raise UpstreamSilent
        if code in ("", "invalid"):
            raise refusal(INVALID_CODE)
        return Identity(openid_of(code))

    def authorize_page(self) -> str:
        # Without scheme and host, which a proxy may hide: the stand-in lives where the caller's page does.
        return url_for("wxservices_sandbox.authorize", _external=False)


def code_for(browser: str) -> str:
    """A fresh code for the browser with the id *browser* (URL-safe): another one each time, the same person."""
    return _signer().sign(f"{browser}.{secrets.token_urlsafe(6)}").decode()


def openid_of(code: str) -> str:
    """The openid that *code* stands for: that of the browser in it, where :func:`code_for` made it, else its own."""
    try:
        browser = _signer().unsign(code.encode("utf-8", "surrogatepass")).decode().partition(".")[0]
    except BadSignature:
        return _openid("code", code)
    return _openid("browser", browser)


def _signer() -> Signer:
    return Signer(secret_keys(), salt="wxservices.sandbox.code")  # type: ignore[arg-type]


def _openid(kind: str, text: str) -> str:
    return "o" + urlsafe_b64encode(_digest(kind, text)).decode()[:27]


def _digest(kind: str, text: str) -> bytes:
    return hashlib.sha256(f"{kind}:{text}".encode("utf-8", "surrogatepass")).digest()
