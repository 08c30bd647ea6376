"""Whether a text is real Unicode, a Chinese phone, identity number or number plate.  Pure; ASCII digits only."""

from __future__ import annotations

import re
from datetime import date

_mobile = re.compile(r"1[3-9][0-9]{9}")

_identity_number = re.compile(r"[1-9][0-9]{16}[0-9X]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"

_PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
_plate = re.compile(
    rf"[{_PROVINCES}][A-Z]"
    r"(?:[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳]"
    r"|[0-9]{5}[DF]|[DF][A-HJ-NP-Z0-9][0-9]{4})"  # new energy: one character more
)


def is_unicode(text: str) -> bool:
    """Without lone surrogates (halves of a character, which JSON can escape and UTF-8 cannot say)."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_mobile(text: str) -> bool:
    """A mainland mobile number, without a country code."""
    return _mobile.fullmatch(text) is not None


def fold_identity_number(text: str) -> str:
    """*text* with a final ``x`` as ``X``."""
    return text[:-1] + "X" if text.endswith("x") else text


def is_identity_number(text: str, today: date) -> bool:
    """A citizen's number by GB 11643-1999: 18 characters, a real birth date not after *today*, the right check digit
    (an ``X`` is a capital).  Areas are not looked up: their table ages.
    """
    if not _identity_number.fullmatch(text):
        return False
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text, strict=False))
    return born <= today and _CHECK_DIGITS[total % 11] == text[-1]


def is_plate(text: str) -> bool:
    """A number plate, ordinary or new energy, in capitals and without a dot."""
    return _plate.fullmatch(text) is not None
