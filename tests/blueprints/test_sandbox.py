"""The stand-in for WeChat's OAuth2 page, and the whole trip through a tiny host application."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask, redirect, request, session
from flask.testing import FlaskClient
from werkzeug.wrappers import Response

from apps import make_app
from wxservices.blueprints import sandbox
from wxservices.service import Account
from wxservices.wechat import oauth

PAGE = "/wxservices/sandbox/connect/oauth2/authorize"
GOOD = {
    "appid": "wx0000000000000000",
    "redirect_uri": "http://localhost/enter",
    "response_type": "code",
    "scope": "snsapi_base",
    "state": "5f3a9c",
}
ACCOUNT = Account("wx0000000000000000", "sandbox")


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    """A browser at a host with one page, ``/enter``, that shows its visitor's openid."""

    @app.get("/enter")
    def enter() -> str | Response:
        if "state" in request.args:
            openid = oauth.finish(session, request.args["state"], request.args.get("code"), ACCOUNT)
            if openid:
                return openid
        return redirect(oauth.begin(session, request.base_url, ACCOUNT))

    with app.test_client() as client:
        yield client


@pytest.fixture
def browser(sqlite_uri: str) -> FlaskClient:
    """A browser at an application without a page or table: the stand-in alone."""
    return make_app(sqlite_uri).test_client()


def visit(client: FlaskClient, **change: str | None) -> Response:
    """Ask the stand-in, with *change* made to good parameters."""
    query = urlencode({name: value for name, value in (GOOD | change).items() if value is not None})
    return client.get(f"{PAGE}?{query}")


def test_the_whole_trip(client: FlaskClient) -> None:
    first = client.get("/enter", follow_redirects=True)
    again = client.get("/enter", follow_redirects=True)

    assert [hop.status_code for hop in first.history] == [302, 302]
    assert first.history[0].location.endswith("#wechat_redirect")
    assert re.fullmatch(r"o[A-Za-z0-9_-]{27}", first.text)
    assert again.text == first.text


def test_each_browser_is_someone_else(app: Flask, client: FlaskClient) -> None:
    other = app.test_client()

    assert client.get("/enter", follow_redirects=True).text != other.get("/enter", follow_redirects=True).text


def test_going_back_to_a_used_link_starts_over(client: FlaskClient) -> None:
    first = client.get("/enter", follow_redirects=True)

    again = client.get(first.request.full_path)

    assert again.status_code == 302
    assert again.location.startswith(f"{PAGE}?appid=")


def test_a_link_caught_by_another_browser_logs_nobody_in(app: Flask, client: FlaskClient) -> None:
    caught = client.get(client.get("/enter").location).location

    other = app.test_client().get(caught)

    assert other.status_code == 302
    assert other.location.startswith(f"{PAGE}?appid=")


def test_a_code_is_another_one_each_time(browser: FlaskClient) -> None:
    codes = [parse_qs(urlsplit(visit(browser).location).query)["code"][0] for _ in range(2)]

    assert codes[0] != codes[1]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+", code) for code in codes)


def test_the_browser_keeps_who_it_is_to_itself(browser: FlaskClient) -> None:
    cookie = visit(browser).headers["Set-Cookie"]

    assert cookie.startswith("wxservices_sandbox=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert f"Path={PAGE};" in cookie + ";"


@pytest.mark.parametrize("forged", ["", "x", "x" * 3_000, "码", "a;b", "../../../../../../22ch"])
def test_a_cookie_that_is_none_of_ours_is_replaced(browser: FlaskClient, forged: str) -> None:
    browser.set_cookie("wxservices_sandbox", forged, path=PAGE)

    assert visit(browser).status_code == 302
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", browser.get_cookie("wxservices_sandbox", path=PAGE).value)


@pytest.mark.parametrize(
    ("redirect_uri", "start"),
    [
        ("http://localhost/enter", "http://localhost/enter?code="),
        ("https://localhost/enter", "https://localhost/enter?code="),
        ("http://localhost/enter?a=1&b=%26", "http://localhost/enter?a=1&b=%26&code="),
        ("http://localhost", "http://localhost?code="),
    ],
)
def test_code_and_state_are_added_to_the_address(browser: FlaskClient, redirect_uri: str, start: str) -> None:
    response = visit(browser, redirect_uri=redirect_uri)

    assert response.location.startswith(start)
    assert response.location.endswith("&state=5f3a9c")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("appid", None),
        ("appid", "wx1111111111111111"),
        ("redirect_uri", None),
        ("redirect_uri", ""),
        ("redirect_uri", "/enter"),
        ("redirect_uri", "//localhost/enter"),
        ("redirect_uri", "https://evil.example/"),
        ("redirect_uri", "//evil.example/"),
        ("redirect_uri", "http://localhost.evil.example/"),
        ("redirect_uri", "http://localhost@evil.example/"),
        ("redirect_uri", "http://user@localhost/"),
        ("redirect_uri", "http://evil.example\\@localhost/"),
        ("redirect_uri", "http://localhost\\@evil.example/"),
        ("redirect_uri", "http://localhost:81/"),
        ("redirect_uri", "http://[localhost/"),
        ("redirect_uri", "javascript://localhost/%0aalert(1)"),
        ("redirect_uri", "\nhttps://evil.example/"),
        ("response_type", "token"),
        ("response_type", None),
        ("scope", "snsapi_userinfo"),
        ("scope", None),
        ("state", None),
        ("state", ""),
        ("state", "a-b"),
        ("state", "a\n"),
        ("state", "令"),
        ("state", "a" * 129),
    ],
)
def test_wrong_parameters_lead_nowhere(browser: FlaskClient, name: str, value: str | None) -> None:
    response = visit(browser, **{name: value})

    assert (response.status_code, response.mimetype) == (400, "text/plain")
    assert response.text == f"{name} 参数错误"
    assert "Location" not in response.headers


@pytest.mark.parametrize("path", ["/a\r\nSet-Cookie: x=1", "/a\x00b\x0b", "/码", "/%zz", "/a b", "/\ufffd"])
def test_a_strange_path_stays_on_this_host(browser: FlaskClient, path: str) -> None:
    response = visit(browser, redirect_uri=f"http://localhost{path}")

    assert response.status_code == 302
    assert response.location.startswith("http://localhost/")
    assert response.location.isascii()
    assert [name for name, _ in response.headers].count("Set-Cookie") == 1


def test_it_works_below_a_prefix_of_the_server(client: FlaskClient) -> None:
    below = {"base_url": "http://localhost/app"}

    there = client.get("/enter", **below)
    back = client.get(there.location.removeprefix("/app"), **below)

    assert there.location.startswith(f"/app{PAGE}?")
    assert back.location.startswith("http://localhost/app/enter?code=")
    assert f"Path=/app{PAGE};" in back.headers["Set-Cookie"] + ";"


def test_outside_the_sandbox_there_is_no_such_page(sqlite_uri: str) -> None:
    app = make_app(sqlite_uri, WXSERVICES_SANDBOX=False)
    assert app.test_client().get(PAGE).status_code == 404

    mounted = make_app(sqlite_uri, WXSERVICES_SANDBOX=False)
    mounted.register_blueprint(sandbox.bp)
    assert mounted.test_client().get(f"{PAGE}?{urlencode(GOOD)}").status_code == 404
