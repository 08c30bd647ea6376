"""What an operator writes is taken as it is written, and what is wrong is told all at once, with line and path."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from apps import make_app, running
from wxservices import fields, operator_file
from wxservices.operator_fields import ClockText, Flag, Rows
from wxservices.service import OperatorData, Service


class Thing(fields.Strict):
    name = fields.Text(required=True)
    at = ClockText()
    count = fields.Integer(min=0, max=9)
    fee = fields.Money()
    working = Flag()
    note = fields.Text(multiline=True)
    parts = Rows(lambda: Thing(), "name")


class Shop(fields.Strict):
    things = Rows(Thing, "name")


def _apply(data: dict[str, Any]) -> Iterator[int]:
    yield 0


SERVICES = {
    "shop": Service("shop", OperatorData(Shop, _apply, dict)),
    "silent": Service("silent"),
}


@pytest.fixture(params=["C", "Python"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each parser of YAML that PyYAML may come with."""
    if request.param == "Python":
        monkeypatch.setattr(operator_file, "_LOADER", yaml.SafeLoader)
    elif not yaml.__with_libyaml__:
        pytest.skip("PyYAML has no libyaml here")


def read(text: str | bytes) -> operator_file.OperatorFile:
    return operator_file.read("shop.yaml", text.encode() if isinstance(text, str) else text, SERVICES)


def things(text: str) -> Any:
    file = read(text)
    assert file.faults == []
    return file.data["shop"]["things"]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("no", "no"),
        ("Yes", "Yes"),
        ("10:00", "10:00"),
        ("0900", "0900"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        ("1.10", "1.10"),
        ("13800138000", "13800138000"),
        ("'13800138000'", "13800138000"),
        ("2026-10-01", "2026-10-01"),
        ('"null"', "null"),
        ("'true'", "true"),
        ("! true", "true"),
        ("!!str 12", "12"),
        ('"\\u4eac\\/\\U0001f600"', "京/😀"),
        ("京😀", "京😀"),
        ("=", "="),
        (".inf", ".inf"),
        ("&anchor 窗口", "窗口"),
    ],
)
def test_text_is_what_is_written(written: str, name: str) -> None:
    assert things(f"shop: {{things: [{{name: {written}}}]}}") == [{"name": name}]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("count: 5", 5),
        ("count: '5'", 5),
        ("fee: 12.5", 1250),
        ("fee: '12.50'", 1250),
        ("at: 0900", "0900"),
        ("at: 09:00", "0900"),
        ("at: '23:59'", "2359"),
        ("working: true", True),
        ("working: false", False),
        ("note: |\n      一\n      二\n", "一\n二"),
    ],
)
def test_fields_make_of_it_what_they_need(written: str, value: object) -> None:
    (thing,) = things(f"shop:\n  things:\n  - name: a\n    {written}")
    assert thing == {"name": "a", written.partition(":")[0]: value}


@pytest.mark.parametrize("nothing", ["", "~", "null", '""'])
def test_nothing_counts_as_absent(nothing: str) -> None:
    assert things(f"shop:\n  things:\n  - name: a\n    count: {nothing}") == [{"name": "a"}]


JSON = {"shop": {"things": [{"name": "京\n😀 \\ud83d\\ude00 \\", "note": "a: b, [c] # d 'e' \"f\" / \t", "count": 3}]}}


@pytest.mark.parametrize("options", [{}, {"ensure_ascii": False}, {"indent": "\t"}, {"separators": (",", ":")}])
@pytest.mark.parametrize("prefix", ["", "\ufeff"])
def test_json_is_read_as_json(options: dict[str, Any], prefix: str) -> None:
    text = prefix + json.dumps({"shop": {"things": [{**JSON["shop"]["things"][0], "name": "n😀"}]}}, **options)
    (thing,) = things(text)
    assert thing == {"name": "n😀", "note": "a: b, [c] # d 'e' \"f\" /", "count": 3}


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"))


@given(name=texts)
def test_any_text_survives_json(name: str) -> None:
    for ascii_only in (True, False):
        loaded = operator_file._Reader().read(
            operator_file._text(json.dumps({"a": [name]}, ensure_ascii=ascii_only, indent="\t").encode())
        )
        assert loaded == {"a": [name]}


FAULTS = {
    "a value": ("shop:\n  things:\n  - name: a\n    count: x", ["4: shop.things[0].count 类型错误"]),
    "a missing member, at its object": (
        "shop:\n  things:\n  - name: a\n  - count: 1\n    fee: 1",
        ["4: shop.things[1].name 不能为空"],
    ),
    "an unknown member": ("shop:\n  things:\n  - name: a\n    nmae: b", ["4: shop.things[0].nmae 未知参数"]),
    "an unknown list": ("shop:\n  thing: []", ["2: shop.thing 未知参数"]),
    "no object": ("shop:\n  things:\n  - 5", ["3: shop.things[0] 类型错误"]),
    "no list": ("shop:\n  things: 5", ["2: shop.things 类型错误"]),
    "an empty item": ("shop:\n  things:\n  - name: a\n  -", ["4: shop.things[1] 不能为空"]),
    "a section that is no object": ("shop: 5", ["1: shop 类型错误"]),
    "a word where a flag is": (
        "shop:\n  things:\n  - name: a\n    working: no",
        ["4: shop.things[0].working 应为true或false"],
    ),
    "deep inside": (
        "shop:\n  things:\n  - name: a\n    parts:\n    - name: b\n      parts:\n      - name: c\n        count: 10",
        ["8: shop.things[0].parts[0].parts[0].count 应在0到9之间"],
    ),
    "the same thing twice": (
        "shop:\n  things:\n  - name: a\n  - name: b\n  - name: a",
        ["5: shop.things[2] 与第1项重复"],
    ),
    "the same key twice": (
        "shop:\n  things:\n  - name: a\n    count: 1\n    count: 2",
        ["5: shop.things[0].count 重复的键"],
    ),
    "the same service twice": ("shop: {}\nshop: {}", ["2: shop 重复的键"]),
    "a service that is not mounted": ("parking: {}", ["1: parking 不是已挂载的服务（shop）"]),
    "a service that has nothing to load": ("silent: {}", ["1: silent 不是已挂载的服务（shop）"]),
    "an alias": (
        "shop:\n  things:\n  - &a {name: a}\n  - *a",
        ["4: shop.things[1] 不支持别名"],
    ),
    "a merge": (
        "shop:\n  things:\n  - &a {name: a}\n  - {<<: *a}",
        ["4: shop.things[1].<< 不支持别名", "4: shop.things[1].name 不能为空"],
    ),
    "a tag": ("shop:\n  things:\n  - name: !!python/name:os.system a", ["3: shop.things[0].name 不支持标签"]),
    "a binary": ("shop:\n  things:\n  - name: !!binary aGk=", ["3: shop.things[0].name 不支持标签"]),
    "a key that is no text": ("shop:\n  ? [a]\n  : b", ["2: 键应为文本"]),
    "two documents": ("shop: {}\n---\nshop: {}", ["2: 一个文件只能有一个YAML文档"]),
    "no mapping": ("\n- shop", ["2: 应为以服务名为键的映射"]),
    "an empty file": ("", ["1: 文件是空的"]),
    "nothing but a comment": ("# later", ["1: 文件是空的"]),
    "not UTF-8": (b"shop:\n  things:\n  - name: \xff", ["3: 不是UTF-8编码"]),
    "a control character": ("shop:\n  things:\n  - name: a\x07", ["3: 含有不允许的字符"]),
    "an escaped NUL": ('shop:\n  things:\n  - name: "a\\0"', ["3: shop.things[0].name 含有不允许的字符"]),
    "a bottomless pit": ("[" * 5000, ["1: 嵌套过深"]),
    "JSON, by line": (
        '{\n\t"shop": {\n\t\t"things": [\n\t\t\t{"name": "a",\n\t\t\t "count": true}\n\t\t]\n\t}\n}',
        ["5: shop.things[0].count 类型错误"],
    ),
    "JSON, the same key twice": ('{"shop": {"things": [],\n"things": []}}', ["2: shop.things 重复的键"]),
    "several, in the order of lines": (
        "parking: 1\nshop:\n  things:\n  - name: a\n    fee: 1.234\n  - name: a\n  - {}\n  - {name: b, name: c}",
        [
            "1: parking 不是已挂载的服务（shop）",
            "5: shop.things[0].fee 格式不正确",
            "7: shop.things[2].name 不能为空",
            "8: shop.things[3].name 重复的键",
        ],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_its_line_and_its_path(fault: str) -> None:
    text, expected = FAULTS[fault]
    assert [str(found) for found in read(text).faults] == [f"shop.yaml:{line}" for line in expected]


@pytest.mark.parametrize("text", ["shop: {", "shop:\n\tthings: []", "shop: 'a\n\n", 'shop: "\\ud83d"', "a: b: c"])
def test_what_is_no_yaml_is_one_fault_with_a_line(text: str) -> None:
    (fault,) = read(text).faults
    if "\\ud83d" in text and operator_file._LOADER is yaml.SafeLoader:
        assert fault.path == "shop"
    else:
        assert fault.reason.startswith("语法错误：")
    assert 1 <= fault.line <= 3


def test_aliases_cannot_explode() -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 30)]
    faults = read("\n".join(["l0: &l0 [a]", *levels])).faults
    assert len([fault for fault in faults if fault.reason == "不支持别名"]) == 290


PACKAGED = sorted(Path(operator_file.__file__).parent.glob("demo/*.yaml"))


@pytest.mark.parametrize("file", PACKAGED, ids=lambda file: file.stem)
def test_the_packaged_files_are_without_fault(file: Path, sqlite_uri: str) -> None:
    service = importlib.import_module(f"wxservices.services.{file.stem}").SERVICE
    with running(make_app(sqlite_uri), file.stem):  # what a file refers to may be in the tables
        read = operator_file.read(file.name, file.read_bytes(), {service.name: service})
    assert read.faults == []
    assert operator_file.things(read.data) > 0


def test_things_are_the_objects_in_lists() -> None:
    data = {"shop": {"things": [{"name": "a", "parts": [{"name": "b"}]}, {"name": "c"}], "word": {"a": 1}}}
    assert operator_file.things(data) == 3
