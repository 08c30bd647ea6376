"""What WeChat says about a payment, written down once, whoever hears it first: a notification or a question."""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa

from .. import clock, db, signals
from ..errors import NotFound
from ..models.payments import PaymentRow
from ..wechat.pay import Trade
from . import refunds, rows
from .errors import AmountMismatch

log = logging.getLogger(__name__)

CLOSED = ("closing", "closed")

_money: dict[str, Any] = {
    "transaction_id": sa.bindparam("word_id"),
    "paid_at": sa.bindparam("word_at"),
    "next_try": None,
}
_to_paid = (
    sa.update(PaymentRow)
    .where(PaymentRow.out_trade_no == sa.bindparam("number"), PaymentRow.state == "open")
    .values(state="paid", **_money)
)
_to_late = (
    sa.update(PaymentRow)
    .where(PaymentRow.out_trade_no == sa.bindparam("number"), PaymentRow.state.in_(CLOSED))
    .values(state="late", refunding=PaymentRow.amount, **_money)
)


def apply(trade: Trade) -> bool:
    """Write down that *trade* is paid, if it is.  Answers whether this changed anything.

    An open payment becomes ``paid`` and its owner is told; a closed one becomes ``late`` and its money goes back.

    :raises NotFound: no payment of that number.
    :raises AmountMismatch: it is not what was asked for; nothing is touched.
    """
    row = rows.payment.first(number=trade.out_trade_no)
    if row is None:
        log.error("WeChat Pay tells of %r, which nobody asked for", trade.out_trade_no[:32])
        raise NotFound("查询不到该订单信息")
    if not trade.paid:
        return False
    if (trade.appid, trade.amount) != (row.appid, row.amount):
        log.error(
            "1017: WeChat Pay tells of %s fen from %s for %s, which costs %s from %s: left as it is",
            trade.amount,
            trade.appid[:32],
            row.out_trade_no,
            row.amount,
            row.appid,
        )
        raise AmountMismatch
    word = {"number": row.out_trade_no, "word_id": trade.transaction_id, "word_at": trade.paid_at or clock.now()}
    about = {"service": row.service, "out_trade_no": row.out_trade_no, "amount": row.amount}
    with db.transaction():
        # The payment's row is locked by the first update already, whether it matches or not: nothing comes between.
        if db.changed(_to_paid, word):
            rows.owner(row.service).paid(rows.payment_view(rows.payment.first(number=row.out_trade_no)))
            signals.send_after_commit(signals.wxpay_paid, **about)
            return True
        if db.changed(_to_late, word):
            refunds.note_stray(row)
            signals.send_after_commit(signals.wxpay_late, **about)
            log.warning("Money came for %s, which is closed: it goes back", row.out_trade_no)
            return True
    return False
