from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import validate

from apps import make_app
from wxservices import fields as f
from wxservices.errors import BadParameter
from wxservices.payload import Number, loads

ABSENT = object()


def loaded(field: f.Parameter, value: object) -> Any:
    """What *field* makes of *value*; ``ABSENT`` for nothing."""
    return f.load(f.Parameters.from_dict({"field": field})(), {"field": value}).get("field", ABSENT)


def refusal(field: f.Parameter, value: object) -> str:
    """Why *field* does not take *value*."""
    with pytest.raises(BadParameter) as caught:
        loaded(field, value)
    assert caught.value.field == "field"
    return caught.value.reason


# --- text


def test_a_text_has_no_blanks_at_its_ends() -> None:
    assert loaded(f.Text(), " \u3000张 三😀\xa0 ") == "张 三😀"


@pytest.mark.parametrize("value", [0, -12, Number("80.00"), Number("1E2"), Decimal("1.5")])
def test_a_number_is_taken_for_a_text_as_it_was_written(value: object) -> None:
    assert loaded(f.Text(), value) == str(value)


@pytest.mark.parametrize("field", [f.Text(), f.Integer(), f.Money(), f.DateText("YYYYMMDD"), f.Choice("0"), f.Phone()])
@pytest.mark.parametrize("value", [True, False, 1.0, [], ["1"], {}, {"a": "1"}, b"1", object()])
def test_nothing_else_is_made_a_text_or_number(field: f.Parameter, value: object) -> None:
    assert refusal(field, value) == "类型错误"


@pytest.mark.parametrize("value", ["a\x00", "\x00", "\x1f", "a\nb", "a\n", "\ta", "a\x7fb", "\ud83d", "a\udc00"])
def test_a_text_has_no_control_characters(value: str) -> None:
    assert refusal(f.Text(), value) == "含有不允许的字符"


def test_a_text_of_several_lines() -> None:
    assert loaded(f.Text(multiline=True), "\n a\r\n\tb \n") == "a\r\n\tb"
    assert refusal(f.Text(multiline=True), "a\x00\nb") == "含有不允许的字符"
    assert refusal(f.Text(multiline=True), "a\x0bb") == "含有不允许的字符"


def test_the_length_of_a_text() -> None:
    assert loaded(f.Text(), "😀" * 255) == "😀" * 255
    assert refusal(f.Text(), "x" * 256) == "不能超过255个字符"
    assert refusal(f.Text(3), 1234) == "不能超过3个字符"
    assert refusal(f.Text(8, 6), "12345") == "不能少于6个字符"
    assert loaded(f.Text(3), " 123 ") == "123"


@pytest.mark.parametrize("value", [None, "", "  ", "\u3000"])
def test_an_empty_text_counts_as_absent(value: object) -> None:
    assert refusal(f.Text(required=True), value) == "不能为空"
    assert loaded(f.Text(), value) is ABSENT
    assert loaded(f.Text(load_default="-"), value) == "-"
    assert loaded(f.Text(load_default=None), value) is None
    assert value is None or loaded(f.Text(min_length=0, required=True), value) == ""


@pytest.mark.parametrize("field", [f.Integer, f.Money, f.Phone, f.Plate, lambda **options: f.List(f.Text(), **options)])
@pytest.mark.parametrize("value", [None, ""])
def test_nothing_counts_as_absent_whatever_the_field(field: Any, value: object) -> None:
    assert refusal(field(required=True), value) == "不能为空"
    assert loaded(field(load_default=7), value) == 7


@given(st.text() | st.integers() | st.binary() | st.none() | st.booleans() | st.floats() | st.lists(st.text()))
def test_any_value_is_a_clean_text_or_refused(value: object) -> None:
    try:
        text = loaded(f.Text(20, required=True), value)
    except BadParameter as error:
        text = error.reason
    assert 0 < len(text) <= 20
    assert text == text.strip(" \u3000\xa0")
    assert all(ord(character) > 31 for character in text)
    assert text.encode()


# --- numbers


@pytest.mark.parametrize("number", [0, 5, -5, 2**63 - 1, -(2**63)])
def test_an_integer(number: int) -> None:
    assert loaded(f.Integer(), number) == loaded(f.Integer(), str(number)) == number
    assert loaded(f.Integer(), "007") == 7
    assert loaded(f.Integer(), Number("-0")) == 0


@pytest.mark.parametrize(
    "value", ["５", "²", " 5", "5\n", "+5", "1_0", "1e2", "1.0", "-", Number("1.0"), Number("1E2")]
)
def test_what_is_no_integer(value: object) -> None:
    assert refusal(f.Integer(), value) == "类型错误"


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**4000, str(2**63), "9" * 20])
def test_an_integer_fits_into_64_bits(value: object) -> None:
    assert refusal(f.Integer(), value)


@pytest.mark.parametrize("value", [0, 101, "-1", 10**30])
def test_the_range_of_an_integer(value: object) -> None:
    assert refusal(f.Integer(min=1, max=100), value) == "应在1到100之间"


@pytest.mark.parametrize(
    ("value", "fen"), [(80, 8000), ("80.00", 8000), ("0.1", 10), ("2.50", 250), ("0.07", 7), ("007.5", 750)]
)
def test_money(value: Any, fen: int) -> None:
    for form in (value, Number(str(value)), Decimal(value)):
        result = loaded(f.Money(), form)
        assert (result, type(result)) == (fen, int)


@pytest.mark.parametrize("value", ["1.", ".5", "+1", "1_0", "１", " 1", "1 ", "1\n", "¥1", "0x1", "9" * 16, 10**4000])
def test_what_is_no_money(value: object) -> None:
    assert refusal(f.Money(), value) == "格式不正确"


@pytest.mark.parametrize("written", ["1.005", "80.000", "1E2", "1e400", "NaN", "Infinity", "-Infinity", "sNaN"])
def test_money_is_written_with_two_decimals_at_most(written: str) -> None:
    for form in (written, Number(written), Decimal(written)):
        assert refusal(f.Money(), form) == "格式不正确"


def test_the_range_of_money() -> None:
    assert refusal(f.Money(), "-0.01") == "应在0.00到99999999.99之间"
    assert refusal(f.Money(), 100_000_000) == "应在0.00到99999999.99之间"
    assert refusal(f.Money(min_fen=1, max_fen=500), 0) == "应在0.01到5.00之间"
    assert loaded(f.Money(min_fen=-100), Number("-0.50")) == -50


@given(st.integers(0, 9_999_999_999))
def test_money_is_never_rounded(fen: int) -> None:
    written = f"{fen // 100}.{fen % 100:02}"
    assert loaded(f.Money(), written) == loaded(f.Money(), loads(written)) == fen


# --- phones, identity numbers, plates, days, choices


def test_a_phone() -> None:
    assert loaded(f.Phone(), " 13800138000 ") == loaded(f.Phone(), 13800138000) == "13800138000"
    for value in ("1380013800", "12800138000", "1380013800０", "138 0013 8000"):
        assert refusal(f.Phone(), value) == "格式不正确"
    assert refusal(f.Phone(), "13800138000\n") == "含有不允许的字符"


def test_an_identity_number(sqlite_uri: str) -> None:
    with make_app(sqlite_uri).app_context():
        assert loaded(f.IdentityNumber(), " 11010519491231002x") == "11010519491231002X"
        assert loaded(f.IdentityNumber(), 440308199901101512) == "440308199901101512"
        assert refusal(f.IdentityNumber(), "440308199901101513") == "格式不正确"


@pytest.mark.parametrize(("instant", "born"), [("2026-11-19T15:59:59Z", False), ("2026-11-19T16:00:00Z", True)])
def test_nobody_is_born_after_the_business_day(sqlite_uri: str, instant: str, born: bool) -> None:
    number = "110105202611200019"
    with make_app(sqlite_uri).app_context(), time_machine.travel(instant):
        taken = loaded(f.IdentityNumber(), number) if born else refusal(f.IdentityNumber(), number)
    assert taken == (number if born else "格式不正确")


def test_a_plate() -> None:
    assert loaded(f.Plate(), "京a1234d") == "京A1234D"
    assert loaded(f.Plate(), "粤bda1234") == "粤BDA1234"
    assert refusal(f.Plate(), "京Aſ1234") == "格式不正确"  # whose str.upper() is 京AS1234


def test_a_day() -> None:
    assert loaded(f.DateText("YYYYMMDD"), "20240229") == loaded(f.DateText("YYYYMMDD"), 20240229) == date(2024, 2, 29)
    assert loaded(f.DateText("YYYY-MM-DD"), "2024-02-29") == date(2024, 2, 29)


def test_what_is_no_day() -> None:
    for value in ("20230229", "20231301", "00000101", "2024-02-29", "2024229", "２0240229", "2024 229"):
        assert refusal(f.DateText("YYYYMMDD"), value) == "格式不正确"
    for value in ("2023-02-29", "20240229", "2024-2-29", "2024-02-29T00:00", "2024-02-²9"):
        assert refusal(f.DateText("YYYY-MM-DD"), value) == "格式不正确"


def test_a_time_of_day() -> None:
    assert loaded(f.ClockText(), "0900") == loaded(f.ClockText(), "0900 ") == "0900"
    assert loaded(f.ClockText(), 2359) == "2359"
    for value in ("2400", "0960", "900", 900, "09:00", "０900"):
        assert refusal(f.ClockText(), value) == "格式不正确"


def test_a_choice() -> None:
    assert loaded(f.Choice("0", "1"), 0) == "0"
    assert loaded(f.Choice("0", "1"), "1") == "1"
    assert loaded(f.Choice(1, 2), "2") == 2
    assert loaded(f.Choice("成人", "学生"), "学生") == "学生"
    for value in ("2", "00", "０", Number("1.0"), "True"):
        assert refusal(f.Choice("0", "1"), value) == "不在允许的取值范围内"


# --- what schemas and errors are like


class Row(f.Parameters):
    aisle_id = f.Text(required=True)
    goods_num = f.Integer(min=0, required=True, data_key="num")


class Call(f.Parameters):
    phone = f.Phone(required=True, label="手机号码")
    list = f.List(f.Nested(Row), required=True, min_items=1, max_items=2, label="货道")
    owner = f.Nested(Row)
    states = f.List(f.Integer())
    remark = f.Text(validate=validate.Length(max=3, error="太长"))


GOOD = {"phone": "13800138000", "list": [{"aisle_id": "AI59", "num": "5"}]}


def test_only_what_the_schema_names_is_loaded() -> None:
    sent = GOOD | {"more": {"\x00": object()}, "list": [{"aisle_id": 59, "num": 5, "more": 1}], "states": ["1", 2]}
    rows = [{"aisle_id": "59", "goods_num": 5}]
    assert f.load(Call(), sent) == {"phone": "13800138000", "list": rows, "states": [1, 2]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phone": None}, "phone 手机号码不能为空"),
        ({"phone": "1"}, "phone 手机号码格式不正确"),
        ({"phone": ["13800138000"]}, "phone 手机号码类型错误"),
        ({"phone": "1", "list": 1, "owner": 1}, "phone 手机号码格式不正确"),
        ({"owner": 1, "list": 1}, "list 货道类型错误"),
        ({"list": {"0": {}}}, "list 货道类型错误"),
        ({"list": None}, "list 货道不能为空"),
        ({"list": []}, "list 货道不能少于1项"),
        ({"list": GOOD["list"] * 3}, "list 货道不能超过2项"),
        ({"list": [*GOOD["list"], {"num": 1}]}, "list[1].aisle_id 不能为空"),
        ({"list": [{"aisle_id": "A", "num": "x"}]}, "list[0].num 类型错误"),
        ({"list": ["AI59"]}, "list[0] 类型错误"),
        ({"list": [None]}, "list[0] 不能为空"),
        ({"owner": {"aisle_id": "A", "num": -1}}, "owner.num 应在0到9223372036854775807之间"),
        ({"owner": "A"}, "owner 类型错误"),
        ({"states": [1, "x"]}, "states[1] 类型错误"),
        ({"states": [""]}, "states[0] 不能为空"),
        ({"remark": "四个字了"}, "remark 太长"),
    ],
)
def test_the_first_fault_is_named_by_its_path(change: dict[str, object], message: str) -> None:
    with pytest.raises(BadParameter) as caught:
        f.load(Call(), GOOD | change)
    assert caught.value.message == message


@pytest.mark.parametrize("data", [None, [], "x", 1])
def test_parameters_are_an_object(data: object) -> None:
    with pytest.raises(BadParameter, match="body 类型错误"):
        f.load(Call(), data)
    with pytest.raises(BadParameter, match="data 类型错误"):
        f.load(Call(), data, field="data")


def test_a_strict_schema_refuses_what_it_does_not_name() -> None:
    strict = f.Strict.from_dict({"rows": f.List(f.Nested(f.Strict.from_dict({"a": f.Text()})))})()
    assert f.load(strict, {"rows": [{"a": 1}]}) == {"rows": [{"a": "1"}]}
    with pytest.raises(BadParameter, match=r"rows\[0\]\.b 未知参数"):
        f.load(strict, {"rows": [{"a": "1", "b": "2"}]})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.decimals().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["aisle_id", "num"]), inner),
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(["phone", "list", "owner", "states", "remark"], json_values)))
def test_any_object_is_loaded_or_refused_by_a_documented_name(data: dict[str, Any]) -> None:
    try:
        f.load(Call(), GOOD | data)
    except BadParameter as error:
        name = error.field.partition("[")[0].partition(".")[0]
    else:
        return
    assert name in data
