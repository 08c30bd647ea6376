"""What ``payments`` asks and tells about numbers of ours: an order's, or a recharge's."""

from __future__ import annotations

from datetime import timedelta

from ... import clock, payments
from ...errors import Conflict, NotFound
from ...service import Payable, Payment, PaymentOwner
from . import balances, confirming, orders, people

SHORTEST = timedelta(minutes=5)
"""WeChat takes no shorter time to pay in.  Who pays when the reservation is over has the money back."""


def payable(number: str) -> Payable:
    """What *number* costs: the tariff's amount for an order, a recharge's own.

    :raises NotFound: it is neither.
    :raises Conflict: it can't be paid now.
    """
    order = orders.find(number)
    if order is not None and order.tag == orders.PHONE:
        if order.state != "reserved" or order.held_until <= clock.now():
            raise Conflict("订单已过期，请重新扫码")
        return Payable(order.amount, f"{confirming.BODY} {order.device_no} {order.plug_no}", lifetime=SHORTEST)
    recharge = balances.find(number)
    if recharge is None:
        raise NotFound("查询不到该订单信息")
    if recharge.state == "credited":
        raise payments.AlreadyPaid
    return Payable(recharge.amount, "余额充值")


def paid(payment: Payment) -> None:
    if balances.find(payment.out_trade_no) is not None:
        balances.credit(payment)
    else:
        orders.paid(payment)


OWNER = PaymentOwner(
    account=people.mini_program,
    paid=paid,
    closed=orders.closed,
    refunded=orders.refunded,
    refund_failed=orders.refund_failed,
    payable=payable,
)
