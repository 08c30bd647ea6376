"""Every action of the table: login, whose things, bad input.

Made from the table, so that a new action is not forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from vending_data import OTHER_PHONE, call, clean, logged_in
from wxservices import fields
from wxservices.blueprints import vending
from wxservices.blueprints.document import Call
from wxservices.blueprints.vending.staff import COOKIE, Action
from wxservices.services.vending import demo
from wxservices.services.vending.ids import PrefixedId

ACTIONS = [call for call in vending.bp.urls if call.flag != "login_mp"]

OURS = {"SH": 888, "VI": 107, "AI": 56, "VG": 9, "VGC": 9, "VO": 284, "VR": 594, "RI": 58, "FD": 62}
THEIRS = {"SH": 889, "VI": 900, "AI": 900, "VG": 90, "VGC": 90}
"""Ids of the demo's two shops."""

VALUES: dict[str, Any] = {
    "goods_bar_code": "123123123",
    "time_type": 1,
    "deal_name": "嗷嗷",
    "name": "11122233365",
    "deal_status": 3,
    "goods_num": 1,
    "list": [{"aisle_id": "AI56", "vendor_goods_id": "VG9", "goods_num": 1}],
}
"""Values of what is needed beside ids."""


@pytest.fixture
def staffed(shop: Flask) -> Flask:
    demo.load()
    return shop


@pytest.fixture
def client(staffed: Flask) -> FlaskClient:
    return logged_in(staffed)


def url_of(action: Call) -> str:
    return action.rule.strip("/").removesuffix(".php")


def body_of(action: Call) -> dict[str, Any]:
    """A body that *action* accepts, with every id that it may name."""
    assert action.schema is not None
    body: dict[str, Any] = {action.flag: 1}
    for name, field in action.schema().fields.items():
        name = field.data_key or name
        if isinstance(field, PrefixedId):
            body[name] = f"{field.prefix}{OURS[field.prefix]}"
        elif field.required:
            body[name] = VALUES[name]
    return body


def ids_of(schema: type[fields.Parameters]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where *schema* has ids, and their prefixes."""
    for name, field in schema().fields.items():
        if isinstance(field, PrefixedId):
            yield (name,), field.prefix
        elif isinstance(field, fields.List) and isinstance(field.inner, fields.Nested):
            for path, prefix in ids_of(type(field.inner.schema)):
                yield (field.data_key or name, 0, *path), prefix


RULES = sorted({call.rule for call in vending.bp.urls})
IDS = [(action, path, prefix) for action in ACTIONS if action.schema for path, prefix in ids_of(action.schema)]


def put(body: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """A copy of *body* with *value* at *path*."""
    import copy

    changed = copy.deepcopy(body)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def written(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def test_the_documents_urls_and_actions_and_no_others(shop: Flask) -> None:
    rules = {rule.rule for rule in shop.url_map.iter_rules() if rule.endpoint.startswith("vending.")}
    assert rules == {
        f"/mp/{name}.php"
        for name in (
            "vendor_get",
            "vendor_save",
            "aisle_get",
            "aisle_save",
            "vendor_goods_get",
            "vendor_record_get",
            "vendor_board",
            "return_record_save",
            "return_record_get",
            "vendor_order_get",
            "fault_get",
            "fault_save",
            "login_save",
        )
    }
    assert len(vending.bp.urls) == 26
    assert all(isinstance(action, Action) for action in ACTIONS)


def test_every_action_works_with_what_is_ones_own(client: FlaskClient) -> None:
    for action in ACTIONS:
        reply = call(client, url_of(action), **body_of(action))
        assert reply["ret"] == 0, (action.flag, reply)
        if action.flag == "save_aisle":  # which makes room for aisle_record
            assert clean()
    assert clean()


def test_every_action_needs_a_login(staffed: Flask) -> None:
    for action in ACTIONS:
        reply = call(staffed.test_client(), url_of(action), **body_of(action))
        assert reply == {"ret": 2, "msg": "未登录", "data": {}}, action.flag


def test_another_shops_id_is_refused_wherever_one_is_named(staffed: Flask) -> None:
    ours, theirs = logged_in(staffed), logged_in(staffed, OTHER_PHONE)
    for action, path, prefix in IDS:
        body = body_of(action)
        if prefix in THEIRS:
            reply = call(ours, url_of(action), **put(body, path, f"{prefix}{THEIRS[prefix]}"))
        else:  # what only our shop has, asked for by the others
            body = {name: value for name, value in body.items() if name in (action.flag, *path, *VALUES)}
            reply = call(theirs, url_of(action), **body)
        assert (reply["ret"], reply["data"]) == (3, {}), (action.flag, path)
        assert reply["msg"].startswith(f"{written(path)} ")
    assert clean()


def test_an_unknown_id_is_not_found_wherever_one_is_named(client: FlaskClient) -> None:
    for action, path, prefix in IDS:
        reply = call(client, url_of(action), **put(body_of(action), path, f"{prefix}987654"))
        assert (reply["ret"], reply["data"]) == (4, {}), (action.flag, path)


def test_a_wrong_id_is_a_bad_parameter_wherever_one_is_named(client: FlaskClient) -> None:
    for action, path, prefix in IDS:
        schema = action.schema() if action.schema else fields.Parameters()
        needed = len(path) > 1 or schema.fields[str(path[0])].required
        for wrong in (
            "XX1", prefix, f"{prefix}0", f"{prefix}-1", f"{prefix}1.5", f"{prefix}{'9' * 19}", f"{prefix}１",
            f"{prefix}1 1", prefix.lower() + "1", 107, [], {}, True, f"{prefix}1\x00", *(["", None] if needed else []),
        ):  # fmt: skip
            reply = call(client, url_of(action), **put(body_of(action), path, wrong))
            assert (reply["ret"], reply["data"]) == (1, {}), (action.flag, path, wrong)
            assert reply["msg"].startswith(f"{written(path)} "), (action.flag, path, wrong)
    assert clean()


def test_every_action_keeps_other_sites_out(client: FlaskClient) -> None:
    for action in vending.bp.urls:
        body = body_of(action) if action in ACTIONS else {"login_mp": 1, "phone": "1", "password_md5": "1"}
        reply = client.post(f"/mp{action.rule}", json=body, headers={"Origin": "https://evil.example"})
        assert reply.get_json()["ret"] == 3, action.flag


def test_no_flag_two_flags_and_a_flag_that_is_not_1(client: FlaskClient) -> None:
    for rule in RULES:
        url = rule.strip("/").removesuffix(".php")
        flags = [call.flag for call in vending.bp.urls if call.rule == rule]
        assert call(client, url)["ret"] == 1
        assert call(client, url, unknown=1)["ret"] == 1
        for value in (0, 2, "x", [1], {"a": 1}, True, 1.0):
            reply = call(client, url, **{flags[0]: value})
            assert (reply["ret"], reply["msg"].split()[0]) == (1, flags[0])
        for other in flags[1:]:
            assert call(client, url, **{flags[0]: 1, other: 1})["ret"] == 1
            assert call(client, url, **{flags[0]: 1, other: 0})["ret"] == 1


def test_a_body_that_is_none(client: FlaskClient) -> None:
    for rule in RULES:
        for body in (b"{", b"[]", b"null", b'{"a":NaN}', b"\xff\xfe", b"[" * 9999, b"a[b" + b"[c]" * 9 + b"]=1"):
            response = client.post(f"/mp{rule}", data=body, content_type="application/x-www-form-urlencoded")
            assert response.status_code == 200
            assert response.get_json()["ret"] == 1, (rule, body)


def test_forms_with_brackets_are_read_as_php_reads_them(client: FlaskClient) -> None:
    form = {"aisle_record": "1", "vendor_id": "VI107", "use_name": "冉总"}
    row = {"list[0][aisle_id]": "AI56", "list[0][vendor_goods_id]": "VG9", "list[0][goods_num]": "2"}
    reply = client.post("/mp/aisle_save.php", data={**form, **row}).get_json()
    assert reply == {"ret": 0, "data": {}}
    found = client.post(
        "/mp/vendor_get.php", data={"get_vendor_list": "1", "vendor_status_list[]": ["1", "4"]}
    ).get_json()
    assert {row["vendor_status"] for row in found["data"]["vendor_list"]} == {1, 4}
    many = {f"list[{number}][aisle_id]": "AI56" for number in range(201)}
    assert client.post("/mp/aisle_save.php", data={**form, **many}).get_json()["ret"] == 1
    deep = {"list[0][a][b][c][d][e][f]": "1"}
    assert client.post("/mp/aisle_save.php", data={**form, **deep}).get_json()["ret"] == 1


NUMBERS = (-1, 10**30, 1.5, "1.5", "abc", "-1", "１", [], {}, True, "1\x00")
BAD = [
    ("vendor_get", "get_vendor_list", {}, "page_size", (*NUMBERS, 0, 101)),
    ("vendor_get", "get_vendor_list", {}, "page_no", (*NUMBERS, 0)),
    ("vendor_get", "get_vendor_list", {}, "sort", (*NUMBERS, 0, 4)),
    ("vendor_get", "get_vendor_list", {}, "vendor_name", ("x" * 65, [], {}, True, "a\x00", "a\nb")),
    ("vendor_get", "get_vendor_list", {}, "vendor_status_list", (1, "1", {}, [1] * 5)),
    ("vendor_get", "get_vendor_list", {}, "vendor_status_list[0]", ([0], [5], ["x"], [None], [[1]])),
    ("aisle_get", "get_aisle_list", {"vendor_id": "VI107"}, "normal", (*NUMBERS, 0, 2)),
    ("aisle_save", "save_aisle", {"aisle_id": "AI56"}, "goods_num", NUMBERS),
    ("aisle_save", "save_aisle", {"aisle_id": "AI56"}, "is_sale", (*NUMBERS, 0, 2)),
    ("aisle_save", "aisle_record", {"vendor_id": "VI107"}, "list", (None, [], "", {}, "x", [VALUES["list"][0]] * 201)),
    ("aisle_save", "aisle_record", {"vendor_id": "VI107"}, "list[0]", ([1], ["x"], [None], [[]])),
    ("vendor_board", "get_today_data", {"shop_id": "SH888"}, "time_cut", (*NUMBERS, 0, 5, 7, 48)),
    ("vendor_board", "get_date_board", {"shop_id": "SH888"}, "time_type", (*NUMBERS, None, 0, 4)),
    (
        "vendor_board", "get_date_board", {"shop_id": "SH888", "time_type": 3, "end_day": 20260101}, "begin_day",
        (*NUMBERS, None, 20260230, 10101, "2026-01-01", 10101010, "00010101"),
    ),
    (
        "vendor_board", "get_date_board", {"shop_id": "SH888", "time_type": 3, "begin_day": 20260101}, "end_day",
        (*NUMBERS, None, 20261301, 20251231, 99991231),
    ),
    ("return_record_get", "get_return_list", {"shop_id": "SH888"}, "return_status", (*NUMBERS, 0, 3)),
    ("vendor_goods_get", "get_goods_bycode", {"shop_id": "SH888"}, "goods_bar_code", (None, "", "x" * 65, [], True)),
    ("fault_get", "get_fault_list", {"shop_id": "SH888"}, "is_send", (*NUMBERS, 2)),
    ("fault_get", "get_fault_list", {"shop_id": "SH888"}, "deal_status", (*NUMBERS, 0, 2)),
    ("fault_save", "is_send_fault", {"fault_id": "FD62", "name": "123"}, "deal_name", (None, "", "x" * 65, [], True)),
    ("fault_save", "is_send_fault", {"fault_id": "FD62", "deal_name": "a"}, "name", (None, "abc", "1" * 21, "-1", 1.5)),
    ("fault_save", "save_deal", {"fault_id": "FD62"}, "deal_status", (*NUMBERS, None, 0, 2)),
    ("fault_save", "save_deal", {"fault_id": "FD62", "deal_status": 3}, "deal_remark", ("x" * 1001, [], True, "a\x00")),
    ("login_save", "login_mp", {"password_md5": "123456"}, "phone", (None, "", [], True, "1" * 21)),
    ("login_save", "login_mp", {"phone": "19960000000"}, "password_md5", (None, "", [], {}, True, "x" * 129)),
]  # fmt: skip


def test_bad_input_is_refused_naming_the_field(client: FlaskClient) -> None:
    for url, flag, rest, field, values in BAD:
        for value in values:
            reply = call(client, url, **{flag: 1, **rest, field.partition("[")[0]: value})
            assert (reply["ret"], reply["data"]) == (1, {}), (flag, field, value)
            assert reply["msg"].startswith(f"{field} "), (value, reply)
    assert clean()


def test_a_bad_number_in_a_list(client: FlaskClient) -> None:
    for num in (*NUMBERS, 0, None, 100_001):
        row = {"aisle_id": "AI56", "vendor_goods_id": "VG9", "goods_num": num}
        reply = call(client, "aisle_save", aisle_record=1, vendor_id="VI107", list=[VALUES["list"][0], row])
        assert reply["ret"] == 1
        assert reply["msg"].startswith("list[1].goods_num ")
    assert clean()


def test_things_of_two_shops_do_not_mix(staffed: Flask) -> None:
    from wxservices import db
    from wxservices.models.vending import Member

    client = logged_in(staffed)
    with db.transaction():
        db.insert(Member, {"staff_id": 1, "shop_id": 889})
    assert call(client, "aisle_get", get_aisle_list=1, vendor_id="VI900")["ret"] == 0
    reply = call(client, "aisle_save", save_aisle=1, aisle_id="AI56", vendor_goods_id="VG90")
    assert reply == {"ret": 4, "msg": "vendor_goods_id 不在aisle_id的店铺中", "data": {}}


def test_a_cookie_of_nobody(client: FlaskClient) -> None:
    for value in ("", "x", "a.b.c", "\udce9"):
        client.set_cookie(COOKIE, value.encode("utf-8", "surrogateescape").decode("latin-1"))
        assert call(client, "vendor_get", get_vendor_list=1)["ret"] == 2


def test_with_the_data_base_out_of_reach(client: FlaskClient) -> None:
    import sqlalchemy as sa

    from wxservices import db

    with db.engine().begin() as connection:
        connection.execute(sa.text("DROP TABLE wx_vending_vendor"))
    reply = call(client, "vendor_get", get_vendor_list=1)
    assert reply == {"ret": 9, "msg": "系统异常，请稍后再试", "data": {}}
