"""Demo data of ``tickets`` beside ``demo/tickets.yaml``: a customer, a merchant, two contacts, an order in every state.

They are who logs in with the code ``demo-customer`` or ``demo-merchant``, which are the sandbox's; so there is nothing
of this outside it.  The orders go the way that anybody's go, the money to the stand-in of WeChat Pay.  People and
numbers are invented.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import sqlalchemy as sa

from ... import clock, db, payments
from ...models.tickets import Order
from ...state import current_state
from ...wechat import sandbox
from . import accounts, contacts, merchants, ordering, returning
from .errors import ContactExists

CUSTOMER, MERCHANT = "demo-customer", "demo-merchant"
RATE = 500
AMOUNT = 8000
CONTACTS = (("胡超", "110101199003075613", "成人"), ("胡小宝", "411522201503070013", "儿童"))

PAID = "pay"
ROBBED = f"{PAID} rob"
HANDED_IN = f"{ROBBED} hand_in"
PASSED = f"{HANDED_IN} pass"
WAYS = {
    "wait_pay": "",
    "cancel": "cancel",
    "wait_rob": PAID,
    "robing": ROBBED,
    "order_audit": HANDED_IN,
    "wait_confirme": PASSED,
    "success": f"{PASSED} confirm",
    "returned_audit": f"{ROBBED} return",
    "returned_return": f"{PASSED} return refuse",
    "returned_amount": f"{PAID} return refund",
    "returning_amount": f"{PAID} return",
}
"""For each state, how an order comes there."""

_states = db.Query(sa.select(Order.status).where(Order.user_id == sa.bindparam("user_id")).distinct())


def load() -> None:
    """Make the people, the contacts and the orders, unless they are there."""
    if not current_state().settings.sandbox:
        return
    customer = accounts.account(openid=sandbox.openid_of(CUSTOMER), role=accounts.CUSTOMER)
    merchant = accounts.account(openid=sandbox.openid_of(MERCHANT), role=accounts.BUSINESS)
    accounts.authenticate(merchant_id=merchant, benefit_rate=RATE, real_name="演示票务")
    for name, identity, linkman_type in CONTACTS:
        with suppress(ContactExists):
            contacts.add(
                user_id=customer, name=name, indentity=identity, linkmanType=linkman_type, indentityType="身份证"
            )
    there = {row.status for row in _states.all(user_id=customer)}
    for way in [way for state, way in WAYS.items() if state not in there]:
        order = ordering.numbered(_keep(customer))
        for step in way.split():
            _STEPS[step](order.order_no, order.id, customer, merchant)


def _keep(customer: int) -> str:
    """Keep an order like the document's, which waits a month to be paid."""
    today = clock.today()
    name, identity, linkman_type = CONTACTS[0]
    row = {
        "user_id": customer,
        "ticket_identity": identity,
        "identity_type": "身份证",
        "linkman_type": linkman_type,
        "ticket_name": name,
        "from_site": "北京",
        "to_site": "河南",
        "amount": AMOUNT,
        "status": "wait_pay",
    }
    journeys = [
        ordering.Journey(seatType="硬座,硬卧", departureDate=today + timedelta(days=days), trainNum="K180,K190")
        for days in (7, 10)
    ]
    order_no = ordering.keep(
        row, journeys, openid=sandbox.openid_of(CUSTOMER), address="127.0.0.1", lifetime=timedelta(days=30)
    )
    payments.prepay(out_trade_no=order_no)
    return order_no


def _pay(order_no: str) -> None:
    from ...wechat import pay_sandbox  # which brings requests with it

    payments.notified(pay_sandbox.pay(order_no))


Step = Callable[[str, int, int, int], object]

_STEPS: dict[str, Step] = {
    "pay": lambda order_no, id, customer, merchant: _pay(order_no),
    "cancel": lambda order_no, id, customer, merchant: ordering.cancel(user_id=customer, id=id),
    "rob": lambda order_no, id, customer, merchant: merchants.rob(merchant_id=merchant, order_no=order_no),
    "hand_in": lambda order_no, id, customer, merchant: merchants.hand_in(
        merchant_id=merchant, order_no=order_no, note="E000000000"
    ),
    "pass": lambda order_no, id, customer, merchant: merchants.passed(order_no=order_no, operator="demo"),
    "confirm": lambda order_no, id, customer, merchant: merchants.confirm(user_id=customer, id=id),
    "return": lambda order_no, id, customer, merchant: returning.ask(user_id=customer, id=id),
    "refuse": lambda order_no, id, customer, merchant: returning.refuse(order_no=order_no, operator="demo"),
    "refund": lambda order_no, id, customer, merchant: returning.refresh(order_no),
}
"""What an order's number and id, its customer and its merchant are to each step."""
