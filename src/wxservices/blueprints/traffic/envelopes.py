"""The two reply shapes of ``traffic``: ``regmsg`` for the pages' calls, ``retmsg`` for the kiosk's."""

from __future__ import annotations

from typing import Any, ClassVar

from ...envelope import Envelope
from ...errors import ServiceError


class Reply(Envelope):
    """``{"retcode", "regmsg", …}``: 0000 done, 0004 refused, 9999 system fault."""

    codes: ClassVar = {ServiceError: "0004", Exception: "9999"}

    def success(self, result: dict[str, Any] | None) -> dict[str, Any]:
        return {"retcode": "0000", "regmsg": "成功", **(result or {})}

    def failure(self, code: str, message: str) -> dict[str, Any]:
        return {"retcode": code, "regmsg": message}


class KioskReply(Envelope):
    """``{"retcode", "retmsg", "yy_tel", "yy_ywlx"}``; both fields empty when there is nothing to say."""

    codes: ClassVar = Reply.codes

    def success(self, result: dict[str, Any]) -> dict[str, Any]:
        return {"retcode": "0000", "retmsg": "成功", **result}

    def failure(self, code: str, message: str) -> dict[str, Any]:
        return {"retcode": code, "retmsg": message, "yy_tel": "", "yy_ywlx": ""}
