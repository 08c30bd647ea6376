"""Orders to look at: getOrderList, getOrderDetails (document ``tickets``).

A user's orders are numbered from 1 on in a column of their own and the last number is kept with the user, so that a
page is a range of a key and costs the same however many orders there are before it or in all.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ... import clock, db, payments
from ...models.tickets import Detail, Order, User
from . import accounts, returning
from .errors import NoSuchOrder

_columns = (
    Order.id,
    Order.order_no,
    Order.user_id,
    Order.merchant_id,
    Order.ticket_identity,
    Order.identity_type,
    Order.linkman_type,
    Order.ticket_name,
    Order.from_site,
    Order.to_site,
    Order.created_at,
    Order.status,
    Order.modified_at,
    Order.amount,
    Detail.seat_type,
    Detail.departure_date,
    Detail.train_num,
)
_joined = sa.select(*_columns).join(Detail, Detail.order_id == Order.id)


def _page_of(owner: Any, seq: Any) -> db.Query:
    return db.Query(
        _joined.where(
            owner == sa.bindparam("owner"), seq.between(sa.bindparam("first"), sa.bindparam("last"))
        ).order_by(seq.desc(), Detail.position)
    )


_pages = {
    accounts.CUSTOMER: _page_of(Order.user_id, Order.user_seq),
    accounts.BUSINESS: _page_of(Order.merchant_id, Order.merchant_seq),
}
_count = db.Query(sa.select(User.orders).where(User.id == sa.bindparam("id")))
_one = db.Query(_joined.where(Order.id == sa.bindparam("id")).order_by(Detail.position))


def page(*, user_id: int, role: str, pageNum: int, pageSize: int) -> dict[str, Any]:
    """``getOrderList``: ``{"total", "pages", "datas", "pageNum"}``, the newest first; a customer's own orders, those
    that a merchant robbed.  A page after the last one is empty.
    """
    total = _count.scalar(id=user_id) or 0
    last = total - (pageNum - 1) * pageSize
    rows = _pages[role].all(owner=user_id, first=last - pageSize + 1, last=last) if last > 0 else []
    return {"total": total, "pages": -(-total // pageSize), "datas": _orders(rows), "pageNum": pageNum}


def details(*, user_id: int, id: int) -> dict[str, Any]:
    """``getOrderDetails``: one order.  WeChat is asked now and then about one that has waited to be paid for some
    seconds, and about one whose money is on its way back, in case a notification was lost.

    :raises NoSuchOrder: none, or neither this customer's nor robbed by this merchant.
    """
    rows = _one.all(id=id)
    if not rows or user_id not in (rows[0].user_id, rows[0].merchant_id):
        raise NoSuchOrder
    if _refresh(rows[0].order_no, rows[0].status):
        rows = _one.all(id=id)
    return _orders(rows)[0]


def _refresh(order_no: str, status: str) -> bool:
    if status == "wait_pay":
        return payments.refresh(out_trade_no=order_no)
    return status == "returning_amount" and returning.refresh(order_no)


def _orders(rows: Any) -> list[dict[str, Any]]:
    """Orders of rows that repeat an order for each of its journeys."""
    orders: dict[int, dict[str, Any]] = {}
    for row in rows:
        order = orders.get(row.id)
        if order is None:
            order = orders[row.id] = {
                "id": row.id,
                "orderNo": row.order_no,
                "userId": row.user_id,
                "ticketIdentity": row.ticket_identity,
                "identityType": row.identity_type,
                "linkmanType": row.linkman_type,
                "ticketName": row.ticket_name,
                "fromSite": row.from_site,
                "toSite": row.to_site,
                "createDate": f"{clock.local(row.created_at):%Y-%m-%d %H:%M:%S}",
                "orderStatus": row.status,
                "modifyDate": f"{clock.local(row.modified_at):%Y-%m-%d %H:%M:%S}",
                "orderAmount": db.yuan(row.amount),
                "ticketDetails": [],
            }
        order["ticketDetails"].append(
            {
                "orderNo": row.order_no,
                "seatType": row.seat_type,
                "departureDate": row.departure_date.isoformat(),
                "trainNum": row.train_num,
            }
        )
    return list(orders.values())
