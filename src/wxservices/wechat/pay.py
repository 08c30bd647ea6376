"""WeChat Pay v2, as seen from a merchant's server: order, query, close, refund, and what WeChat tells by itself.

Every message that comes in is checked before anything is read from it: its signature by the configured method, the
merchant, and (of a reply) the mini program.  What fails a check counts as silence, a signed refusal as a refusal.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from .. import clock, signing
from ..errors import UpstreamRefused, UpstreamSilent
from ..state import current_state
from . import pay_http, pay_xml

log = logging.getLogger(__name__)

BEIJING = timezone(timedelta(hours=8))
SHORTEST_EXPIRY = timedelta(minutes=5)
"""WeChat takes no ``time_expire`` that is nearer."""

_fen = re.compile(r"[0-9]{1,15}")
_err_code = re.compile(r"[A-Z0-9_]{1,32}")
_prepay_id = re.compile(r"[!-~]{1,64}")


@dataclass(frozen=True)
class Trade:
    """What WeChat says about a payment.  ``amount`` in fen, None where it is not told."""

    appid: str
    out_trade_no: str
    state: str
    amount: int | None
    transaction_id: str
    paid_at: datetime | None

    @property
    def paid(self) -> bool:
        """Whether the money came (it may have gone back since)."""
        return self.state in ("SUCCESS", "REFUND")


@dataclass(frozen=True)
class RefundWord:
    """How far a refund is: ``SUCCESS``, ``PROCESSING``, ``REFUNDCLOSE`` or ``CHANGE``; ``amount`` in fen."""

    status: str
    amount: int


def unified_order(
    *, appid: str, out_trade_no: str, amount: int, body: str, openid: str, address: str, expires_at: datetime
) -> str:
    """Ask for a payment (统一下单) of *amount* fen and answer its ``prepay_id``, which lives two hours.

    :raises UpstreamRefused: ``code`` is WeChat's err_code.
    :raises UpstreamSilent: no answer, or none that can be trusted.
    """
    fields = {
        "body": body,
        "out_trade_no": out_trade_no,
        "total_fee": str(amount),
        "spbill_create_ip": address,
        "notify_url": f"{current_state().settings.wxpay_notify_url}/notify",
        "trade_type": "JSAPI",
        "openid": openid,
    }
    if expires_at - clock.now() >= SHORTEST_EXPIRY:
        fields["time_expire"] = f"{expires_at.astimezone(BEIJING):%Y%m%d%H%M%S}"
    answer = _ask("/pay/unifiedorder", appid, fields)
    prepay_id = answer.get("prepay_id", "")
    if not _prepay_id.fullmatch(prepay_id):
        raise _rubbish("unifiedorder", "no prepay_id")
    return prepay_id


def query(*, appid: str, out_trade_no: str) -> Trade | None:
    """What WeChat knows about a payment (查询订单); None: it was never asked for.

    :raises UpstreamRefused, UpstreamSilent: as :func:`unified_order`.
    """
    try:
        answer = _ask("/pay/orderquery", appid, {"out_trade_no": out_trade_no})
    except UpstreamRefused as refusal:
        if refusal.code == "ORDERNOTEXIST":
            return None
        raise
    if answer.get("out_trade_no", out_trade_no) != out_trade_no or not answer.get("trade_state"):
        raise _rubbish("orderquery", "another trade")
    return _trade(answer | {"out_trade_no": out_trade_no}, answer["trade_state"])


def close(*, appid: str, out_trade_no: str) -> None:
    """Let nobody pay it any more (关闭订单); not within five minutes of ordering.

    :raises UpstreamRefused, UpstreamSilent: as :func:`unified_order`; code ``ORDERPAID``: too late.
    """
    try:
        _ask("/pay/closeorder", appid, {"out_trade_no": out_trade_no})
    except UpstreamRefused as refusal:
        if refusal.code not in ("ORDERCLOSED", "ORDERNOTEXIST"):
            raise


def refund(*, appid: str, out_trade_no: str, out_refund_no: str, total: int, amount: int, reason: str) -> None:
    """Ask for *amount* of *total* fen back (申请退款).  To return means that WeChat will see to it, no more;
    repeated with the same *out_refund_no* it is the same refund.

    :raises UpstreamRefused, UpstreamSilent: as :func:`unified_order`.
    :raises ConfigurationError: the client certificate is missing.
    """
    fields = {
        "out_trade_no": out_trade_no,
        "out_refund_no": out_refund_no,
        "total_fee": str(total),
        "refund_fee": str(amount),
        "refund_desc": reason,
        "notify_url": f"{current_state().settings.wxpay_notify_url}/refund-notify",
    }
    _ask("/secapi/pay/refund", appid, fields, certificate=True)


def refund_query(*, appid: str, out_refund_no: str) -> RefundWord | None:
    """How far a refund is (查询退款); None: there is none of that number.

    :raises UpstreamRefused, UpstreamSilent: as :func:`unified_order`.
    """
    try:
        answer = _ask("/pay/refundquery", appid, {"out_refund_no": out_refund_no})
    except UpstreamRefused as refusal:
        if refusal.code in ("REFUNDNOTEXIST", "ORDERNOTEXIST"):
            return None
        raise
    amount = _amount(answer.get("refund_fee_0", ""))
    if answer.get("out_refund_no_0") != out_refund_no or amount is None:
        raise _rubbish("refundquery", "another refund")
    return RefundWord(answer.get("refund_status_0", ""), amount)


def request_payment(*, appid: str, prepay_id: str) -> dict[str, str]:
    """What ``wx.requestPayment`` takes: ``timeStamp`` (seconds, a text), ``nonceStr``, ``package``, ``signType``,
    ``paySign``.
    """
    settings = current_state().settings
    params = {
        "timeStamp": str(int(clock.now().timestamp())),
        "nonceStr": secrets.token_hex(16),
        "package": f"prepay_id={prepay_id}",
        "signType": settings.wxpay_sign_type,
    }
    return {**params, "paySign": _sign({"appId": appid, **params})}


def notification(message: bytes) -> Trade:
    """What the notification of a payment (支付结果通知) says.

    :raises UpstreamSilent: it is not WeChat's, not this merchant's, or not readable.
    """
    fields = _checked("notify", message)
    if not fields.get("out_trade_no"):
        raise _rubbish("notify", "no out_trade_no")
    return _trade(fields, "SUCCESS" if fields.get("result_code") == "SUCCESS" else "PAYERROR")


def refund_notification(message: bytes) -> str:
    """The ``out_refund_no`` that a notification of a refund (退款结果通知) is about.

    Its contents are encrypted, but nothing proves that they are whole: ask with :func:`refund_query` what happened.

    :raises UpstreamSilent: it is not WeChat's, not this merchant's, or not readable.
    """
    fields = _read("refund-notify", message)
    if fields.get("mch_id") != current_state().settings.wxpay_mch_id:
        raise _rubbish("refund-notify", "another merchant")
    try:
        out_refund_no = pay_xml.read(decrypt(fields.get("req_info", "")), root="root").get("out_refund_no", "")
    except ValueError:
        raise _rubbish("refund-notify", "req_info cannot be read") from None
    if not out_refund_no:
        raise _rubbish("refund-notify", "no out_refund_no")
    return out_refund_no


def decrypt(req_info: str) -> bytes:
    """The text in the ``req_info`` of a refund's notification (AES-256-ECB, PKCS#7, base64).

    :raises ValueError: it was not made with this merchant's key.
    """
    from cryptography.hazmat.primitives import padding

    sealed = b64decode(req_info, validate=True)
    decryptor = _cipher().decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    text: bytes = unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()
    return text


def encrypt(text: bytes) -> bytes:
    """The opposite of :func:`decrypt`, base64 apart; what the sandbox's stand-in needs."""
    from cryptography.hazmat.primitives import padding

    padder, encryptor = padding.PKCS7(128).padder(), _cipher().encryptor()
    sealed: bytes = encryptor.update(padder.update(text) + padder.finalize()) + encryptor.finalize()
    return sealed


def _cipher() -> Any:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    key = hashlib.md5(current_state().settings.wxpay_key.encode(), usedforsecurity=False).hexdigest()
    return Cipher(algorithms.AES(key.encode()), modes.ECB())  # noqa: S305  WeChat's choice


def _ask(path: str, appid: str, fields: Mapping[str, str], *, certificate: bool = False) -> dict[str, str]:
    """Sign and send *fields*; answer the fields of a reply that says yes."""
    settings = current_state().settings
    message = {
        "appid": appid,
        "mch_id": settings.wxpay_mch_id,
        "nonce_str": secrets.token_hex(16),
        "sign_type": settings.wxpay_sign_type,
        **{name: value for name, value in fields.items() if value},
    }
    reply = pay_http.post(path, pay_xml.write(message | {"sign": _sign(message)}), certificate=certificate)
    answer = _checked(path, reply)
    if answer.get("appid", appid) != appid:
        raise _rubbish(path, "another appid")
    if answer.get("result_code") == "SUCCESS":
        return answer
    code = answer.get("err_code", "")
    if answer.get("result_code") != "FAIL" or not _err_code.fullmatch(code):
        raise _rubbish(path, "no result")
    log.warning("WeChat Pay %s: %s", path, code)
    raise UpstreamRefused("微信支付拒绝了该操作，请稍后再试", code=code)


def _read(what: str, message: bytes) -> dict[str, str]:
    """The fields of a message that says that it was made without trouble."""
    try:
        fields = pay_xml.read(message)
    except ValueError as error:
        raise _rubbish(what, f"no message ({error})") from None
    if fields.get("return_code") != "SUCCESS":
        raise _rubbish(what, f"return_code {fields.get('return_code', '')[:16]!r}")
    return fields


def _checked(what: str, message: bytes) -> dict[str, str]:
    """The fields of a message that is signed as agreed and is for this merchant."""
    fields = _read(what, message)
    settings = current_state().settings
    method: signing.Method = settings.wxpay_sign_type  # type: ignore[assignment]
    if not signing.verify(fields, settings.wxpay_key, fields.get("sign", ""), method):
        raise _rubbish(what, "wrong sign")
    if fields.get("mch_id") != settings.wxpay_mch_id:
        raise _rubbish(what, "another merchant")
    return fields


def _sign(fields: Mapping[str, str]) -> str:
    settings = current_state().settings
    method: signing.Method = settings.wxpay_sign_type  # type: ignore[assignment]
    return signing.sign(fields, settings.wxpay_key, method)


def _trade(fields: Mapping[str, str], state: str) -> Trade:
    return Trade(
        appid=fields.get("appid", ""),
        out_trade_no=fields["out_trade_no"],
        state=state,
        amount=_amount(fields.get("total_fee", "")),
        transaction_id=fields.get("transaction_id", "")[:32],
        paid_at=_instant(fields.get("time_end", "")),
    )


def _amount(text: str) -> int | None:
    return int(text) if _fen.fullmatch(text) else None


def _instant(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING).astimezone(UTC)
    except ValueError:
        return None


def _rubbish(what: str, why: str) -> UpstreamSilent:
    log.warning("WeChat Pay %s: %s", what, why)
    return UpstreamSilent()
