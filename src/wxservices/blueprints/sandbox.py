"""The sandbox's own URLs: the stand-in for WeChat's OAuth2 page.  Registered by the extension, in the sandbox only."""

from __future__ import annotations

import re
import secrets
from urllib.parse import SplitResult, urlencode, urlsplit

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from ..state import current_state
from ..wechat.sandbox import code_for

bp = Blueprint("wxservices_sandbox", __name__, url_prefix="/wxservices/sandbox")

COOKIE = "wxservices_sandbox"
"""Who this browser is to the sandbox."""

YEAR = 365 * 24 * 3600


@bp.before_request
def only_in_sandbox() -> None:
    if not current_state().settings.sandbox:
        abort(404)


@bp.get("/connect/oauth2/authorize")
def authorize() -> BaseResponse:
    """Send the browser straight back, with a code of its own.  Parameters are checked as WeChat checks them."""
    rules = {
        "appid": re.escape(current_state().settings.wechat_appid),
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "[a-zA-Z0-9]{1,128}",
    }
    for name, rule in rules.items():
        if not re.fullmatch(rule, request.args.get(name, "")):
            return _refuse(name)
    target = _own(request.args.get("redirect_uri", ""))
    if target is None:
        return _refuse("redirect_uri")
    browser = request.cookies.get(COOKIE, "")
    if not re.fullmatch(r"[A-Za-z0-9_-]{22}", browser):
        browser = secrets.token_urlsafe(16)
    answer = urlencode({"code": code_for(browser), "state": request.args["state"]})
    response = redirect(target._replace(query=f"{target.query}&{answer}".lstrip("&")).geturl())
    response.set_cookie(
        COOKIE,
        browser,
        max_age=YEAR,
        path=request.root_path + request.path,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response


def _refuse(name: str) -> Response:
    return Response(f"{name} 参数错误", 400, mimetype="text/plain")


def _own(url: str) -> SplitResult | None:
    """*url* in its parts, where it is one of this host, else None: this page must not forward to anywhere."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.netloc == request.host else None
