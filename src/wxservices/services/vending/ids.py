"""The document's ids: a prefix and a number, ``VI107``.  The number is the primary key."""

from __future__ import annotations

import re
from typing import Any

from ...fields import Text

VENDOR, AISLE, GOODS, CATEGORY, ORDER = "VI", "AI", "VG", "VGC", "VO"
RECORD, RETURN, FAULT, SHOP, CUSTOMER = "VR", "RI", "FD", "SH", "CU"

_number = re.compile(r"[1-9][0-9]{0,17}")


class PrefixedId(Text):
    """An id as the document writes it, given as the ``int`` in it."""

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        super().__init__(max_length=24, **kwargs)
        self.prefix = prefix

    def checked(self, text: str) -> int:
        number = text.removeprefix(self.prefix)
        if number == text or not _number.fullmatch(number):
            raise self.make_error("format")
        return int(number)


def written(prefix: str, number: int | None) -> str | None:
    """*number* as the document writes it; None for None."""
    return None if number is None else f"{prefix}{number}"
