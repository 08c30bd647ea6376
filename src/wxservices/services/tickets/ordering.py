"""An order until it is paid or gone (document ``tickets``): createOrder, payOrder, cancleOrder, the payment's word.

The order and its payment are kept in one transaction before WeChat is asked for anything, so that a crash at any line
leaves an order that can be paid, or that is closed when its time is over.  Rows are locked in this order: payment,
order, user.
"""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Any, TypedDict

import sqlalchemy as sa

from ... import clock, db, payments
from ...errors import BadParameter
from ...models.tickets import Detail, Order, User
from ...service import Payment
from . import accounts, contacts, ledger, states
from .errors import DetailsNotKept, MoveRefused, NoSuchOrder, kept_or

TRIES = 5
"""How often another number is drawn when one is taken."""


class Journey(TypedDict):
    """A row of ``ticketDetails``."""

    seatType: str
    departureDate: date
    trainNum: str


_columns = (Order.id, Order.order_no, Order.user_id, Order.merchant_id, Order.status, Order.amount)
_by_id = db.Query(sa.select(*_columns).where(Order.id == sa.bindparam("id")))
_by_no = db.Query(sa.select(*_columns).where(Order.order_no == sa.bindparam("order_no")))

_count_up = sa.update(User).where(User.id == sa.bindparam("user")).values(orders=User.orders + 1)
_count = db.Query(sa.select(User.orders).where(User.id == sa.bindparam("user_id")))


def create(
    *,
    user_id: int,
    ticketIdentity: str,
    ticketName: str,
    fromSite: str,
    toSite: str,
    ticketDetails: list[Journey],
    orderAmount: int,
    termIp: str,
) -> dict[str, str]:
    """``createOrder``: keep an order of *orderAmount* fen, and answer what ``wx.requestPayment`` takes.

    :param ticketDetails: 1 to 10 journeys, none of a day that is over.
    :raises BadParameter: a merchant asks, or a journey is past.
    :raises DetailsNotKept: the journeys could not be kept, and so nothing was.
    :raises UpstreamError: WeChat refuses, or does not answer; the order stays, to be paid by :func:`pay`.
    """
    user = accounts.find(user_id)
    if user.role != accounts.CUSTOMER:
        raise BadParameter("userRole", "商户不能下单")
    today = clock.today()
    for position, journey in enumerate(ticketDetails):
        if journey["departureDate"] < today:
            raise BadParameter(f"ticketDetails[{position}].departureDate", "不能早于今天")
    identity_type, linkman_type = contacts.kind_of(user_id, ticketIdentity)
    row = {
        "user_id": user_id,
        "ticket_identity": ticketIdentity,
        "identity_type": identity_type,
        "linkman_type": linkman_type,
        "ticket_name": ticketName,
        "from_site": fromSite,
        "to_site": toSite,
        "amount": orderAmount,
        "status": "wait_pay",
    }
    order_no = keep(row, ticketDetails, openid=user.openid, address=termIp)
    return payments.prepay(out_trade_no=order_no)


def keep(
    row: dict[str, Any], journeys: list[Journey], *, openid: str, address: str, lifetime: timedelta | None = None
) -> str:
    """Keep an order, its journeys and its payment in one transaction, and answer the order's number.

    :param lifetime: how long it may be paid; default: ``WXSERVICES_WXPAY_EXPIRY``.
    """
    for left in reversed(range(TRIES)):
        order_no = new_number()
        try:
            with db.transaction():
                body = f"火车票 {row['from_site']}-{row['to_site']}"
                payments.open(
                    service=accounts.SERVICE,
                    out_trade_no=order_no,
                    amount=row["amount"],
                    body=body,
                    openid=openid,
                    address=address,
                    lifetime=lifetime,
                )
                now = clock.now()
                seq = next_seq(row["user_id"])
                order_id = db.insert(
                    Order, {**row, "order_no": order_no, "user_seq": seq, "created_at": now, "modified_at": now}
                )
                keep_details(order_id, journeys)
                states.created(order_id, order_no, str(row["user_id"]))
            return order_no
        except db.Duplicate:
            if not left:
                raise
    raise AssertionError  # the loop returns or raises


def new_number() -> str:
    """A number for an order, 22 digits as in the document: 88, the clock to the second, eight digits at random."""
    return f"88{clock.local():%y%m%d%H%M%S}{secrets.randbelow(10**8):08d}"


def next_seq(user_id: int) -> int:
    """The next number in a user's list of orders, in the caller's transaction: their row is locked until its end."""
    db.changed(_count_up, {"user": user_id})
    return int(_count.scalar(user_id=user_id))


def keep_details(order_id: int, journeys: list[Journey]) -> None:
    """Keep the journeys of an order, in the caller's transaction."""
    rows = [
        {
            "order_id": order_id,
            "position": position,
            "seat_type": journey["seatType"],
            "departure_date": journey["departureDate"],
            "train_num": journey["trainNum"],
        }
        for position, journey in enumerate(journeys)
    ]
    with kept_or(DetailsNotKept):
        db.execute(sa.insert(Detail), rows)


def pay(*, user_id: int, id: int | None = None, orderNo: str | None = None) -> dict[str, str]:
    """``payOrder``: what ``wx.requestPayment`` takes, for an order that still waits to be paid.

    :raises BadParameter: neither *id* nor *orderNo*.
    :raises NoSuchOrder: none, or another's.
    :raises AlreadyPaid: it is paid, WeChat having been asked.
    :raises PaymentClosed: it is closed.
    :raises UpstreamError: WeChat refuses, or does not answer; the order stays as it is.
    """
    if id is None and orderNo is None:
        raise BadParameter("id", "与orderNo不能同时为空")
    order = own(user_id, id=id, order_no=orderNo)
    if order.status == "cancel":
        raise payments.PaymentClosed
    if order.status != "wait_pay" or payments.refresh(out_trade_no=order.order_no):
        raise payments.AlreadyPaid
    return payments.prepay(out_trade_no=order.order_no)


def cancel(*, user_id: int, id: int) -> None:
    """``cancleOrder``: an order that is not paid yet.  Money that comes all the same goes back by itself.

    :raises NoSuchOrder: none, or another's.
    :raises MoveRefused: it is paid or closed.
    """
    order = own(user_id, id=id)
    states.check(order, "cancel")
    try:
        with db.transaction():
            payments.close(out_trade_no=order.order_no)
            states.move(order, "cancel", actor=str(user_id))
    except (payments.AlreadyPaid, payments.PaymentClosed):
        raise MoveRefused from None


def own(user_id: int, *, id: int | None = None, order_no: str | None = None) -> Any:
    """The order that customer *user_id* has under *id* or, without one, *order_no*: ``id``, ``order_no``, ``user_id``,
    ``merchant_id``, ``status``, ``amount``.

    :raises NoSuchOrder: none, or another's.
    """
    order = _by_id.first(id=id) if id is not None else _by_no.first(order_no=order_no)
    if order is None or order.user_id != user_id or (order_no is not None and order.order_no != order_no):
        raise NoSuchOrder
    return order


def numbered(order_no: str) -> Any:
    """The order with that number, whosever it is.

    :raises NoSuchOrder: none.
    """
    order = _by_no.first(order_no=order_no)
    if order is None:
        raise NoSuchOrder
    return order


def paid(payment: Payment) -> None:
    """The money for an order is there: in the transaction that says so, once a payment."""
    order = numbered(payment.out_trade_no)
    states.move(order, "pay", actor=payment.transaction_id)
    ledger.post(order.id, "paid", {ledger.WECHAT: -payment.amount, ledger.HELD: payment.amount})


def expired(payment: Payment) -> None:
    """The time to pay is over: in the transaction that closes the payment."""
    states.move(numbered(payment.out_trade_no), "expire")
