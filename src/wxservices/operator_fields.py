"""What the schemas of operators' files have beside the fields of calls.  Their base is ``fields.Strict``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError

from . import fields


class Flag(fields.Parameter):
    """``true`` or ``false``."""

    default_error_messages = {"choice": "应为true或false"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("choice")
        return value


class ClockText(fields.ClockText):
    """A time of day, as ``HHMM`` or, as people write it, ``HH:MM``; given as ``HHMM``."""

    def checked(self, text: str) -> str:
        return super().checked(text.replace(":", "") if text[2:3] == ":" else text)


class Rows(fields.List):
    """An array of objects that are known by *key*: the names of the fields that no two of them share.

    :param schema: of one object.
    """

    default_error_messages = {"repeated": "与第{number}项重复"}  # noqa: RUF012

    def __init__(self, schema: type[Schema] | Callable[[], Schema], *key: str, **kwargs: Any) -> None:
        super().__init__(fields.Nested(schema), **{"max_items": 1_000_000, **kwargs})
        self.key = key

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, list):
            raise self.make_error("type")
        rows: list[dict[str, Any] | None] = []
        errors: dict[int, Any] = {}
        known: dict[tuple[Any, ...], int] = {}
        for index, item in enumerate(value):
            try:
                row = self.inner.deserialize(item)
                first = known.setdefault(tuple(row[name] for name in self.key), index)
                if first != index:
                    raise self.make_error("repeated", number=first + 1)
                rows.append(row)
            except ValidationError as error:
                errors[index] = error.messages
                rows.append(None)  # a schema that looks on all the same still finds the others at their places
        if errors:
            raise ValidationError(errors, valid_data=rows)
        return rows
