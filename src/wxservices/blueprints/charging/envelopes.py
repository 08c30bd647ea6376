"""``{"success", "code", "message"[, "data"]}``: the replies of ``charging``, and the document's codes."""

from __future__ import annotations

from typing import Any, ClassVar

import sqlalchemy as sa

from ... import sms
from ...envelope import Envelope
from ...errors import BadParameter, NotAuthenticated, ServiceError, TooMany, UpstreamError
from ...services.charging import errors


class Reply(Envelope):
    """Parameters are in ``body``; without that wrapper they are taken as well."""

    codes: ClassVar = {
        NotAuthenticated: 401,
        UpstreamError: 402,
        ServiceError: 403,
        TooMany: 445,
        errors.PhoneTaken: 2007,
        errors.NameTaken: 2008,
        sms.CodeRefused: 2009,
        errors.NoSuchCodeType: 2013,
        errors.NotRegistered: 2014,
        errors.PlugTaken: 3001,
        errors.NoSuchPile: 3003,
        errors.PileOffline: 3004,
        errors.PlugFaulty: 3005,
        errors.StartFailed: 4000,
        errors.NoSuchCard: 4002,
        errors.HasVirtualCard: 4003,
        errors.NotYourCard: 4004,
        sa.exc.OperationalError: 5000,
        sa.exc.TimeoutError: 5000,
        Exception: 402,
    }
    done = "成功"

    def unwrap(self, body: dict[str, Any]) -> dict[str, Any]:
        inner = body.get("body")
        if inner is None or inner == "":
            return body
        if not isinstance(inner, dict):
            raise BadParameter("body", "应为JSON对象")
        return inner

    def success(self, result: Any) -> dict[str, Any]:
        reply = {"success": True, "code": 200, "message": self.done}
        return reply if result is None else {**reply, "data": result}

    def error(self, error: Exception) -> dict[str, Any]:
        reply: dict[str, Any] = super().error(error)
        return {**reply, "message": "服务器繁忙"} if reply["code"] == 5000 else reply

    def failure(self, code: int, message: str) -> dict[str, Any]:
        return {"success": False, "code": code, "message": message}


class RecordReply(Reply):
    done = "操作成功"
