"""Money that goes back: noted in the transaction that decides it, sent after it, repeated with the same number until
WeChat's final word.

::

    asked ──> accepted ──> done
      └───────────┴──────> failed     WeChat will not; a person must look at it
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from .. import clock, db, signals
from ..errors import BadParameter, Conflict, NotFound, UpstreamError, UpstreamRefused
from ..models.payments import PaymentRow, RefundRow
from ..service import Refund
from ..wechat import pay
from . import rows

log = logging.getLogger(__name__)

UNDER_WAY = ("asked", "accepted")
AGAIN = timedelta(seconds=10)
"""So often at most :func:`refresh_refund` asks."""

FINAL = {
    "TRADE_OVERDUE",
    "ERROR",
    "USER_ACCOUNT_ABNORMAL",
    "INVALID_TRANSACTIONID",
    "PARAM_ERROR",
    "ORDERNOTEXIST",
    "REFUND_FEE_MISMATCH",
    "INVALID_REQUEST",
}
"""The err_codes that no repetition helps; all others are tried again."""

_take = (
    sa.update(PaymentRow)
    .where(
        PaymentRow.out_trade_no == sa.bindparam("number"),
        PaymentRow.state == "paid",
        PaymentRow.refunding + sa.bindparam("fen") <= PaymentRow.amount,
    )
    .values(refunding=PaymentRow.refunding + sa.bindparam("fen"))
)
_take_all = (
    sa.update(PaymentRow)
    .where(PaymentRow.out_trade_no == sa.bindparam("number"), PaymentRow.state == "paid", PaymentRow.refunding == 0)
    .values(refunding=PaymentRow.amount)
)
_give_back = (
    sa.update(PaymentRow)
    .where(PaymentRow.out_trade_no == sa.bindparam("number"))
    .values(refunding=PaymentRow.refunding - sa.bindparam("fen"))
)
_accepted = (
    sa.update(RefundRow)
    .where(RefundRow.out_refund_no == sa.bindparam("number"), RefundRow.state == "asked")
    .values(state="accepted", err_code="")
)
_said = (
    sa.update(RefundRow)
    .where(RefundRow.out_refund_no == sa.bindparam("number"), RefundRow.state == "asked")
    .values(err_code=sa.bindparam("code"))
)
_settled = (
    sa.update(RefundRow)
    .where(RefundRow.out_refund_no == sa.bindparam("number"), RefundRow.state.in_(UNDER_WAY))
    .values(state=sa.bindparam("to"), err_code=sa.bindparam("code"), settled_at=sa.bindparam("now"), next_try=None)
)
_look_now = (
    sa.update(RefundRow)
    .where(
        RefundRow.out_refund_no == sa.bindparam("number"),
        RefundRow.state.in_(UNDER_WAY),
        sa.or_(RefundRow.asked_at.is_(None), RefundRow.asked_at <= sa.bindparam("before")),
    )
    .values(asked_at=sa.bindparam("now"))
)


def refund(*, out_trade_no: str, amount: int | None = None, out_refund_no: str | None = None, reason: str = "") -> str:
    """Note in the caller's transaction that money goes back; it is sent after commit.  Answers its number.

    :param amount: fen; default: all that was paid, if nothing of it went back before.
    :param out_refund_no: default: the payment's number and ``R``.
    :raises NotFound: no such payment.
    :raises Conflict: it is not paid, less than *amount* is left of it, or the number is taken.
    :raises BadParameter: no amount.
    """
    if amount is not None and amount < 1:
        raise BadParameter("amount", "退款金额应大于0")
    with db.transaction():
        # Everyone locks in this order: the payment, the refund, then the document's own rows.
        if amount is None:
            taken = db.changed(_take_all, {"number": out_trade_no})
        else:
            taken = db.changed(_take, {"number": out_trade_no, "fen": amount})
        row = rows.payment.first(number=out_trade_no)
        if row is None:
            raise NotFound("查询不到该订单信息")
        if not taken:
            raise Conflict("未支付，或可退金额不足")
        return _note(row, amount or row.amount, out_refund_no or f"{out_trade_no}R", reason or "订单退款")


def note_stray(row: Any) -> None:
    """Note that all the money that came for a closed payment goes back.  In the transaction that made it ``late``."""
    _note(row, row.amount, f"{row.out_trade_no}R", "订单已关闭", stray=True)


def _note(row: Any, amount: int, out_refund_no: str, reason: str, *, stray: bool = False) -> str:
    now = clock.now()
    values = {
        "out_refund_no": out_refund_no,
        "out_trade_no": row.out_trade_no,
        "service": row.service,
        "appid": row.appid,
        "total": row.amount,
        "amount": amount,
        "reason": reason[:80],
        "stray": stray,
        "state": "asked",
        "created_at": now,
        "next_try": now + rows.FIRST_TRY,
    }
    try:
        db.insert(RefundRow, values)
    except db.Duplicate:
        raise Conflict("该退款单号已使用") from None
    db.after_commit(lambda: send(out_refund_no))
    return out_refund_no


def send(out_refund_no: str) -> None:
    """Ask WeChat for a refund that it has not accepted yet.  Its refusal is noted, its silence is left to the next try.

    :raises ConfigurationError: the client certificate is missing.
    """
    row = rows.refund.first(number=out_refund_no)
    if row is None or row.state != "asked":
        return
    try:
        pay.refund(
            appid=row.appid,
            out_trade_no=row.out_trade_no,
            out_refund_no=row.out_refund_no,
            total=row.total,
            amount=row.amount,
            reason=row.reason,
        )
    except UpstreamRefused as refusal:
        with db.transaction():
            db.changed(_said, {"number": out_refund_no, "code": refusal.code})
        if refusal.code in FINAL:
            look(out_refund_no, refused=refusal.code)
    except UpstreamError:
        log.warning("Refund %s is not accepted yet", out_refund_no)
    else:
        with db.transaction():
            db.changed(_accepted, {"number": out_refund_no})


def look(out_refund_no: str, *, refused: str = "") -> None:
    """Ask WeChat how far a refund is, and write a final word down.

    :param refused: the err_code with which WeChat has just refused it: final, if there is no such refund.
    """
    row = rows.refund.first(number=out_refund_no)
    if row is None or row.state not in UNDER_WAY:
        return
    try:
        word = pay.refund_query(appid=row.appid, out_refund_no=out_refund_no)
    except UpstreamError:
        log.warning("WeChat does not say how far refund %s is", out_refund_no)
        return
    if word is None:
        if refused:
            _settle(row, "failed", refused)
    elif word.amount != row.amount:
        log.error("WeChat has a refund %s of %s fen, not of %s: left as it is", out_refund_no, word.amount, row.amount)
    elif word.status == "SUCCESS":
        _settle(row, "done")
    elif word.status in ("REFUNDCLOSE", "CHANGE"):
        _settle(row, "failed", word.status)


def refresh_refund(*, out_refund_no: str) -> bool:
    """A quiet look at a refund that is under way, at most once in ten seconds whoever asks.  Answers whether it is
    done now; raises nothing of WeChat's.
    """
    now = clock.now()
    with db.transaction():
        due = db.changed(_look_now, {"number": out_refund_no, "before": now - AGAIN, "now": now})
    if due:
        look(out_refund_no)
    row = rows.refund.first(number=out_refund_no)
    return row is not None and row.state == "done"


def find_refund(out_refund_no: str) -> Refund | None:
    """The refund of that number."""
    row = rows.refund.first(number=out_refund_no)
    return None if row is None else rows.refund_view(row)


def _settle(row: Any, state: str, code: str = "") -> None:
    """Write WeChat's final word down and tell the owner, once."""
    about = {"service": row.service, "out_refund_no": row.out_refund_no, "out_trade_no": row.out_trade_no}
    with suppress(_Settled), db.transaction():
        # In the order in which everyone locks: the payment, the refund, then the document's own rows.
        if state == "failed" and code != "CHANGE":  # with CHANGE the money is on its way at WeChat, and stuck there
            db.changed(_give_back, {"number": row.out_trade_no, "fen": row.amount})
        word = {"number": row.out_refund_no, "to": state, "code": code, "now": clock.now()}
        if not db.changed(_settled, word):
            raise _Settled
        view = rows.refund_view(rows.refund.first(number=row.out_refund_no))
        if state == "done":
            if not row.stray:
                rows.owner(row.service).refunded(view)
            signals.send_after_commit(signals.wxpay_refunded, **about, amount=row.amount)
        else:
            log.error("WeChat will not do refund %s: %s", row.out_refund_no, code)
            if not row.stray:
                rows.owner(row.service).refund_failed(view)
            signals.send_after_commit(signals.wxpay_refund_failed, **about, err_code=code)


class _Settled(Exception):
    """Someone else was faster: nothing of ours may stay."""
