"""What is to be paid: kept in the transaction of the order it is for, asked for at WeChat, closed.

::

    open ──> paid                  the money is here, the owner is told
      └────> closing ──> closed    expired, or closed by its owner; then closed at WeChat as well
                └───────────┴────> late    money came all the same: it goes back
"""

from __future__ import annotations

import ipaddress
import logging
import re
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from .. import clock, db, signals
from ..errors import ConfigurationError, NotFound, ServiceError, UpstreamRefused
from ..models.payments import PaymentRow
from ..service import Payment
from ..state import current_state
from ..wechat import pay
from . import applying, rows
from .errors import AlreadyPaid, PaymentClosed

log = logging.getLogger(__name__)

PREPAY_LIFETIME = timedelta(hours=2) - timedelta(minutes=5)
"""How long a prepay id is used: WeChat's two hours less what a person needs to pay."""
CLOSABLE = timedelta(minutes=5)
"""WeChat closes nothing that is younger."""
YOUNG = timedelta(seconds=5)
AGAIN = timedelta(seconds=10)

_number = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
_longest_body = 127

_this = PaymentRow.out_trade_no == sa.bindparam("number")
_open = (_this, PaymentRow.state == "open")
_prepaid = sa.update(PaymentRow).where(*_open).values(prepay_id=sa.bindparam("id"), prepaid_at=sa.bindparam("now"))
_close = sa.update(PaymentRow).where(*_open).values(state="closing", next_try=sa.bindparam("now"), attempts=0)
_expire = _close.where(PaymentRow.expires_at <= sa.bindparam("now"))
_closed = sa.update(PaymentRow).where(_this, PaymentRow.state == "closing").values(state="closed", next_try=None)
_look_now = (
    sa.update(PaymentRow)
    .where(
        *_open,
        PaymentRow.created_at <= sa.bindparam("old"),
        sa.or_(PaymentRow.asked_at.is_(None), PaymentRow.asked_at <= sa.bindparam("before")),
    )
    .values(asked_at=sa.bindparam("now"))
)


def open(
    *,
    service: str,
    out_trade_no: str,
    amount: int,
    body: str,
    openid: str,
    address: str = "127.0.0.1",
    lifetime: timedelta | None = None,
) -> None:
    """Keep, in the caller's transaction, that *amount* fen are to be paid.

    :param service: the name of the mounted service whose money it is.
    :param out_trade_no: 6 to 32 of ``[0-9A-Za-z_-|*]``, used once.
    :param body: what the payer reads; cut to 127 bytes.
    :param openid: who is to pay.
    :param address: the payer's IP address, which WeChat asks for.
    :param lifetime: default ``WXSERVICES_WXPAY_EXPIRY``.
    :raises ValueError: a number or an amount that WeChat does not take.
    :raises wxservices.db.Duplicate: the number is used.
    """
    if not _number.fullmatch(out_trade_no) or amount < 1:
        raise ValueError("a number or an amount that WeChat does not take")
    now = clock.now()
    with db.transaction():
        db.insert(
            PaymentRow,
            {
                "out_trade_no": out_trade_no,
                "service": service,
                "appid": rows.owner(service).account().appid,
                "openid": openid,
                "address": _address(address),
                "body": _body(body),
                "amount": amount,
                "state": "open",
                "created_at": now,
                "expires_at": now + (lifetime or current_state().settings.wxpay_expiry),
                "next_try": now + rows.FIRST_TRY,
            },
        )


def prepay(*, out_trade_no: str) -> dict[str, str]:
    """What ``wx.requestPayment`` takes (:func:`wxservices.wechat.pay.request_payment`) for an open payment.  WeChat's
    unified order is asked for, unless the last prepay id is still good.

    :raises NotFound: no such payment.
    :raises AlreadyPaid, PaymentClosed: it can't be paid (any more).
    :raises UpstreamRefused: WeChat says no; ``code`` is its err_code.  What it says about the trade is written down.
    :raises UpstreamSilent: no answer.  The payment stays open, as after a refusal.
    """
    row = _payable(out_trade_no)
    if row.prepay_id is None or row.prepaid_at + PREPAY_LIFETIME <= clock.now():
        try:
            prepay_id = pay.unified_order(
                appid=row.appid,
                out_trade_no=out_trade_no,
                amount=row.amount,
                body=row.body,
                openid=row.openid,
                address=row.address,
                expires_at=row.expires_at,
            )
        except UpstreamRefused as refusal:
            if refusal.code in ("ORDERPAID", "ORDERCLOSED"):
                _ask_quietly(row)
            raise
        _keep_prepay_id(out_trade_no, prepay_id)
    else:
        prepay_id = row.prepay_id
    return pay.request_payment(appid=row.appid, prepay_id=prepay_id)


def _payable(out_trade_no: str) -> Any:
    row = _row(out_trade_no)
    if row.state in ("paid", "late"):
        raise AlreadyPaid
    if row.state != "open" or row.expires_at <= clock.now():
        raise PaymentClosed
    return row


def _keep_prepay_id(out_trade_no: str, prepay_id: str) -> None:
    with db.transaction():
        kept = db.changed(_prepaid, {"number": out_trade_no, "id": prepay_id, "now": clock.now()})
    if not kept:  # paid or closed while WeChat was asked
        _payable(out_trade_no)
        raise PaymentClosed


def find(out_trade_no: str) -> Payment | None:
    """The payment of that number."""
    row = rows.payment.first(number=out_trade_no)
    return None if row is None else rows.payment_view(row)


def ask(*, out_trade_no: str) -> Payment:
    """The payment, after asking WeChat now whether an open one is paid.

    :raises NotFound: no such payment.
    :raises UpstreamError: WeChat does not say.
    :raises AmountMismatch: it is paid, but not what was asked for.
    """
    row = _row(out_trade_no)
    if row.state != "open":
        return rows.payment_view(row)
    _ask(row)
    return rows.payment_view(_row(out_trade_no))


def refresh(*, out_trade_no: str) -> bool:
    """A quiet look at an open payment: asks WeChat if it is older than five seconds, at most once in ten whoever asks.
    Answers whether it is paid now; what goes wrong is logged.
    """
    now = clock.now()
    params = {"number": out_trade_no, "old": now - YOUNG, "before": now - AGAIN, "now": now}
    with db.transaction():
        due = db.changed(_look_now, params)
    row = rows.payment.first(number=out_trade_no)
    if due and row is not None:
        _ask_quietly(row)
        row = rows.payment.first(number=out_trade_no)
    return row is not None and row.state == "paid"


def close(*, out_trade_no: str) -> None:
    """Close an open payment in the caller's transaction: nobody can pay it from then on, and money that comes all the
    same goes back.  WeChat is told by ``reconcile``.

    :raises NotFound: no such payment.
    :raises AlreadyPaid, PaymentClosed: it is not open.
    """
    with db.transaction():
        if not db.changed(_close, {"number": out_trade_no, "now": clock.now()}):
            row = _row(out_trade_no)
            raise AlreadyPaid if row.state in ("paid", "late") else PaymentClosed
        row = _row(out_trade_no)
        signals.send_after_commit(signals.wxpay_closed, service=row.service, out_trade_no=out_trade_no)


def settle(out_trade_no: str) -> datetime | None:
    """Bring a payment as far as it goes now: find lost money, expire it, close it at WeChat.

    Answers when there is something to do again, None where it is settled.

    :raises UpstreamError: WeChat does not say, or refuses.
    :raises AmountMismatch, NotFound: see :func:`wxservices.payments.applying.apply`.
    """
    row = _row(out_trade_no)
    if row.state == "open":
        trade = _ask(row)
        if trade is not None and trade.paid:
            return None
        if row.expires_at > clock.now():
            expires_at: datetime = row.expires_at
            return min(expires_at, clock.now() + rows.delay(row.attempts))
        _let_expire(row)
        row = _row(out_trade_no)
    if row.state != "closing":
        return None
    young_until: datetime = row.prepaid_at + CLOSABLE if row.prepaid_at else clock.now()
    if young_until > clock.now():
        trade = _ask(row)
        return None if trade is not None and trade.paid else young_until
    try:
        pay.close(appid=row.appid, out_trade_no=out_trade_no)
    except UpstreamRefused as refusal:
        if refusal.code != "ORDERPAID":
            raise
        _ask(row)
        return None
    with db.transaction():
        db.changed(_closed, {"number": out_trade_no})
    return None


def _let_expire(row: Any) -> None:
    with db.transaction():
        if db.changed(_expire, {"number": row.out_trade_no, "now": clock.now()}):
            rows.owner(row.service).closed(rows.payment_view(_row(row.out_trade_no)))
            signals.send_after_commit(signals.wxpay_closed, service=row.service, out_trade_no=row.out_trade_no)


def _ask(row: Any) -> pay.Trade | None:
    """What WeChat says of the payment, written down."""
    trade = pay.query(appid=row.appid, out_trade_no=row.out_trade_no)
    if trade is not None:
        applying.apply(trade)
    return trade


def _ask_quietly(row: Any) -> None:
    try:
        _ask(row)
    except (ServiceError, ConfigurationError) as error:
        log.warning("Whether %s is paid is not known: %s", row.out_trade_no, type(error).__name__)


def _row(out_trade_no: str) -> Any:
    row = rows.payment.first(number=out_trade_no)
    if row is None:
        raise NotFound("查询不到该订单信息")
    return row


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return "127.0.0.1"


def _body(text: str) -> str:
    """*text* in one line, without what XML can't hold, in as many bytes as WeChat takes."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split()) or "订单"
    return line.encode("utf-8", "ignore")[:_longest_body].decode("utf-8", "ignore")
