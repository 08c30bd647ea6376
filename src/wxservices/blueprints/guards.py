"""Guards that several documents share: who is calling, and from where."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

from flask import abort, redirect, request, session, url_for

from ..errors import NotAllowed, NotAuthenticated
from ..fields import BLANKS
from ..service import Account
from ..state import current_state
from ..wechat import oauth
from ..wechat.oauth import SESSION_KEY


def address(params: dict[str, Any]) -> dict[str, str]:
    """Adds ``address``: the client's.  Behind a proxy the host says whom to believe (werkzeug's ``ProxyFix``)."""
    return {"address": request.remote_addr or ""}


def own_site(params: dict[str, Any]) -> None:
    """Keeps out posts that a browser makes on behalf of another site.

    Older browsers send neither header; there the session cookie's ``SameSite`` does the same.

    :raises NotAllowed: the browser says that the request comes from elsewhere.
    """
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        raise NotAllowed("请求来源不被允许")
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise NotAllowed("请求来源不被允许")


def known_openid() -> str | None:
    """The openid of who is asking: the host's word if it registered a loader, else the session's."""
    loader = current_state().hooks.get("openid_loader")
    if loader is not None:
        return cast("str | None", loader())
    return cast("str | None", session.get(SESSION_KEY, {}).get("openid"))


def openid(params: dict[str, Any]) -> dict[str, str]:
    """Adds ``openid``.

    :raises NotAuthenticated: it is not known.
    """
    known = known_openid()
    if not known:
        raise NotAuthenticated("请在微信中打开")
    return {"openid": known}


def openid_or_menu(endpoint: str) -> Callable[[dict[str, Any]], dict[str, str]]:
    """A guard that adds ``openid``, and sends a browser without one to the page *endpoint*."""

    def guard(params: dict[str, Any]) -> dict[str, str]:
        known = known_openid()
        return {"openid": known} if known else abort(redirect(url_for(endpoint)))

    return guard


def openid_from_wechat(params: dict[str, Any]) -> dict[str, str]:
    """Adds ``openid`` at a page that is a link in the official account's menu: a browser that is not known yet is
    sent to WeChat and comes back to the page's clean URL.

    :raises NotAuthenticated: the host knows its users itself, and this is none.
    """
    known = known_openid()
    if not known and "openid_loader" in current_state().hooks:
        raise NotAuthenticated
    clean = url_for(request.endpoint or "")
    if known and "state" not in request.args:
        return {"openid": known}
    if known:
        abort(redirect(clean))
    settings = current_state().settings
    account = Account(settings.wechat_appid, settings.wechat_secret)
    state = request.args.get("state")
    if state:
        found = oauth.finish(session, state, request.args.get("code", ""), account)
        if found:
            session[SESSION_KEY] = {**session.get(SESSION_KEY, {}), "openid": found}
            abort(redirect(clean))
    here = url_for(request.endpoint or "", _external=True)
    return abort(redirect(oauth.begin(session, here, account)))


def own_open_id(params: dict[str, Any]) -> dict[str, str] | None:
    """Where the host registered an openid loader: holds the parameter ``open_id`` to it.

    :raises NotAllowed: nobody is known, or ``open_id`` is another's.
    """
    if "openid_loader" not in current_state().hooks:
        return None
    known, sent = known_openid(), params.get("open_id")
    if not known:
        raise NotAllowed("请先登录")
    if not sent or not isinstance(sent, str | int):
        return None  # the schema says what is wrong with it
    if str(sent).strip(BLANKS) != known:
        raise NotAllowed("只能操作本人的预约")
    return {"open_id": known}


def bearer_token() -> str:
    """The token of the request's ``Authorization`` header, or ``""``."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def is_admin_token(token: object) -> bool:
    """Whether *token* is the admin's; compared in constant time.  No token is, where none is set."""
    wanted = current_state().settings.admin_token
    return bool(wanted) and isinstance(token, str) and hmac.compare_digest(token.encode(), wanted.encode())


def host_says_admin() -> bool:
    """Whether the host registered a check of its own, and that says yes."""
    check = current_state().hooks.get("admin_check")
    return check is not None and bool(check())


def admin(params: dict[str, Any]) -> None:
    """Lets nobody pass but an admin.

    :raises NotAllowed: neither the token nor the host's check says that it is one.
    """
    if not is_admin_token(bearer_token()) and not host_says_admin():
        raise NotAllowed("需要管理员权限")
