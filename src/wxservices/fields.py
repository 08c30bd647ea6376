"""Fields and schemas for the parameters of documented calls.

A number is taken where a string is documented and a string of digits where a number is; nothing else is coerced.
``null`` and ``""`` count as absent.  Every message is Chinese and follows the field's name, after its ``label``:
``phone 手机号码格式不正确``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, cast

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, missing

from . import clock
from .errors import BadParameter
from .validators import fold_identity_number, is_identity_number, is_mobile, is_plate, is_unicode

BLANKS = " \u3000\xa0"
"""Taken off both ends of a text: the space, the full-width one and the one that does not break."""

_controls = re.compile(r"[\x00-\x1f\x7f]")
_controls_but_breaks = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_whole = re.compile(r"-?[0-9]{1,19}")
_yuan = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,2})?")
_clock = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9]")
_capitals = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Parameter(fields.Field[Any]):
    """What all fields have in common: absence, and messages.

    :param label: the Chinese name of the field, put before each message.
    """

    default_error_messages = {  # noqa: RUF012
        "required": "不能为空",
        "type": "类型错误",
        "format": "格式不正确",
        "characters": "含有不允许的字符",
        "short": "不能少于{min}个字符",
        "long": "不能超过{max}个字符",
        "range": "应在{min}到{max}之间",
        "choice": "不在允许的取值范围内",
        "few": "不能少于{min}项",
        "many": "不能超过{max}项",
    }

    def __init__(self, *args: Any, label: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label = label

    def is_absent(self, value: object) -> bool:
        """Whether *value*, though sent, counts as not sent."""
        return value is None or value == ""

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        return super().deserialize(missing if self.is_absent(value) else value, attr, data, **kwargs)

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        error = super().make_error(key, **kwargs)
        return ValidationError(f"{self.label}{error.messages[0]}")

    def text(self, value: object) -> str:
        """*value* as text, if it is a text or a number; a number as it was written."""
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise self.make_error("type")
        return str(value)


class Text(Parameter):
    """A text, without blanks at its ends, without control characters.

    :param max_length: in characters, at most what its column holds.
    :param min_length: in characters; with 0, ``""`` is a value like others instead of absent.
    :param multiline: line breaks and tabs are allowed.
    """

    def __init__(self, max_length: int = 255, min_length: int = 1, *, multiline: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_length = max_length
        self.min_length = min_length
        self.multiline = multiline

    def is_absent(self, value: object) -> bool:
        return value is None or (isinstance(value, str) and self.min_length > 0 and not self._stripped(value))

    def _stripped(self, text: str) -> str:
        return text.strip(BLANKS + "\t\r\n" if self.multiline else BLANKS)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = self._stripped(self.text(value))
        if (_controls_but_breaks if self.multiline else _controls).search(text) or not is_unicode(text):
            raise self.make_error("characters")
        if len(text) > self.max_length:
            raise self.make_error("long", max=self.max_length)
        if len(text) < self.min_length:
            raise self.make_error("short", min=self.min_length)
        return self.checked(text)

    def checked(self, text: str) -> Any:
        """The value that *text* stands for."""
        return text


class Phone(Text):
    """A mainland mobile number, as ``str``."""

    def checked(self, text: str) -> str:
        if not is_mobile(text):
            raise self.make_error("format")
        return text


class IdentityNumber(Text):
    """An identity number with the right check digit, born today or earlier; a final ``x`` becomes ``X``."""

    def checked(self, text: str) -> str:
        number = fold_identity_number(text)
        if not is_identity_number(number, clock.today()):
            raise self.make_error("format")
        return number


class Plate(Text):
    """A number plate, ordinary or new energy, in capitals."""

    def checked(self, text: str) -> str:
        plate = text.translate(_capitals)  # not upper(): that makes an S of ſ
        if not is_plate(plate):
            raise self.make_error("format")
        return plate


class DateText(Text):
    """A day, as ``datetime.date``.

    :param format: ``YYYYMMDD`` or ``YYYY-MM-DD``.
    """

    PATTERNS = {  # noqa: RUF012
        "YYYYMMDD": re.compile("([0-9]{4})([0-9]{2})([0-9]{2})"),
        "YYYY-MM-DD": re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})"),
    }

    def __init__(self, format: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.format = format
        self._pattern = self.PATTERNS[format]

    def checked(self, text: str) -> date:
        try:
            if match := self._pattern.fullmatch(text):
                return date(*map(int, match.groups()))
        except ValueError:  # the 30th of February
            pass
        raise self.make_error("format")


class ClockText(Text):
    """A time of day, as ``HHMM``, ``0000`` to ``2359``: the ``str`` itself, which sorts as the day goes."""

    def checked(self, text: str) -> str:
        if not _clock.fullmatch(text):
            raise self.make_error("format")
        return text


class Choice(Text):
    """One of the documented values, sent as text or as number, given back as it is declared.

    :param values: ``str`` or ``int``: ``Choice("0", "1")`` gives ``"0"`` for ``0``, ``Choice(0, 1)`` ``0`` for ``"0"``.
    """

    def __init__(self, *values: str | int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.values = {str(value): value for value in values}

    def checked(self, text: str) -> str | int:
        if text not in self.values:
            raise self.make_error("choice")
        return self.values[text]


class Integer(Parameter):
    """A whole number: a JSON number written without fraction or exponent, or a string of ASCII digits.

    :param min, max: the smallest and largest value allowed; by default what 64 bits hold.
    """

    def __init__(self, min: int = -(2**63), max: int = 2**63 - 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.min = min
        self.max = max

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        text = self.text(value)
        if not _whole.fullmatch(text):
            raise self.make_error("range" if isinstance(value, int) else "type", min=self.min, max=self.max)
        number = int(text)
        if not self.min <= number <= self.max:
            raise self.make_error("range", min=self.min, max=self.max)
        return number


class Money(Parameter):
    """An amount in yuan with at most two decimals, number or text, given as whole fen.

    :param min_fen, max_fen: the smallest and largest amount allowed, in fen.
    """

    def __init__(self, min_fen: int = 0, max_fen: int = 9_999_999_999, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.min_fen = min_fen
        self.max_fen = max_fen

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        text = self.text(value)
        if not _yuan.fullmatch(text):
            raise self.make_error("format")
        fen = int(Decimal(text) * 100)
        if not self.min_fen <= fen <= self.max_fen:
            raise self.make_error("range", min=Decimal(self.min_fen).scaleb(-2), max=Decimal(self.max_fen).scaleb(-2))
        return fen


class List(Parameter, fields.List[Any]):
    """An array.  Its items are all there: ``null`` and ``""`` are faults.

    :param min_items, max_items: how many it may have.
    """

    def __init__(self, item: fields.Field[Any], *, min_items: int = 0, max_items: int = 200, **kwargs: Any) -> None:
        super().__init__(item, **kwargs)
        self.inner.required = True
        self.min_items = min_items
        self.max_items = max_items

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, list):
            raise self.make_error("type")
        if len(value) > self.max_items:
            raise self.make_error("many", max=self.max_items)
        if len(value) < self.min_items:
            raise self.make_error("few", min=self.min_items)
        return super()._deserialize(value, attr, data, **kwargs)


class Nested(Parameter, fields.Nested):
    """An object with a schema of its own: ``Nested(Row)``; an array of them: ``List(Nested(Row))``."""


class Parameters(Schema):
    """Base of the schemas of calls.  Members that the schema does not name are ignored."""

    error_messages = {"type": "类型错误", "unknown": "未知参数"}  # noqa: RUF012

    class Meta:
        unknown = EXCLUDE


class Strict(Parameters):
    """Base of the schemas of operators' files: a member that the schema does not name is a fault."""

    class Meta:
        unknown = RAISE


def load(schema: Schema, data: object, *, field: str = "body") -> dict[str, Any]:
    """*data* through *schema*.

    :param field: what the error names when *data* itself is not an object.
    :raises BadParameter: for the first faulty field in the order of declaration; a nested one by its path,
        ``list[0].aisle_id``.
    """
    try:
        return cast("dict[str, Any]", schema.load(cast("dict[str, Any]", data)))
    except ValidationError as error:
        path, reason = _first(error.messages)
    raise BadParameter(path or field, reason)


def _first(messages: Any) -> tuple[str, str]:
    """Path and text of the first message in marshmallow's tree of them."""
    path = ""
    while not isinstance(messages, str):
        if isinstance(messages, dict):
            key, messages = next(iter(messages.items()))
            if isinstance(key, int):
                path += f"[{key}]"
            elif key != "_schema":
                path += f".{key}" if path else key
        else:
            messages = messages[0]
    return path, messages
