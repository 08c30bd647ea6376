"""The one way a request takes: body, guards, schema, service function, envelope."""

from __future__ import annotations

import json
import logging
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from flask import Flask, got_request_exception, request
from flask.testing import FlaskClient

from wxservices import WxServices
from wxservices.blueprints.document import Call, Document
from wxservices.blueprints.guards import address, own_site
from wxservices.envelope import Envelope
from wxservices.errors import Conflict, NotAllowed, ServiceError
from wxservices.fields import Integer, Parameters, Text
from wxservices.service import Service


class Plain(Envelope):
    codes: ClassVar = {ServiceError: 1, NotAllowed: 3, Exception: 9}

    def success(self, result: Any) -> Any:
        return {"ret": 0, "data": result}

    def failure(self, code: Any, message: str) -> Any:
        return {"ret": code, "msg": message}


class Greeting(Parameters):
    name = Text(max_length=8, required=True)
    times = Integer(min=1, max=3, load_default=1)


class OutOfGreetings(Conflict):
    pass


def greet(*, name: str, times: int, address: str) -> list[str]:
    if name == "nobody":
        raise OutOfGreetings("没有了")
    if name == "crash":
        raise RuntimeError("a secret detail")
    return [f"{name}@{address}"] * times


def only_with_key(params: dict[str, Any]) -> None:
    if request.headers.get("Key") != "right":
        raise NotAllowed


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("host")
    app.config.update(
        TESTING=True,
        SECRET_KEY="k",
        WXSERVICES_SANDBOX=True,
        SQLALCHEMY_DATABASE_URI="sqlite://",
        MAX_CONTENT_LENGTH=None,
    )
    WxServices(app)
    calls = [
        Call("/greet", Greeting, greet, (address,)),
        Call("/money", None, lambda: {"whole": Decimal("3.00"), "part": Decimal("0.10")}),
        Call("/guarded.php", Greeting, greet, (only_with_key, address)),
        Call("/own", None, lambda: {}, (own_site,)),
        Call("/many.php", Greeting, lambda name: [name], flag="say"),
        Call("/many.php", None, lambda: ["shouted"], flag="shout"),
    ]
    app.register_blueprint(Document(Service("plain"), __name__, envelope=Plain(), urls=calls))
    return app.test_client()


def test_a_call_is_answered_in_the_envelope(client: FlaskClient) -> None:
    reply = client.post("/greet", json={"name": "张三", "times": 2})
    assert reply.status_code == 200
    assert reply.mimetype == "application/json"
    assert reply.get_data(as_text=True) == '{"ret":0,"data":["张三@127.0.0.1","张三@127.0.0.1"]}'


@pytest.mark.parametrize(
    "sent",
    [
        {"data": '{"name": "a"}'},  # curl -d: JSON under the form's content type
        {"data": '{"name": "a"}', "content_type": "text/plain"},
        {"data": {"name": "a"}},
        {"data": {"name": "a"}, "content_type": "multipart/form-data"},
        {"json": {"name": "a", "times": "1", "unknown": None}},
    ],
)
def test_any_kind_of_body_will_do(client: FlaskClient, sent: dict[str, Any]) -> None:
    sent.setdefault("content_type", "application/x-www-form-urlencoded") if "data" in sent else None
    assert client.post("/greet", **sent).get_json() == {"ret": 0, "data": ["a@127.0.0.1"]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "body 不是有效的JSON"),
        ("[]", "body 应为JSON对象"),
        ("{}", "name 不能为空"),
        ('{"name": "much too long"}', "name 不能超过8个字符"),
        ('{"name": ["a"]}', "name 类型错误"),
        ('{"name": "a\\u0000"}', "name 含有不允许的字符"),
        ('{"name": "a\\ud800"}', "name 含有无效字符"),
        ('{"name": "a", "times": 4}', "times 应在1到3之间"),
        ('{"name": "a", "times": "٣"}', "times 类型错误"),
        ('{"name": "a", "times": true}', "times 类型错误"),
        ('{"name": "' + "a" * 2_000_000 + '"}', "body 请求体过大"),
        ("[" * 100_000, "body"),
    ],
)
def test_bad_input_is_refused_in_the_envelope_naming_the_field(client: FlaskClient, body: str, message: str) -> None:
    reply = client.post("/greet", data=body)
    assert reply.status_code == 200
    assert reply.get_json()["ret"] == 1
    assert reply.get_json()["msg"].startswith(message)


def test_the_nearest_class_gives_the_code(client: FlaskClient) -> None:
    assert client.post("/greet", json={"name": "nobody"}).get_json() == {"ret": 1, "msg": "没有了"}


def test_guards_come_before_the_parameters(client: FlaskClient) -> None:
    assert client.post("/guarded.php", json={}).get_json()["ret"] == 3
    assert client.post("/guarded.php", json={}, headers={"Key": "right"}).get_json()["ret"] == 1
    assert client.post("/guarded.php", json={"name": "a"}, headers={"Key": "right"}).get_json()["ret"] == 0


def test_what_nobody_foresaw_is_a_system_fault_logged_with_traceback(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[BaseException] = []

    def see(sender: Flask, exception: BaseException, **_: Any) -> None:
        seen.append(exception)

    with got_request_exception.connected_to(see, client.application), caplog.at_level(logging.ERROR):
        reply = client.post("/greet", json={"name": "crash"})
    assert reply.status_code == 200
    assert reply.get_json() == {"ret": 9, "msg": "系统异常，请稍后再试"}
    assert [str(error) for error in seen] == ["a secret detail"]
    assert "Traceback" in caplog.text


def test_decimals_are_json_numbers(client: FlaskClient) -> None:
    assert client.post("/money").get_data(as_text=True) == '{"ret":0,"data":{"whole":3,"part":0.1}}'


def test_refusals_are_logged_without_personal_data(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        client.post("/greet", json={"name": "13800138000"})
    assert "/greet" in caplog.text
    assert "BadParameter name" in caplog.text
    assert "13800138000" not in caplog.text


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Origin": "http://localhost"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "http://localhost.evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
    ],
)
def test_other_sites_are_kept_out(client: FlaskClient, headers: dict[str, str], allowed: bool) -> None:
    assert (client.post("/own", headers=headers).get_json()["ret"] == 0) is allowed


def test_a_reply_is_not_cached(client: FlaskClient) -> None:
    assert client.post("/own").headers["Cache-Control"] == "no-store"


def test_json_is_made_without_the_hosts_provider(client: FlaskClient) -> None:
    client.application.json.ensure_ascii = True  # type: ignore[attr-defined]
    assert "张" in client.post("/greet", json={"name": "张"}).get_data(as_text=True)
    assert json.loads(client.post("/greet", json={"name": "张"}).data)["data"] == ["张@127.0.0.1"]


@pytest.mark.parametrize(
    ("body", "reply"),
    [
        ({"say": 1, "name": "a"}, {"ret": 0, "data": ["a"]}),
        ({"say": "1", "name": "a", "shout": None}, {"ret": 0, "data": ["a"]}),
        ({"shout": 1}, {"ret": 0, "data": ["shouted"]}),
        ({"say": 1}, {"ret": 1, "msg": "name 不能为空"}),
        ({}, {"ret": 1, "msg": "say、shout 须有其一"}),
        ({"say": 1, "shout": 0}, {"ret": 1, "msg": "say 不能与shout同时使用"}),
        ({"shout": True}, {"ret": 1, "msg": "shout 应为1"}),
        ({"shout": 2}, {"ret": 1, "msg": "shout 应为1"}),
    ],
)
def test_a_flag_tells_the_calls_of_one_url_apart(client: FlaskClient, body: Any, reply: Any) -> None:
    assert client.post("/many.php", json=body).get_json() == reply
