from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxservices.validators import fold_identity_number, is_identity_number, is_mobile, is_plate, is_unicode

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize("number", ["13800138000", "19960000000", "16612345678"])
def test_mobiles(number: str) -> None:
    assert is_mobile(number)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "12800138000",
        "1380013800",
        "138001380000",
        "+8613800138000",
        "138 0013 8000",
        "13800138000\n",
        "1380013800０",
    ],
)
def test_what_is_no_mobile(number: str) -> None:
    assert not is_mobile(number)


@pytest.mark.parametrize(
    "number",
    [
        "11010519491231002X",
        "440308199901101512",
        "11010119900307002X",
        "110101199003070038",
        "110101199003070046",
    ],
)
def test_identity_numbers(number: str) -> None:
    assert is_identity_number(number, TODAY)


@pytest.mark.parametrize(
    "number",
    [
        "440308199901101513",  # check digit
        "110105209902280014",  # not born yet
        "11010519491231002x",  # to be folded first
        "11010519491231002",
        "11010519491231002X0",
        "11010519491231002X\n",
        "110105194912310０2X",
        "1101051949123100²X",
        "",
    ],
)
def test_what_is_no_identity_number(number: str) -> None:
    assert not is_identity_number(number, TODAY)


def check_digit(first_17: str) -> str:
    """Worked out the other way that the standard gives: all 18 weighted, the sum is 1 modulo 11."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(first_17))
    return "0123456789X"[(1 - total) % 11]


@given(st.integers(100000, 999999), st.dates(date(1000, 1, 1)), st.integers(0, 999))
def test_an_identity_number_is_good_from_the_day_of_birth_on(area: int, born: date, order: int) -> None:
    first_17 = f"{area}{born:%Y%m%d}{order:03}"
    number = first_17 + check_digit(first_17)
    assert is_identity_number(number, born)
    assert is_identity_number(number, date.max)
    assert born == date.min or not is_identity_number(number, date.fromordinal(born.toordinal() - 1))


@given(
    st.sampled_from(["11010519491231002X", "440308199901101512"]), st.integers(0, 17), st.sampled_from("0123456789X")
)
def test_one_wrong_character_is_always_found(number: str, place: int, character: str) -> None:
    mistyped = number[:place] + character + number[place + 1 :]
    assert is_identity_number(mistyped, TODAY) == (mistyped == number)


@pytest.mark.parametrize("impossible", ["20230229", "20231301", "20230100", "00000101"])
def test_the_birth_date_is_real(impossible: str) -> None:
    first_17 = f"110105{impossible}002"
    assert not is_identity_number(first_17 + check_digit(first_17), TODAY)


def test_a_final_x_is_folded() -> None:
    assert fold_identity_number("11010519491231002x") == "11010519491231002X"
    assert fold_identity_number("x1010519491231002X") == "x1010519491231002X"
    assert fold_identity_number("") == ""


@pytest.mark.parametrize(
    "plate",
    [
        "京A12345",
        "粤B1234学",
        "苏E0000警",
        "粤Z1234港",
        "粤Z1234澳",
        "鲁A1234挂",
        "沪AD12345",
        "粤BDA1234",
        "浙A12345F",
    ],
)
def test_plates(plate: str) -> None:
    assert is_plate(plate)


@pytest.mark.parametrize(
    "plate",
    [
        "",
        "京a12345",
        "A12345",
        "京A1234",
        "京A1234I",
        "京AO2345",
        "台A12345",
        "京A·12345",
        "京A123456",
        "京A12345\n",
        "京A1234５",
    ],
)
def test_what_is_no_plate(plate: str) -> None:
    assert not is_plate(plate)


@pytest.mark.parametrize("province", "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新")
def test_each_province_has_plates(province: str) -> None:
    assert is_plate(f"{province}A12345")


def test_half_a_character_is_no_text() -> None:
    assert is_unicode("")
    assert is_unicode("a\x00张😀\ufffd")
    assert not is_unicode("a\ud83d")
    assert not is_unicode("\ude00张")
