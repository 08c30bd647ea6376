from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxservices import masking


def test_a_phone_keeps_its_ends() -> None:
    assert masking.phone("13800138000") == "138****8000"
    assert masking.phone("1380013") == "****"
    assert masking.phone("") == "****"


def test_an_identity_number_keeps_its_ends() -> None:
    assert masking.identity_number("11010519491231002X") == "110*************2X"
    assert masking.identity_number("110105") == "****"


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("sent to 13800138000.", "sent to 138****8000."),
        ("phone=13800138000&b=19960000000", "phone=138****8000&b=199****0000"),
        ("+8613800138000 008613800138000", "+86138****8000 0086138****8000"),
        ("+86 138-0013-8000, 138 0013 8000", "+86 138****8000, 138****8000"),
        ("张三11010519491231002X预约", "张三110*************2X预约"),
        ("11010519491231002x", "110*************2x"),
        ("440308199901101512/13800138000", "440*************12/138****8000"),
        ("order 2026112013800138000123 took 1700000000000 ms", "order 2026112013800138000123 took 1700000000000 ms"),
        ("12800138000 VI107", "12800138000 VI107"),
        ("", ""),
    ],
)
def test_a_line_of_a_log(line: str, masked: str) -> None:
    assert masking.text(line) == masked


words = st.text("号:=, \n\"'", max_size=5)


@given(words, st.from_regex("1[3-9][0-9]{9}", fullmatch=True), words)
def test_no_phone_gets_through(before: str, phone: str, after: str) -> None:
    assert masking.text(before + phone + after) == before + masking.phone(phone) + after


@given(st.text())
def test_masking_twice_changes_nothing(line: str) -> None:
    assert masking.text(masking.text(line)) == masking.text(line)
