"""What WeChat Pay needs beside the documents: its two callbacks, and a prepay call for documents that have none.

Mount it with ``app.register_blueprint(wxpay.bp)`` wherever a mounted document takes money.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from flask import Response, request
from werkzeug.exceptions import HTTPException

from ... import payments
from ...envelope import Envelope
from ...errors import BadParameter, Conflict, NotAllowed, NotFound, ServiceError, UpstreamError
from ...fields import Parameters, Text
from ...payments.telling import NO
from ...service import Service
from ...wechat.pay_xml import LONGEST
from ..document import Call, Document, report
from ..guards import address


class Reply(Envelope):
    """The parameters of ``wx.requestPayment`` as they are; a refusal is ``{"code", "message"}``, code a number as in
    HTTP, for a refusal of WeChat's with its ``err_code``."""

    codes: ClassVar = {
        BadParameter: 400,
        NotAllowed: 403,
        NotFound: 404,
        Conflict: 409,
        UpstreamError: 502,
        ServiceError: 400,
        Exception: 500,
    }

    def success(self, result: dict[str, str]) -> dict[str, str]:
        return result

    def failure(self, code: int, message: str) -> dict[str, Any]:
        return {"code": code, "message": message}

    def error(self, error: Exception) -> dict[str, Any]:
        reply: dict[str, Any] = super().error(error)
        return {**reply, "err_code": error.code} if isinstance(error, UpstreamError) and error.code else reply


class Prepay(Parameters):
    orderNo = Text(max_length=32, required=True, label="订单号")
    code = Text(max_length=128, required=True, label="登录凭证")


@dataclass(frozen=True)
class Notification(Call):
    """A callback of WeChat's: XML in, XML out, at HTTP status 200 whatever happened."""

    def respond(self, document: Document) -> Response:
        try:
            document.check()
            # One byte more than is taken, so that what is too long is seen to be.
            answer = self.function(request.stream.read(LONGEST + 1))
        except HTTPException:  # longer than the host takes, or cut off
            answer = NO
        except Exception as error:
            report(error)
            answer = NO
        return Response(answer, mimetype="text/xml")


bp = Document(
    Service(name="wxpay"),
    __name__,
    envelope=Reply(),
    urls=[
        Notification("/wxpay/notify", None, payments.notified),
        Notification("/wxpay/refund-notify", None, payments.refund_notified),
        Call("/wxpay/prepay", Prepay, payments.prepay_with_code, (address,)),
    ],
)
