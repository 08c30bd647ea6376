"""The reply of ``vending``: ``{"ret", "data"}``, and ``msg`` when it is refused."""

from __future__ import annotations

from typing import Any, ClassVar

from ...envelope import Envelope
from ...errors import BadParameter, NotAllowed, NotAuthenticated, NotFound, ServiceError, TooMany


class Reply(Envelope):
    """1 bad parameter, 2 not logged in, 3 not your shop, 4 not found, 5 conflict, 9 system fault."""

    codes: ClassVar = {
        BadParameter: 1,
        NotAuthenticated: 2,
        TooMany: 2,  # of logins: whoever tries too often stays outside
        NotAllowed: 3,
        NotFound: 4,
        ServiceError: 5,
        Exception: 9,
    }

    def success(self, result: dict[str, Any] | None) -> dict[str, Any]:
        return {"ret": 0, "data": result or {}}

    def failure(self, code: int, message: str) -> dict[str, Any]:
        return {"ret": code, "msg": message, "data": {}}
