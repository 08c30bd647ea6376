"""Pages and forms of ``traffic`` as a client sees them that accepts JSON, and who is let in."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from apps import make_app
from traffic_data import office, timeid
from wxservices import WxServices
from wxservices.blueprints import traffic

JSON = {"Accept": "application/json"}


@pytest.fixture
def client(office_app: Flask) -> FlaskClient:
    client = office_app.test_client()
    with client.session_transaction() as session:
        session["wxservices"] = {"openid": "o-1"}
    return client


def test_busiselect_gives_the_tree_in_the_documents_shape(client: FlaskClient) -> None:
    for reply in (client.get("/wx/busiselect", headers=JSON), client.post("/wx/busiselect", headers=JSON)):
        assert reply.status_code == 200
    assert client.get("/wx/busiselect", headers=JSON).get_json() == {
        "busilist": [
            {
                "busiid": "1",
                "businame": "机动车业务",
                "busilist": [
                    {"busiid": "11", "businame": "检验", "busilist": [{"busiid": "111", "businame": "年检"}]},
                    {"busiid": "12", "businame": "过户"},
                ],
            },
            {"busiid": "2", "businame": "换证"},
        ]
    }


def test_a_form_that_a_client_posts_for_json_answers_the_next_pages_data(client: FlaskClient) -> None:
    assert "busilist" in client.post("/wx/busiselect", headers=JSON).get_json()
    assert len(client.post("/wx/timeselect", headers=JSON).get_json()["datelist"]) == 8
    business = client.post("/wx/busiselectend", json={"busiid": "111"}, headers=JSON).get_json()
    assert business == {"busiid": "111", "businame": "年检", "busitips": "带行驶证"}
    time = client.post("/wx/timeselectend", json={"timeid": timeid()}, headers=JSON).get_json()
    assert time == {"timeid": timeid(), "starttime": "0900", "endtime": "1000"}
    assert client.get("/wx/infoinput", headers=JSON).get_json() == business | time


def test_timeselect_gives_eight_days(client: FlaskClient) -> None:
    datelist = client.get("/wx/timeselect", headers=JSON).get_json()["datelist"]
    assert datelist[0] == {"date": "20261123", "status": "1", "weekday": "一"}
    assert len(datelist) == 8


def test_a_browser_is_sent_to_the_next_page(client: FlaskClient) -> None:
    for url, sent, target in [
        ("/wx/busiselect", {"busitype": "0"}, "/wx/busiselect?busitype=0"),
        ("/wx/busiselectend", {"busiid": "111"}, "/wx/infoinput?busitype=0"),
        ("/wx/timeselect", {"busitype": "1"}, "/wx/timeselect?busitype=1"),
        ("/wx/timeselectend", {"timeid": timeid(busitype="1")}, "/wx/infoinput?busitype=1"),
    ]:
        reply = client.post(url, data=sent)
        assert (reply.status_code, reply.location) == (303, target)


@pytest.mark.parametrize("busiid", ["1", "nope", "", "<script>"])
def test_a_wrong_choice_shows_the_page_again_with_the_reason(client: FlaskClient, busiid: str) -> None:
    reply = client.post("/wx/busiselectend", data={"busiid": busiid})
    assert reply.status_code == 200
    assert "机动车业务" in reply.text
    assert "busiid" in reply.text or "业务" in reply.text
    assert "<script>" not in reply.text
    json = client.post("/wx/busiselectend", data={"busiid": busiid}, headers=JSON).get_json()
    assert json["retcode"] == "0004"
    assert json["regmsg"].startswith("busiid ")


def test_a_wrong_time_shows_the_page_again_for_the_same_type(client: FlaskClient) -> None:
    reply = client.post("/wx/timeselectend", data={"timeid": "nope", "busitype": "1"})
    assert reply.status_code == 200
    assert "预约时间" in reply.text


@pytest.mark.parametrize("url", ["/wx/infoinput?busitype=7", "/wx/busiselect?busitype=x"])
def test_a_wrong_type_is_refused(client: FlaskClient, url: str) -> None:
    assert client.get(url).status_code == 400
    assert client.get(url, headers=JSON).get_json()["retcode"] == "0004"


def test_pages_are_for_this_browser_alone(client: FlaskClient) -> None:
    reply = client.get("/wx/infoinput")
    assert reply.headers["Cache-Control"] == "no-store"
    assert "default-src 'self'" in reply.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]


@pytest.mark.parametrize("page", ["infoinput", "busiselect", "timeselect", "orderresult"])
def test_an_unknown_browser_is_sent_to_the_menu_page(office_app: Flask, page: str) -> None:
    reply = office_app.test_client().get(f"/wx/{page}")
    assert (reply.status_code, reply.location) == (302, "/wx/orderselect")


@pytest.mark.parametrize("form", ["busiselect", "busiselectend", "timeselect", "timeselectend"])
def test_forms_of_other_sites_are_refused(client: FlaskClient, form: str) -> None:
    headers = {**JSON, "Origin": "https://evil.example"}
    assert client.post(f"/wx/{form}", data={"busiid": "111"}, headers=headers).get_json()["retcode"] == "0004"


@pytest.mark.parametrize("page", ["/wx/orderselect", "/wx/orderquery"])
def test_the_menu_links_ask_wechat_and_come_back_to_the_clean_url(office_app: Flask, page: str) -> None:
    client = office_app.test_client()
    away = client.get(page)
    assert away.status_code == 302
    assert away.location.endswith("#wechat_redirect")
    query = parse_qs(urlsplit(away.location).query)
    assert list(query) == ["appid", "redirect_uri", "response_type", "scope", "state"]
    assert query["redirect_uri"] == [f"http://localhost{page}"]
    back = client.get(away.location.partition("#")[0])
    assert urlsplit(back.location).path == page
    clean = client.get(back.location)
    assert (clean.status_code, clean.location) == (302, page)
    assert client.get(page).status_code == 200
    with client.session_transaction() as session:
        assert session["wxservices"]["openid"].startswith("o")


def _return(client: FlaskClient) -> str:
    """The URL that WeChat sends *client* back to."""
    away = client.get("/wx/orderselect").location
    return str(client.get(away.partition("#")[0]).location)


def _openid(client: FlaskClient) -> str | None:
    with client.session_transaction() as session:
        return session.get("wxservices", {}).get("openid")


def test_a_state_is_good_once_even_for_a_copied_cookie(office_app: Flask) -> None:
    client = office_app.test_client()
    url = _return(client)
    cookie = client.get_cookie("session")
    assert cookie is not None
    client.get(url)
    assert _openid(client)
    thief = office_app.test_client()
    thief.set_cookie("session", cookie.value)
    assert thief.get(url).location.endswith("#wechat_redirect")
    assert _openid(thief) is None


@pytest.mark.parametrize("change", ["other browser", "forged", "no code", "no state"])
def test_a_bad_state_starts_over_and_never_logs_in(office_app: Flask, change: str) -> None:
    client = office_app.test_client()
    url = _return(client)
    if change == "other browser":
        client = office_app.test_client()
        client.get("/wx/orderselect")
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    if change == "forged":
        query["state"] = query["state"][:-2] + ("00" if query["state"][-2:] != "00" else "01")
    if change.startswith("no "):
        del query[change[3:]]
    reply = client.get("/wx/orderselect", query_string=query)
    assert reply.location.endswith("#wechat_redirect")
    assert _openid(client) is None


def test_two_browsers_are_two_people(office_app: Flask) -> None:
    openids = []
    for client in (office_app.test_client(), office_app.test_client()):
        client.get(_return(client))
        openids.append(_openid(client))
    assert None not in openids
    assert openids[0] != openids[1]


def test_a_host_that_knows_its_users_is_asked_instead(sqlite_uri: str) -> None:
    who: list[str | None] = ["o-host"]
    app = make_app(sqlite_uri, extension=WxServices(openid_loader=lambda: who[0]))
    app.register_blueprint(traffic.bp)
    from apps import running

    with running(app, "traffic"):
        client = app.test_client()
        assert client.get("/wx/orderquery", headers=JSON).get_json() == {"orderlist": []}
        who[0] = None
        assert client.get("/wx/orderquery", headers=JSON).get_json()["retcode"] == "0004"
        assert client.get("/wx/infoinput").location == "/wx/orderselect"


def test_pages_work_under_a_prefix_and_may_be_overridden(sqlite_uri: str, tmp_path: Any) -> None:
    folder = tmp_path / "templates" / "wxservices" / "traffic"
    folder.mkdir(parents=True)
    (folder / "orderresult.html").write_text("the host's own page", encoding="utf-8")
    with office(sqlite_uri, prefix="/city", root_path=str(tmp_path)) as app:
        client = app.test_client()
        with client.session_transaction() as session:
            session["wxservices"] = {"openid": "o-1"}
        assert client.get("/city/wx/orderresult").text == "the host's own page"
        assert "/city/wx/infoinput?busitype=1" in client.get("/city/wx/orderselect").text
        assert client.post("/city/wx/busiselect").location == "/city/wx/busiselect?busitype=0"
