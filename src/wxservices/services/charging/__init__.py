"""The rules of the document ``charging``: piles, who charges there, and their money.

``people`` and ``cards`` who; ``plugs`` what a pile has, ``tariffs`` what it costs; ``orders`` an order's way,
``starting`` until it charges, ``settling`` until it is paid off, ``swipes`` the way of a card; ``balances`` and
``ledger`` the money, ``confirming`` and ``paying`` WeChat's part in it; ``record`` what is shown; ``events`` what piles
tell; ``reconciling`` going on after trouble; ``operator`` what is loaded.
"""

from ...service import OperatorData, Service
from . import (
    balances,
    cards,
    demo,
    events,
    ledger,
    numbers,
    operator,
    orders,
    paying,
    people,
    plugs,
    reconciling,
    record,
    settling,
    starting,
    swipes,
    tariffs,
)

SERVICE = Service(
    name=people.SERVICE,
    operator_data=OperatorData(operator.ChargingData, operator.apply, operator.dump),
    demo=demo.load,
    purge=numbers.purge,
    payments=paying.OWNER,
    piles=events.take,
    reconcile=reconciling.reconcile,
)

__all__ = [
    "SERVICE",
    "balances",
    "cards",
    "ledger",
    "orders",
    "people",
    "plugs",
    "reconciling",
    "record",
    "settling",
    "starting",
    "swipes",
    "tariffs",
]
