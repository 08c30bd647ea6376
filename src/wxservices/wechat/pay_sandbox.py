"""The sandbox's WeChat Pay: answers the same XML to the same client, signs as WeChat does, keeps its trades in the
data base.  No network, no account, no money.

It is put into the client as a transport of requests (:class:`StandIn`), so that everything but the wire is the real
thing.  ``pay``, ``refuse`` and ``hang`` are what a payer, and trouble, do from outside.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
import sqlalchemy as sa
from requests.adapters import BaseAdapter

from .. import clock, db, signing
from ..errors import BadParameter, Conflict, NotFound
from ..models.payments import PaymentRow, SandboxNext, SandboxRefund, SandboxTrade
from ..state import current_state
from . import pay as client
from . import pay_http, pay_xml

_trade = db.Query(sa.select(SandboxTrade.__table__).where(SandboxTrade.out_trade_no == sa.bindparam("number")))
_trades = db.Query(sa.select(SandboxTrade.__table__).order_by(SandboxTrade.out_trade_no))
_refund = db.Query(sa.select(SandboxRefund.__table__).where(SandboxRefund.out_refund_no == sa.bindparam("number")))
_refunds = db.Query(sa.select(SandboxRefund.__table__).order_by(SandboxRefund.out_refund_no))
_refunded = db.Query(
    sa.select(sa.func.coalesce(sa.func.sum(SandboxRefund.refund_fee), 0)).where(
        SandboxRefund.out_trade_no == sa.bindparam("number")
    )
)
_appid_kept = db.Query(sa.select(PaymentRow.appid).where(PaymentRow.out_trade_no == sa.bindparam("number")))
_next = db.Query(sa.select(SandboxNext.value).where(SandboxNext.name == sa.bindparam("what")))


class Refusal(Exception):
    """``str()`` is the err_code."""


class StandIn(BaseAdapter):
    """Answers in WeChat's place whatever the client posts."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        url = urlsplit(request.url or "")
        host = f"{url.scheme}://{url.netloc}"
        if url.path == "/pay/unifiedorder" and _next.scalar(what="timeout") is not None:
            if host == pay_http.HOSTS[-1]:  # it hangs until the client has given up
                _forget("timeout")
            raise requests.ReadTimeout(request=request)
        response = requests.Response()
        response.status_code = 200
        response.url = request.url or ""
        response.request = request
        response.raw = BytesIO(_answer(url.path, request.body if isinstance(request.body, bytes) else b""))
        return response

    def close(self) -> None:
        """There is nothing to close."""


def pay(out_trade_no: str, fen: int | None = None) -> bytes:
    """Let the payer pay, and answer the signed notification (to be delivered, or lost).

    :param fen: another amount than asked for; needed for a number that was never asked for.
    :raises NotFound: the number was never asked for, and no amount is given.
    :raises Conflict: it is paid, or closed.
    :raises BadParameter: no amount.
    """
    if fen is not None and fen < 1:
        raise BadParameter("fen", "应大于0")
    now = clock.now()
    paid = {
        "trade_state": "SUCCESS",
        "transaction_id": f"42{now:%Y%m%d%H%M%S}{secrets.randbelow(10**12):012d}",
        "time_end": f"{now.astimezone(client.BEIJING):%Y%m%d%H%M%S}",
    }
    with db.transaction():
        if _trade.first(number=out_trade_no) is None:
            if fen is None:
                raise NotFound(f"{out_trade_no} was never prepaid: say how much (--fen)")
            _insert(out_trade_no, _appid_kept.scalar(number=out_trade_no) or "", "", fen)
        asked = SandboxTrade.out_trade_no == out_trade_no, SandboxTrade.trade_state == "NOTPAY"
        amount = SandboxTrade.total_fee if fen is None else fen
        if not db.changed(sa.update(SandboxTrade).where(*asked).values(paid_fee=amount, **paid)):
            raise Conflict(f"{out_trade_no} is paid or closed already")
    return notification_of(out_trade_no)


def notification_of(out_trade_no: str) -> bytes:
    """The signed notification of a paid trade, as often as it is wanted."""
    row = _trade.first(number=out_trade_no)
    if row is None or row.paid_fee is None:
        raise NotFound(f"{out_trade_no} is not paid")
    return _signed(_about(row))


def refund_notification_of(out_refund_no: str) -> bytes:
    """The notification of a refund, encrypted as WeChat does; the refund is then done."""
    settle_refund(out_refund_no)
    row = _refund.first(number=out_refund_no)
    if row is None:
        raise NotFound(f"there is no refund {out_refund_no}")
    inner = {
        "out_refund_no": row.out_refund_no,
        "out_trade_no": row.out_trade_no,
        "refund_id": row.refund_id,
        "refund_fee": str(row.refund_fee),
        "refund_status": row.refund_status,
    }
    text = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in inner.items())
    trade = _trade.first(number=row.out_trade_no)
    sealed = b64encode(client.encrypt(f"<root>{text}</root>".encode())).decode()
    return pay_xml.write({"return_code": "SUCCESS", **_who(trade.appid if trade else ""), "req_info": sealed})


def refuse(err_code: str) -> None:
    """Let the next unified order be refused with *err_code*."""
    _tell("refuse", err_code)


def hang() -> None:
    """Let the next unified order get no answer (without the wait for it)."""
    _tell("timeout", "")


def trades() -> list[dict[str, Any]]:
    """The trades that were asked for or paid."""
    return [dict(row._mapping) for row in _trades.all()]


def refunds() -> list[dict[str, Any]]:
    """The refunds that were asked for."""
    return [dict(row._mapping) for row in _refunds.all()]


def settle_refund(out_refund_no: str, status: str = "SUCCESS") -> None:
    """Bring a refund that is under way to its end."""
    under_way = SandboxRefund.out_refund_no == out_refund_no, SandboxRefund.refund_status == "PROCESSING"
    with db.transaction():
        db.changed(sa.update(SandboxRefund).where(*under_way).values(refund_status=status))


def _answer(path: str, message: bytes) -> bytes:
    settings = current_state().settings
    try:
        asked = pay_xml.read(message)
    except ValueError:
        return pay_xml.write({"return_code": "FAIL", "return_msg": "XML格式错误"})
    method: signing.Method = settings.wxpay_sign_type  # type: ignore[assignment]
    if not signing.verify(asked, settings.wxpay_key, asked.get("sign", ""), method):
        return pay_xml.write({"return_code": "FAIL", "return_msg": "签名错误"})
    try:
        result = {"result_code": "SUCCESS", **CALLS[path](asked)}
    except Refusal as refusal:
        result = {"result_code": "FAIL", "err_code": str(refusal), "err_code_des": "沙箱拒绝"}
    except KeyError:
        result = {"result_code": "FAIL", "err_code": "LACK_PARAMS", "err_code_des": "缺少参数"}
    return _signed({**_who(asked.get("appid", "")), **result})


def _who(appid: str) -> dict[str, str]:
    return {"appid": appid, "mch_id": current_state().settings.wxpay_mch_id, "nonce_str": secrets.token_hex(16)}


def _signed(fields: Mapping[str, str]) -> bytes:
    settings = current_state().settings
    method: signing.Method = settings.wxpay_sign_type  # type: ignore[assignment]
    message = {"return_code": "SUCCESS", "return_msg": "OK", **fields}
    return pay_xml.write(message | {"sign": signing.sign(message, settings.wxpay_key, method)})


def _unified_order(asked: dict[str, str]) -> dict[str, str]:
    err_code = _next.scalar(what="refuse")
    if err_code is not None:
        _forget("refuse")
        raise Refusal(err_code)
    for name in ("body", "spbill_create_ip", "notify_url"):
        _ = asked[name]
    number, fee, openid = asked["out_trade_no"], int(asked["total_fee"]), asked["openid"]
    with db.transaction():
        _insert(number, asked["appid"], openid, fee)
        row = _trade.first(number=number)
        if row is not None and row.trade_state != "NOTPAY":
            raise Refusal("ORDERCLOSED" if row.trade_state == "CLOSED" else "ORDERPAID")
        if row is None or (row.total_fee, row.openid, row.appid) != (fee, openid, asked["appid"]):
            raise Refusal("OUT_TRADE_NO_USED")
    return {"trade_type": "JSAPI", "prepay_id": row.prepay_id}


def _query(asked: dict[str, str]) -> dict[str, str]:
    row = _trade.first(number=asked["out_trade_no"])
    if row is None:
        raise Refusal("ORDERNOTEXIST")
    # What was never asked for here is the asker's.
    return _about(row) if row.appid else _about(row) | {"appid": asked["appid"]}


def _close(asked: dict[str, str]) -> dict[str, str]:
    number = asked["out_trade_no"]
    unpaid = SandboxTrade.out_trade_no == number, SandboxTrade.trade_state == "NOTPAY"
    with db.transaction():
        closed = db.changed(sa.update(SandboxTrade).where(*unpaid).values(trade_state="CLOSED"))
    if closed:
        return {}
    row = _trade.first(number=number)
    raise Refusal("ORDERNOTEXIST" if row is None else "ORDERCLOSED" if row.trade_state == "CLOSED" else "ORDERPAID")


def _ask_refund(asked: dict[str, str]) -> dict[str, str]:
    trade_no, refund_no, fee = asked["out_trade_no"], asked["out_refund_no"], int(asked["refund_fee"])
    paid = SandboxTrade.out_trade_no == trade_no, SandboxTrade.trade_state.in_(["SUCCESS", "REFUND"])
    with db.transaction():
        # The update first: it locks the trade, and one refund at a time is looked at.
        if not db.changed(sa.update(SandboxTrade).where(*paid).values(trade_state="REFUND")):
            raise Refusal("ORDERNOTEXIST")
        trade, row = _trade.first(number=trade_no), _refund.first(number=refund_no)
        if row is None:
            if int(asked["total_fee"]) != trade.paid_fee or _refunded.scalar(number=trade_no) + fee > trade.paid_fee:  # type: ignore[union-attr]
                raise Refusal("REFUND_FEE_MISMATCH")
            refund_id = f"50{clock.now():%Y%m%d%H%M%S}{secrets.randbelow(10**12):012d}"
            values = {"out_refund_no": refund_no, "out_trade_no": trade_no, "refund_id": refund_id}
            db.insert(SandboxRefund, {**values, "refund_fee": fee, "refund_status": "PROCESSING"})
        elif (row.refund_fee, row.out_trade_no) != (fee, trade_no):
            raise Refusal("REFUND_FEE_MISMATCH")
    return {"out_trade_no": trade_no, "out_refund_no": refund_no, "refund_fee": str(fee)}


def _query_refund(asked: dict[str, str]) -> dict[str, str]:
    settle_refund(asked["out_refund_no"])
    row = _refund.first(number=asked["out_refund_no"])
    if row is None:
        raise Refusal("REFUNDNOTEXIST")
    return {
        "out_trade_no": row.out_trade_no,
        "refund_count": "1",
        "out_refund_no_0": row.out_refund_no,
        "refund_id_0": row.refund_id,
        "refund_fee_0": str(row.refund_fee),
        "refund_status_0": row.refund_status,
    }


CALLS: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "/pay/unifiedorder": _unified_order,
    "/pay/orderquery": _query,
    "/pay/closeorder": _close,
    "/secapi/pay/refund": _ask_refund,
    "/pay/refundquery": _query_refund,
}


def _about(row: Any) -> dict[str, str]:
    """What is said of a trade, in a reply or a notification."""
    fields = {**_who(row.appid), "out_trade_no": row.out_trade_no, "trade_state": row.trade_state}
    if row.paid_fee is None:
        return fields | {"total_fee": str(row.total_fee)}
    return fields | {
        "result_code": "SUCCESS",
        "openid": row.openid,
        "is_subscribe": "N",
        "trade_type": "JSAPI",
        "bank_type": "OTHERS",
        "total_fee": str(row.paid_fee),
        "cash_fee": str(row.paid_fee),
        "fee_type": "CNY",
        "transaction_id": row.transaction_id,
        "time_end": row.time_end,
    }


def _insert(out_trade_no: str, appid: str, openid: str, fee: int) -> None:
    values = {"out_trade_no": out_trade_no, "appid": appid, "openid": openid, "total_fee": fee}
    prepay_id = f"wx{clock.now():%Y%m%d%H%M%S}{secrets.token_hex(10)}"
    db.insert_once(SandboxTrade, {**values, "trade_state": "NOTPAY", "prepay_id": prepay_id})


def _tell(name: str, value: str) -> None:
    with db.transaction():
        db.upsert(SandboxNext, ["name"], [{"name": name, "value": value}])


def _forget(name: str) -> None:
    with db.transaction():
        db.changed(sa.delete(SandboxNext).where(SandboxNext.name == name))
