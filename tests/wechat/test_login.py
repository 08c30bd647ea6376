"""WeChat's logins, with ``responses`` in WeChat's place, and the sandbox's."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from flask import Flask

from apps import make_app
from wxservices import db
from wxservices.errors import UpstreamRefused, UpstreamSilent
from wxservices.service import Account
from wxservices.wechat import http, login
from wxservices.wechat.login import Identity

SECRET = "0123456789abcdef-the-secret"
ACCOUNT = Account("wx520c15f417810387", SECRET)
MINI = "https://api.weixin.qq.com/sns/jscode2session"
PAGE = "https://api.weixin.qq.com/sns/oauth2/access_token"
OPENID = "oGZUI0egBJY1zhBYw2KhdUfwVJJE"
STATE = "5f3a9c"

Exchange = Callable[[str, Account], Identity]

BOTH = pytest.mark.parametrize(
    ("exchange", "url"), [(login.mini_program, MINI), (login.official_account, PAGE)], ids=["mini", "page"]
)


@pytest.fixture
def app(sqlite_uri: str) -> Iterator[Flask]:
    """An application without a table: a login needs none."""
    app = make_app(sqlite_uri)
    with app.app_context():
        yield app


@pytest.fixture
def real(app: Flask) -> Flask:
    """The application outside the sandbox."""
    app.extensions["wxservices"].parts["wechat.login"] = login.WeChat()
    return app


@pytest.fixture
def wechat(real: Flask, caplog: pytest.LogCaptureFixture) -> Iterator[responses.RequestsMock]:
    """WeChat as the test says.  Whatever it says, the secret gets into no log."""
    caplog.set_level(logging.DEBUG)
    with responses.RequestsMock() as wechat:
        yield wechat
    assert SECRET not in caplog.text


def page_answer(**more: object) -> dict[str, object]:
    return {
        "access_token": "A",
        "expires_in": 7200,
        "refresh_token": "R",
        "openid": OPENID,
        "scope": "snsapi_base",
    } | more


def test_a_mini_programs_code_is_exchanged(wechat: responses.RequestsMock) -> None:
    wechat.get(MINI, json={"openid": OPENID, "session_key": "tiihtNczf5v6AKRyjwEUhQ==", "unionid": "oU"})

    identity = login.mini_program("0a1", ACCOUNT)

    assert identity == Identity(OPENID, "tiihtNczf5v6AKRyjwEUhQ==", "oU")
    assert wechat.calls[0].request.url == (
        f"{MINI}?appid=wx520c15f417810387&secret={SECRET}&js_code=0a1&grant_type=authorization_code"
    )


def test_a_pages_code_is_exchanged(wechat: responses.RequestsMock) -> None:
    wechat.get(PAGE, json=page_answer())

    assert login.official_account("0a1", ACCOUNT) == Identity(OPENID)
    assert wechat.calls[0].request.url == (
        f"{PAGE}?appid=wx520c15f417810387&secret={SECRET}&code=0a1&grant_type=authorization_code"
    )


def test_an_answer_in_plain_text_and_utf8_is_read(wechat: responses.RequestsMock) -> None:
    wechat.get(MINI, body='{"openid":"甲","session_key":"k","errcode":0}'.encode(), content_type="text/plain")

    assert login.mini_program("0a1", ACCOUNT).openid == "甲"


def test_secrets_are_not_shown() -> None:
    shown = repr(ACCOUNT) + repr(Identity(OPENID, session_key="very secret"))

    assert "secret" not in shown
    assert OPENID in shown


@BOTH
@pytest.mark.parametrize(
    ("errcode", "message"),
    [
        (40029, "微信登录凭证无效，请重新登录"),
        (40163, "微信登录凭证已使用，请重新登录"),
        (40226, "该微信账号存在风险，暂时无法登录"),
        (45011, "登录太频繁，请稍后再试"),
        (40125, "微信登录失败，请稍后再试"),
    ],
)
def test_a_refusal_carries_wechats_code(
    wechat: responses.RequestsMock,
    caplog: pytest.LogCaptureFixture,
    exchange: Exchange,
    url: str,
    errcode: int,
    message: str,
) -> None:
    wechat.get(url, json={"errcode": errcode, "errmsg": f"no, rid: 1, secret {SECRET}"})

    with pytest.raises(UpstreamRefused, match=message) as caught:
        exchange("0a1", ACCOUNT)
    assert caught.value.code == str(errcode)
    assert f"{urlsplit(url).path}: errcode {errcode}" in caplog.text


@BOTH
def test_a_busy_wechat_is_asked_once_more(wechat: responses.RequestsMock, exchange: Exchange, url: str) -> None:
    wechat.get(url, json={"errcode": -1, "errmsg": "system error"})
    wechat.get(url, json=page_answer(session_key="k"))

    assert exchange("0a1", ACCOUNT).openid == OPENID


@BOTH
def test_a_wechat_that_stays_busy_gave_no_answer(wechat: responses.RequestsMock, exchange: Exchange, url: str) -> None:
    wechat.get(url, json={"errcode": -1})

    with pytest.raises(UpstreamSilent):
        exchange("0a1", ACCOUNT)
    assert len(wechat.calls) == 2


@BOTH
@pytest.mark.parametrize(
    "answer",
    [
        {"body": requests.ConnectTimeout(f"{MINI}?secret={SECRET}")},
        {"body": requests.ReadTimeout(f"{MINI}?secret={SECRET}")},
        {"body": requests.ConnectionError(f"{MINI}?secret={SECRET}")},
        {"body": "<html><body>502 Bad Gateway</body></html>"},
        {"body": "", "status": 200},
        {"body": b'{"openid": "\xff"}'},
        {"body": "[" * 60_000},
        {"body": '{"openid": "o", "session_key": "k"}' + " " * http.LONGEST},
        {"json": [1]},
        {"json": "openid"},
        {"json": {}},
        {"json": {"openid": "", "session_key": "k"}},
        {"json": {"openid": 7, "session_key": "k"}},
        {"json": {"openid": None, "session_key": "k"}},
        {"json": {"openid": "o" * 129, "session_key": "k"}},
        {"json": {"openid": OPENID, "session_key": "k", "unionid": 7}},
        {"json": {"errcode": "40029"}},
        {"json": {"openid": OPENID, "session_key": "k"}, "status": 500},
        {"json": {"openid": OPENID, "session_key": "k"}, "status": 302, "headers": {"Location": PAGE}},
    ],
    ids=lambda answer: str(answer)[:40],
)
def test_what_is_no_answer(
    wechat: responses.RequestsMock, exchange: Exchange, url: str, answer: dict[str, object]
) -> None:
    wechat.get(url, **answer)

    with pytest.raises(UpstreamSilent) as caught:
        exchange("0a1", ACCOUNT)
    assert len(wechat.calls) == 1  # a code may have been used up by it, and a redirection leads nowhere
    assert caught.value.__context__ is None  # an exception of requests would carry the URL into a monitor


def test_a_mini_program_without_a_session_key_was_not_answered(wechat: responses.RequestsMock) -> None:
    wechat.get(MINI, json={"openid": OPENID})

    with pytest.raises(UpstreamSilent):
        login.mini_program("0a1", ACCOUNT)


def test_the_virtual_visitor_of_a_snapshot_page_is_refused(wechat: responses.RequestsMock) -> None:
    wechat.get(PAGE, json=page_answer(is_snapshotuser=1))

    with pytest.raises(UpstreamRefused, match="完整服务") as caught:
        login.official_account("0a1", ACCOUNT)
    assert caught.value.code == "snapshotuser"


@BOTH
@pytest.mark.parametrize("code", ["", "码", "\ud800", "a\nb", "x" * 513])
def test_what_cannot_be_a_code_is_not_sent(
    wechat: responses.RequestsMock, exchange: Exchange, url: str, code: str
) -> None:
    with pytest.raises(UpstreamRefused) as caught:
        exchange(code, ACCOUNT)
    assert caught.value.code == "40029"


@BOTH
def test_a_code_cannot_add_a_parameter(wechat: responses.RequestsMock, exchange: Exchange, url: str) -> None:
    wechat.get(url, json=page_answer(session_key="k"))

    exchange("a&appid=b#?=", ACCOUNT)

    sent = parse_qs(urlsplit(wechat.calls[0].request.url).query)
    assert sent["appid"] == ["wx520c15f417810387"]
    assert sent.get("code", sent.get("js_code")) == ["a&appid=b#?="]


@BOTH
@pytest.mark.parametrize("sandbox", [True, False])
def test_no_exchange_inside_a_transaction(app: Flask, exchange: Exchange, url: str, sandbox: bool) -> None:
    if not sandbox:
        app.extensions["wxservices"].parts["wechat.login"] = login.WeChat()

    with (
        responses.RequestsMock(),
        db.transaction(),
        pytest.raises(RuntimeError, match="inside a data base transaction"),
    ):
        exchange("0a1", ACCOUNT)


def test_time_outs_and_the_pool_are_those_of_the_application(wechat: responses.RequestsMock, real: Flask) -> None:
    wechat.get(MINI, json={"openid": OPENID, "session_key": "k"})

    login.mini_program("0a1", ACCOUNT)
    pool = real.extensions["wxservices"].parts["wechat.http"]
    login.mini_program("0a2", ACCOUNT)

    assert wechat.calls[0].request.req_kwargs["timeout"] == (3, 10)
    assert real.extensions["wxservices"].parts["wechat.http"] is pool


def test_the_authorize_url_to_the_letter(real: Flask) -> None:
    assert login.authorize_url("https://h.example/wx/orderselect?a=1 2&b=中", STATE, ACCOUNT) == (
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx520c15f417810387"
        "&redirect_uri=https%3A%2F%2Fh.example%2Fwx%2Forderselect%3Fa%3D1%202%26b%3D%E4%B8%AD"
        "&response_type=code&scope=snsapi_base&state=5f3a9c#wechat_redirect"
    )


def test_the_sandboxs_authorize_url_differs_in_the_page_only(app: Flask) -> None:
    with app.test_request_context():
        url = login.authorize_url("http://localhost/wx/orderselect", STATE, ACCOUNT)

    assert url == (
        "/wxservices/sandbox/connect/oauth2/authorize?appid=wx520c15f417810387"
        "&redirect_uri=http%3A%2F%2Flocalhost%2Fwx%2Forderselect"
        "&response_type=code&scope=snsapi_base&state=5f3a9c#wechat_redirect"
    )


@BOTH
def test_the_sandbox_takes_any_code_as_someone(app: Flask, exchange: Exchange, url: str) -> None:
    codes = ["demo-customer", "0a1", "码", "\ud800", "a.b", "a.b.c", "x" * 10_000]

    openids = [exchange(code, ACCOUNT).openid for code in codes]

    assert openids == [exchange(code, Account("wx0", "other")).openid for code in codes]
    assert len(set(openids)) == len(codes)
    assert all(re.fullmatch(r"o[A-Za-z0-9_-]{27}", openid) for openid in openids)


def test_the_sandboxs_openids_stay_as_they_are(app: Flask) -> None:
    """Demo data and notes of developers rely on them."""
    assert login.mini_program("demo-customer", ACCOUNT) == Identity(
        "oTcM48IoeEkp7lBGWqIyvFlKloiy", session_key="jsKwLcUMQfNq/FnsZWjdBQ=="
    )


@BOTH
@pytest.mark.parametrize("code", ["invalid", ""])
def test_the_sandbox_refuses_as_wechat_does(app: Flask, exchange: Exchange, url: str, code: str) -> None:
    with pytest.raises(UpstreamRefused, match="微信登录凭证无效") as caught:
        exchange(code, ACCOUNT)
    assert caught.value.code == "40029"


@BOTH
def test_the_sandbox_can_keep_silent(app: Flask, exchange: Exchange, url: str) -> None:
    with pytest.raises(UpstreamSilent):
        exchange("timeout", ACCOUNT)
