"""The OAuth2 round trip of a page in WeChat's browser, guarded by its ``state``.

A state is good for one return, within ten minutes, into the browser that set out.  Nothing is kept for it
beforehand: a random nonce is signed with the browser's random id (in the signed session cookie) in the salt,
and only a nonce that came back is written down.  Several tabs may be under way at once.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import MutableMapping
from datetime import timedelta
from typing import Any

from itsdangerous import BadSignature, TimestampSigner

from .. import nonces
from ..service import Account
from ..tokens import secret_keys
from . import login

SESSION_KEY = "wxservices"
"""Under this key of ``flask.session`` stands all that the library keeps there: a dict."""

LIFETIME = timedelta(minutes=10)

_HEX = re.compile(r"(?:[0-9a-f]{2}){1,64}")


def begin(session: MutableMapping[str, Any], redirect_uri: str, account: Account) -> str:
    """Where to send the browser: :func:`~wxservices.wechat.login.authorize_url` with a fresh state.

    :param session: ``flask.session``; the browser gets its id there.
    :param redirect_uri: absolute URL of the page whose view calls :func:`finish`.
    """
    ours = session.get(SESSION_KEY, {})
    if "browser" not in ours:
        # Put anew, not changed in place: a change inside a value does not make Flask send the cookie.
        ours = session[SESSION_KEY] = {**ours, "browser": secrets.token_urlsafe(16)}
    signed = _signer(ours["browser"], account).sign(secrets.token_urlsafe(12))
    return login.authorize_url(redirect_uri, signed.hex(), account)  # WeChat takes letters and digits, at most 128


def finish(session: MutableMapping[str, Any], state: str | None, code: str | None, account: Account) -> str | None:
    """The openid of the browser that came back with *state* and *code*.

    None means start over: the state is forged, expired, used, of another browser or account, or there is no code
    (a refusal).

    :raises UpstreamRefused: WeChat does not take the code.
    :raises UpstreamSilent: WeChat does not answer.
    """
    browser = session.get(SESSION_KEY, {}).get("browser")
    if not browser or not state or not _HEX.fullmatch(state):
        return None
    try:
        nonce = _signer(browser, account).unsign(bytes.fromhex(state), max_age=int(LIFETIME.total_seconds())).decode()
    except BadSignature:
        return None
    # The cookie may have been copied, so "once" is kept here, for longer than the state lives.
    if not nonces.use("wechat.oauth", nonce, 2 * LIFETIME) or not code:
        return None
    return login.official_account(code, account).openid


def _signer(browser: str, account: Account) -> TimestampSigner:
    return TimestampSigner(secret_keys(), salt=f"wxservices.oauth.{account.appid}.{browser}")  # type: ignore[arg-type]
