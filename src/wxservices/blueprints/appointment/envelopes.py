"""The reply of ``appointment``: ``{"data", "error_msg", "error_no", "request_id"}``."""

from __future__ import annotations

from typing import Any, ClassVar

from ... import request_id
from ...envelope import Envelope
from ...errors import BadParameter, Conflict, NotAllowed, NotFound, ServiceError
from ...services.appointment.openings import NotFree


class Reply(Envelope):
    """``error_no``: 0 success, 1001 bad parameter, 1002 not found, 1003 fully booked or past, 1004 not allowed, 1005
    already booked, cancelled or signed in, 1500 system fault.  ``data`` is ``{}`` where there is none.
    """

    codes: ClassVar = {
        BadParameter: 1001,
        NotFound: 1002,
        NotFree: 1003,
        NotAllowed: 1004,
        Conflict: 1005,
        ServiceError: 1004,
        Exception: 1500,
    }

    def success(self, result: Any) -> dict[str, Any]:
        return self._reply({} if result is None else result, "success", 0)

    def failure(self, code: int, message: str) -> dict[str, Any]:
        return self._reply({}, message, code)

    def _reply(self, data: Any, message: str, code: int) -> dict[str, Any]:
        return {"data": data, "error_msg": message, "error_no": code, "request_id": request_id.current()}
