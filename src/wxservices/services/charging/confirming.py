"""Whether a number is paid: WeChat's word, whoever ordered the payment."""

from __future__ import annotations

from contextlib import suppress

from ... import db, payments
from ...wechat import pay
from .people import SERVICE, mini_program

BODY = "充电服务"


def confirm(number: str) -> int | None:
    """The fen that are here for *number*; None if it is not paid, or the money is on its way back.

    A payment that was ordered elsewhere is taken into our books as it is found.

    :raises UpstreamError: WeChat does not say.
    :raises AmountMismatch: it is paid, but not what was asked for.
    """
    db.outside_transaction("Asking WeChat")
    if payments.find(number) is None:
        trade = pay.query(appid=mini_program().appid, out_trade_no=number)
        if trade is None or not trade.paid or not trade.amount:
            return None
        with suppress(db.Duplicate), db.transaction():
            payments.open(service=SERVICE, out_trade_no=number, amount=trade.amount, body=BODY, openid="")
    payment = payments.ask(out_trade_no=number)
    return payment.amount if payment.state == "paid" else None


def close(number: str) -> int | None:
    """In the caller's transaction: let nobody pay *number* any more.  Answers the fen that are here already.

    :raises NotFound: nobody has asked WeChat to be paid, as far as is known here.
    """
    try:
        payments.close(out_trade_no=number)
    except payments.AlreadyPaid:
        payment = payments.find(number)
        return payment.amount if payment is not None and payment.state == "paid" else None
    except payments.PaymentClosed:
        pass
    return None
