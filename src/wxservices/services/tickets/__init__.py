"""The rules of the document ``tickets``: a train-ticket agency, its customers, its merchants and their money.

``accounts``, ``contacts`` and ``phones`` people; ``states`` what an order may become; ``ordering`` an order until it is
paid, ``merchants`` what is done for it, ``returning`` the way back; ``listing`` what is shown; ``ledger`` the money;
``operator`` what is loaded.
"""

from ...service import OperatorData, PaymentOwner, Service
from . import accounts, contacts, demo, ledger, listing, merchants, operator, ordering, phones, returning, states

SERVICE = Service(
    name="tickets",
    operator_data=OperatorData(operator.TicketsData, operator.apply, operator.dump),
    demo=demo.load,
    payments=PaymentOwner(
        account=accounts.mini_program,
        paid=ordering.paid,
        closed=ordering.expired,
        refunded=returning.returned,
        refund_failed=returning.failed,
    ),
)

__all__ = [
    "SERVICE",
    "accounts",
    "contacts",
    "ledger",
    "listing",
    "merchants",
    "operator",
    "ordering",
    "phones",
    "returning",
    "states",
]
