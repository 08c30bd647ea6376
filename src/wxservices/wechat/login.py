"""Who is it?  A ``code`` from WeChat against an openid: mini programs and pages of official accounts.

There is one interface, :class:`Login`, with two implementations: WeChat itself, and the sandbox's stand-in.
Which of them answers is chosen once an application, by ``WXSERVICES_SANDBOX``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast
from urllib.parse import quote, urlencode

from ..errors import UpstreamRefused, UpstreamSilent
from ..service import Account
from ..state import current_state
from . import http

log = logging.getLogger(__name__)

BUSY = -1
INVALID_CODE = 40029

MESSAGES = {
    INVALID_CODE: "微信登录凭证无效，请重新登录",
    40163: "微信登录凭证已使用，请重新登录",
    40226: "该微信账号存在风险，暂时无法登录",
    45011: "登录太频繁，请稍后再试",
}
OTHER_MESSAGE = "微信登录失败，请稍后再试"
SNAPSHOT_MESSAGE = "当前为快照页，请点击右下角“使用完整服务”后继续"


@dataclass(frozen=True)
class Identity:
    """Someone as one account knows them.  What WeChat did not tell is ``""``."""

    openid: str
    session_key: str = field(default="", repr=False)
    unionid: str = ""


class Login(Protocol):
    """The questions, each with a credential that the browser or the mini program brought."""

    def mini_program(self, code: str, account: Account) -> Identity: ...

    def official_account(self, code: str, account: Account) -> Identity: ...

    def authorize_page(self) -> str:
        """URL, without its query, of the page that a browser gets its code from."""
        ...


def mini_program(code: str, account: Account) -> Identity:
    """Exchange the code of ``wx.login`` (jscode2session).  The session key must never go to the client.

    :raises UpstreamRefused: WeChat does not take the code; ``error.code`` is its errcode.
    :raises UpstreamSilent: no answer, or none that can be understood.
    """
    return _login().mini_program(code, account)


def official_account(code: str, account: Account) -> Identity:
    """Exchange the code that :func:`authorize_url` brought (sns/oauth2/access_token).

    :raises UpstreamRefused: as :func:`mini_program`; also ``snapshotuser``, the virtual visitor of a snapshot page.
    :raises UpstreamSilent: no answer, or none that can be understood.
    """
    return _login().official_account(code, account)


def authorize_url(redirect_uri: str, state: str, account: Account) -> str:
    """Where to send the browser for a code (``snsapi_base``: nobody is asked anything).

    :param redirect_uri: absolute URL to come back to, with ``code`` and ``state``.
    :param state: 1 to 128 of ``[a-zA-Z0-9]``.
    """
    query = urlencode(  # in this order: WeChat compares text
        {
            "appid": account.appid,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": state,
        },
        quote_via=quote,
    )
    return f"{_login().authorize_page()}?{query}#wechat_redirect"


class WeChat:
    """WeChat itself."""

    def mini_program(self, code: str, account: Account) -> Identity:
        answer = self._ask("/sns/jscode2session", account, "js_code", code)
        return Identity(_text(answer, "openid"), _text(answer, "session_key"), _text(answer, "unionid", ""))

    def official_account(self, code: str, account: Account) -> Identity:
        answer = self._ask("/sns/oauth2/access_token", account, "code", code)
        if answer.get("is_snapshotuser") == 1:
            raise UpstreamRefused(SNAPSHOT_MESSAGE, code="snapshotuser")
        return Identity(_text(answer, "openid"), unionid=_text(answer, "unionid", ""))

    def authorize_page(self) -> str:
        return "https://open.weixin.qq.com/connect/oauth2/authorize"

    def _ask(self, path: str, account: Account, name: str, code: str) -> dict[str, Any]:
        if not (code.isascii() and code.isprintable() and 0 < len(code) <= 512):
            raise refusal(INVALID_CODE)  # no code of WeChat's: it need not be asked
        params = {
            "appid": account.appid,
            "secret": account.secret,
            name: code,
            "grant_type": "authorization_code",
        }
        answer = http.get(path, params)
        if _errcode(answer) == BUSY:
            answer = http.get(path, params)
        errcode = _errcode(answer)
        if errcode:
            log.warning("WeChat %s: errcode %s", path, errcode)
        if errcode == BUSY:
            raise UpstreamSilent
        if errcode:
            raise refusal(errcode)
        return answer


def refusal(errcode: int) -> UpstreamRefused:
    """WeChat's refusal with *errcode*, in words for the person."""
    return UpstreamRefused(MESSAGES.get(errcode, OTHER_MESSAGE), code=str(errcode))


def _errcode(answer: Mapping[str, Any]) -> int:
    errcode = answer.get("errcode", 0)
    if not isinstance(errcode, int):
        raise UpstreamSilent
    return errcode


def _text(answer: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = answer.get(name, default)
    if not isinstance(value, str) or len(value) > 128 or (not value and default is None):
        log.warning("WeChat's answer has no usable %s", name)
        raise UpstreamSilent
    return value


def _login() -> Login:
    state = current_state()
    if "wechat.login" not in state.parts:
        from .sandbox import Sandbox

        state.parts["wechat.login"] = Sandbox() if state.settings.sandbox else WeChat()
    return cast(Login, state.parts["wechat.login"])
