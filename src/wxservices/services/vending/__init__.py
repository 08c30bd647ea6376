"""The rules of the document ``vending``: a vending operator's stock, machines, sales and people.

``people`` who may do what, ``machines`` their state, ``lanes`` what is in them, ``goods`` the store, ``replenishing``
from the store into lanes, ``returns`` back into the store, ``ledger`` and ``audit`` the books of all that, ``orders``
the sales, ``boards`` and ``rebuild`` the totals of them, ``faults`` what is broken, ``home`` the front page's numbers,
``operator`` what is loaded, ``history`` orders among it.

What a host calls for its machines is here by itself: ``record_sale``, ``refund_sale``, ``report_fault``, ``set_price``,
``set_person``, ``count_lane``.
"""

from ...service import OperatorData, Service
from . import (
    audit,
    boards,
    demo,
    faults,
    goods,
    history,
    home,
    ids,
    lanes,
    ledger,
    machines,
    operator,
    operator_form,
    orders,
    people,
    rebuild,
    replenishing,
    returns,
)
from .faults import report as report_fault
from .goods import set_price
from .lanes import count as count_lane
from .machines import set_person
from .orders import Sold, record_sale, refund_sale

SERVICE = Service(
    name="vending",
    operator_data=OperatorData(operator_form.VendingData, operator.apply, operator.dump, table="goods"),
    demo=demo.load,
)

__all__ = [
    "SERVICE",
    "Sold",
    "audit",
    "boards",
    "count_lane",
    "faults",
    "goods",
    "history",
    "home",
    "ids",
    "lanes",
    "ledger",
    "machines",
    "operator",
    "orders",
    "people",
    "rebuild",
    "record_sale",
    "refund_sale",
    "replenishing",
    "report_fault",
    "returns",
    "set_person",
    "set_price",
]
