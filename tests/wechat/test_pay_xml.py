"""The XML of WeChat Pay, written and read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxservices.wechat import pay_xml

possible = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"))


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,20}", fullmatch=True), possible))
def test_what_is_written_is_read(fields: dict[str, str]) -> None:
    assert pay_xml.read(pay_xml.write(fields)) == fields


@pytest.mark.parametrize("value", ["]]>", "]]]]>>", "<b>&amp;</b>", "a]]><evil>1</evil><![CDATA[b", "票 🚄"])
def test_nothing_breaks_out_of_its_field(value: str) -> None:
    assert pay_xml.read(pay_xml.write({"body": value})) == {"body": value}


@pytest.mark.parametrize("value", ["\x00", "\x0b", "\ud800", "\uffff"])
def test_what_xml_cannot_hold_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        pay_xml.write({"body": value})


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"rubbish",
        b"<xml>",
        b"<html><body/></html>",
        b"<xml a='1'><b>1</b></xml>",
        b"<xml><a>1</a><a>1</a></xml>",
        b"<xml><a><b>1</b></a></xml>",
        b"<xml><a b='1'>1</a></xml>",
        b"<xml xmlns:x='y'><x:a>1</x:a></xml>",
        b"<!DOCTYPE xml><xml><a>1</a></xml>",
        b'<!DOCTYPE xml [<!ENTITY a "1">]><xml><a>&a;</a></xml>',
        b'<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><a>&a;</a></xml>',
        "<xml><a>é</a></xml>".encode("latin-1"),
        "<xml><a>1</a></xml>".encode("utf-16"),
        b"<xml><a>" + b"1" * pay_xml.LONGEST + b"</a></xml>",
        b"<xml>" + b"<a>" * 9000 + b"</a>" * 9000 + b"</xml>",
    ],
)
def test_what_is_no_message(message: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        pay_xml.read(message)


def test_plain_forms() -> None:
    message = (
        b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>\n<xml>\n <a>1</a><b/><c><![CDATA[ x ]]></c>\n</xml>\n'
    )
    assert pay_xml.read(message) == {"a": "1", "b": "", "c": " x "}
