"""Prepaying for documents that have no call of their own for it (``/wxpay/prepay``)."""

from __future__ import annotations

from .. import db
from ..errors import Conflict, NotAllowed, NotFound
from ..service import Payable, PaymentOwner
from ..state import current_state
from ..wechat import login
from . import orders


def prepay_with_code(*, orderNo: str, code: str, address: str = "") -> dict[str, str]:
    """What ``wx.requestPayment`` takes, for a number of any mounted service that answers ``payable``.

    :param orderNo: the service's number; it is the ``out_trade_no``.
    :param code: of ``wx.login``: it says who pays.
    :param address: the payer's IP address.
    :raises NotFound: no service knows the number.
    :raises NotAllowed: it is another one's to pay.
    :raises Conflict, UpstreamError: it can't be paid now; see :func:`wxservices.payments.prepay`.
    """
    service, owner, payable = _owner_of(orderNo)
    openid = login.mini_program(code, owner.account()).openid
    if payable.openid not in (None, openid):
        raise NotAllowed("该订单不属于当前用户")
    if orders.find(orderNo) is None:
        try:
            with db.transaction():
                orders.open(
                    service=service,
                    out_trade_no=orderNo,
                    amount=payable.amount,
                    body=payable.body,
                    openid=openid,
                    address=address,
                    lifetime=payable.lifetime,
                )
        except db.Duplicate:
            pass  # the other one's row is as good
    payment = orders.find(orderNo)
    if payment is None or payment.service != service or payment.openid != openid:
        raise NotAllowed("该订单不属于当前用户")
    if payment.amount != payable.amount:
        raise Conflict("订单金额已变更，请重新下单")
    return orders.prepay(out_trade_no=orderNo)


def _owner_of(number: str) -> tuple[str, PaymentOwner, Payable]:
    for name, service in current_state().mounted.items():
        if service.payments is not None and service.payments.payable is not None:
            try:
                return name, service.payments, service.payments.payable(number)
            except NotFound:
                continue
    raise NotFound("查询不到该订单信息")
