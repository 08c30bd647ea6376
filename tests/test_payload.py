"""Bodies of every kind, right and wrong."""

from __future__ import annotations

import http.client
import io
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask import Flask, request
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.serving import make_server

from wxservices import payload
from wxservices.errors import BadParameter

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=cut"

host = Flask("host")


def read(body: bytes | str, content_type: str | None = None, max_body: int = 1_000_000) -> dict[str, Any]:
    raw = body if isinstance(body, bytes) else body.encode()
    with host.test_request_context("/?not=read", method="POST", data=raw, content_type=content_type):
        return payload.read(request, max_body=max_body)


def parts(*items: tuple[str, bytes]) -> bytes:
    """A multipart body with the fields *items*."""
    part = b'--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    return b"".join(part % (name.encode(), value) for name, value in items) + b"--cut--\r\n"


A_1 = parts(("a", b"1"))


@pytest.mark.parametrize("content_type", [JSON, FORM, "text/plain", "application/octet-stream", None])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b" \r\n\t", b"\xef\xbb\xbf\n"])
def test_json_is_known_by_its_first_byte(content_type: str | None, before: bytes) -> None:
    body = before + '{"name": "张三 😀", "list": [{"n": 1}], "ok": true, "none": null}\n'.encode()
    assert read(body, content_type) == {"name": "张三 😀", "list": [{"n": 1}], "ok": True, "none": None}


@pytest.mark.parametrize("content_type", [FORM, "text/plain", None])
def test_what_is_not_json_is_a_form(content_type: str | None) -> None:
    body = "phone=13800138000&name=%E5%BC%A0+%E4%B8%89&raw=李四&empty="
    assert read(body, content_type) == {"phone": "13800138000", "name": "张 三", "raw": "李四", "empty": ""}


@pytest.mark.parametrize("content_type", [JSON, FORM, MULTIPART, None])
@pytest.mark.parametrize("body", ["", " \n"])
def test_an_empty_body_has_no_parameters(body: str, content_type: str | None) -> None:
    if content_type == MULTIPART:
        body = "--cut--\r\n" if body else ""
    assert read(body, content_type) == {}


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("list[0][aisle_id]=AI59&list[0][goods_num]=5", {"list": [{"aisle_id": "AI59", "goods_num": "5"}]}),
        ("list[0][a]=1&list[1][a]=2&list[0][b]=3", {"list": [{"a": "1", "b": "3"}, {"a": "2"}]}),
        ("list[3][a]=1&list[7][a]=2", {"list": [{"a": "1"}, {"a": "2"}]}),
        ("vendor_status_list[]=1&vendor_status_list[]=4", {"vendor_status_list": ["1", "4"]}),
        ("body[phone]=1&body[card][no]=2", {"body": {"phone": "1", "card": {"no": "2"}}}),
        ("data=x]=y&list%5B0%5D%5Ba%5D=%5Bz%5D%3D1", {"data": "x]=y", "list": [{"a": "[z]=1"}]}),
        ("a=1&a=2", {"a": ["1", "2"]}),
        ("&a=1=2&&b&c=100%&", {"a": "1=2", "b": "", "c": "100%"}),
        ("a=%EF%BF%BD", {"a": "\ufffd"}),
    ],
)
def test_brackets_mean_the_nested_value(form: str, value: dict[str, Any]) -> None:
    assert read(form, FORM) == value


def test_a_multipart_form_means_the_same() -> None:
    body = parts(("list[0][aisle_id]", b"AI59"), ("list[0][n]", b"a&b=]=+%41"), ("name", "张三\r\n😀".encode()))
    assert read(body, MULTIPART) == {"list": [{"aisle_id": "AI59", "n": "a&b=]=+%41"}], "name": "张三\r\n😀"}


def test_files_of_a_multipart_form_are_ignored() -> None:
    head = b'--cut\r\nContent-Disposition: form-data; name="f"; filename="f.bin"\r\n\r\n'
    for content in (b"\xff\x00", b"\xff" * 600_000):
        assert read(head + content + b"\r\n" + A_1, MULTIPART) == {"a": "1"}


REFUSED: dict[str, list[tuple[bytes | str, str | None]]] = {
    "不是有效的JSON": [
        *[("{", None), ("a=1", JSON), ('{"a": 1,}', FORM), ('{"a": "\x00"}', JSON)],
        *[('{"a": NaN}', JSON), ('{"a": -Infinity}', JSON), ('{"a": 1e%s}' % ("9" * 30), JSON)],
        ('{"a": %s}' % ("9" * 5000), JSON),
    ],
    "应为JSON对象": [("[]", FORM), ('"text"', JSON), ("null", JSON)],
    "不是有效的UTF-8": [
        *[(b'{"a": "\xff"}', JSON), (b'{"a": "\xed\xa0\x80"}', JSON), ('{"a": 1}'.encode("utf-16"), JSON)],
        *[(b"a=\xff", FORM), ("a=%FF", FORM), ("%ED%A0%80=1", FORM), (parts(("a b", b"\xff")), MULTIPART)],
    ],
    "含有无效字符": [('{"\\ud800": 1}', JSON), ('{"a b": "\\ud800"}', JSON)],
    "嵌套层数过多": [('{"a":' * 20 + "[]" + "}" * 20, JSON), ("[" * 500_000, JSON), ('{"a":' * 100_000, JSON)],
    "参数过多": [("&".join(f"k{n}=" for n in range(2001)), FORM)],
    "参数过多或嵌套层数过多": [("a[]=1&" * 201, FORM), ("a[200]=1", FORM), ("a[b][c][d][e][f][g]=1", FORM)],
    "不是有效的表单": [(b"--cut\r\nnonsense", MULTIPART), (A_1, "multipart/form-data"), (A_1, MULTIPART + "er")],
    "请求体过大": [(parts(("a", b"x" * 600_000)), MULTIPART), (parts(*[("a", b"1")] * 1001), MULTIPART)],
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_body_that_is_none_is_refused(reason: str) -> None:
    for body, content_type in REFUSED[reason]:
        with pytest.raises(BadParameter) as caught:
            read(body, content_type)
        assert (caught.value.field, caught.value.reason) == ("body", reason), body[:50]


@pytest.mark.parametrize(
    ("body", "content_type", "field"),
    [
        ('{"name": "\\ud83d"}', JSON, "name"),
        ('{"body": {"list": [1, {"name": "a\\udc00"}]}}', JSON, "body.list[1].name"),
        ('{"data": {"\\ud800": 1}}', JSON, "data"),
        ('["\\ud800"]', JSON, "body[0]"),
        (parts(("name", b"\xff")), MULTIPART, "name"),
    ],
)
def test_the_parameter_at_fault_is_named(body: bytes | str, content_type: str, field: str) -> None:
    with pytest.raises(BadParameter) as caught:
        read(body, content_type)
    assert caught.value.field == field
    assert caught.value.message.encode()


def test_what_is_just_right_is_taken() -> None:
    assert str(read('{"a":' * 20 + "1" + "}" * 20)).count("{") == 20
    assert read('{"a": "\\ud83d\\ude00"}') == {"a": "😀"}
    assert len(read("&".join(f"k{n}=" for n in range(2000)))) == 2000
    assert len(read("&".join(f"list[{n}][a]={n}" for n in range(200)))["list"]) == 200


# --- limits


@pytest.mark.parametrize("content_type", [JSON, FORM, MULTIPART])
@pytest.mark.parametrize(("max_body", "max_content_length"), [(99, None), (1000, 99), (99, 1000)])
@pytest.mark.parametrize("chunked", [False, True])
def test_the_smaller_limit_holds(content_type: str, max_body: int, max_content_length: int, chunked: bool) -> None:
    limited = Flask("limited")
    limited.config["MAX_CONTENT_LENGTH"] = max_content_length

    def read_of(size: int) -> dict[str, Any]:
        form = parts(("a", b"x" * (size - len(parts(("a", b""))))))
        body = {JSON: b'{"a":"%s"}' % (b"x" * (size - 8)), FORM: b"a=" + b"x" * (size - 2), MULTIPART: form}
        environ: dict[str, Any] = {"wsgi.input": io.BytesIO(body[content_type]), "CONTENT_LENGTH": str(size)}
        environ["CONTENT_TYPE"] = content_type
        if chunked:
            environ |= {"wsgi.input_terminated": True, "CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked"}
        with limited.test_request_context("/", method="POST", environ_overrides=environ):
            assert request.content_length == (None if chunked else size)
            return payload.read(request, max_body=max_body)

    assert set(read_of(99)["a"]) == {"x"}
    with pytest.raises(BadParameter, match="body 请求体过大"):
        read_of(100)


@pytest.mark.parametrize("terminated", [{}, {"wsgi.input_terminated": True}])
def test_a_body_that_breaks_off_is_refused(terminated: dict[str, bool]) -> None:
    environ = {"wsgi.input": io.BytesIO(b"a=1&b=2"), "CONTENT_LENGTH": "8", **terminated}
    with (
        host.test_request_context("/", method="POST", environ_overrides=environ),
        pytest.raises(BadParameter, match="body 请求体不完整"),
    ):
        payload.read(request, max_body=100)


@pytest.mark.parametrize(("body", "content_type"), [(b"a[]=1&b=%E5%BC%A0", FORM), (parts(("a[]", b"1")), MULTIPART)])
def test_a_form_that_the_host_has_parsed_is_still_there(body: bytes, content_type: str) -> None:
    with host.test_request_context("/", method="POST", data=body, content_type=content_type):
        assert request.form["a[]"] == "1"
        assert payload.read(request, max_body=1000)["a"] == ["1"]


def test_a_body_that_the_host_has_read_is_still_limited() -> None:
    with host.test_request_context("/", method="POST", data=b"a=12345678"):
        assert request.get_data()
        with pytest.raises(BadParameter, match="请求体过大"):
            payload.read(request, max_body=9)


def test_the_host_can_read_the_form_after_us() -> None:
    with host.test_request_context("/", method="POST", data=A_1, content_type=MULTIPART):
        payload.read(request, max_body=1000)
        assert request.form["a"] == "1"


@pytest.fixture
def port() -> Iterator[int]:
    """A real server that answers the parameters it reads."""
    served = Flask("served")

    @served.post("/")
    def answer() -> dict[str, Any]:
        try:
            return payload.read(request, max_body=1000)
        except BadParameter as error:
            return {"error": str(error)}

    server = make_server("127.0.0.1", 0, served)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("size", "answer"), [(10, {"a": "x" * 10}), (200_000, {"error": "body 请求体过大"})])
@pytest.mark.parametrize("chunked", [False, True])
def test_over_the_wire(port: int, size: int, answer: dict[str, str], chunked: bool) -> None:
    body = b'{"a": "%s"}' % (b"x" * size)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/", iter([body[:5], body[5:]]) if chunked else body, encode_chunked=chunked)
    with connection.getresponse() as response:
        assert json.load(response) == answer
    connection.close()


# --- numbers


@example("80.00")
@example("1E2")
@example("-0")
@example("-0.0")
@example("9" * 4300)
@given(st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,6})?", fullmatch=True))
def test_a_number_stays_as_it_was_written(literal: str) -> None:
    value = payload.loads(literal)
    assert type(value) in (int, payload.Number)
    assert (str(value), value) == (literal, Decimal(literal))


def test_the_parameter_that_holds_json_is_named() -> None:
    with pytest.raises(BadParameter, match=r"^data 不是有效的JSON$"):
        payload.loads("{", field="data")
    with pytest.raises(BadParameter, match=r"^data\.name 含有无效字符$"):
        payload.loads('{"name": "\\ud800"}', field="data")
    with pytest.raises(BadParameter, match=r"^data 嵌套层数过多$"):
        payload.loads("[" * 21 + "]" * 21, field="data")


# --- anything at all

content_types = st.sampled_from([None, JSON, FORM, MULTIPART, "multipart/form-data", "application/x+json", "é/\xff;;="])
fields = st.tuples(st.text("a[]0", max_size=12), st.binary(max_size=8))
bodies = st.one_of(
    st.binary(max_size=200),
    st.text("a[]0=&%+;.ÿ\x00", max_size=60).map(str.encode),
    st.text('{}[]":,\\ud0e-.9 ', max_size=40).map(str.encode),
    st.lists(fields, max_size=6).map(lambda items: parts(*items)),
)


@given(bodies, content_types)
def test_any_body_is_read_or_refused(body: bytes, content_type: str | None) -> None:
    try:
        parameters = read(body, content_type)
    except BadParameter as refusal:
        error = refusal
    else:
        json.dumps(parameters, default=str, ensure_ascii=False).encode()
        return
    assert error.field
    assert error.message.encode()


words = st.text("abcdefghij_", min_size=1, max_size=8)
any_text = st.text(max_size=20)
rows = st.dictionaries(words, any_text | st.lists(any_text, min_size=1, max_size=4), min_size=1, max_size=4)
nested = st.dictionaries(words, any_text | st.lists(any_text | rows, min_size=1, max_size=5) | rows, max_size=5)


def bracketed(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Names and values as PHP's ``http_build_query`` writes them."""
    if isinstance(value, str):
        yield name, value
    else:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from bracketed(item, f"{name}[{key}]" if name else str(key))


@given(nested, st.booleans())
def test_every_notation_survives_a_round_trip(value: dict[str, Any], readable: bool) -> None:
    items = list(bracketed(value))
    form = "&".join(f"{name}={quote(text)}" for name, text in items) if readable else urlencode(items)
    assert read(form, FORM) == value
    assert read(json.dumps(value)) == read(json.dumps(value, ensure_ascii=False)) == value
