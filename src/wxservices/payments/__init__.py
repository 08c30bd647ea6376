"""Money through WeChat Pay, right whatever crashes, repeats or never comes.  It belongs to no document: a service
keeps a payment beside its order, and is told what became of it through its ``PaymentOwner``.

``orders`` what is to be paid, ``applying`` what WeChat says of it, ``refunds`` what goes back, ``telling`` WeChat's
notifications, ``prepaying`` the call of documents that have none, ``reconciling`` going on after trouble, ``bill``
WeChat's own account of a day.

Everyone locks in this order: the payment, the refund, then the document's own rows.
"""

from ..service import Payable, Payment, PaymentOwner, Refund
from .errors import AlreadyPaid, AmountMismatch, PaymentClosed
from .orders import ask, close, find, open, prepay, refresh
from .prepaying import prepay_with_code
from .reconciling import Step, reconcile
from .refunds import find_refund, refresh_refund, refund
from .telling import notified, refund_notified

__all__ = [
    "AlreadyPaid",
    "AmountMismatch",
    "Payable",
    "Payment",
    "PaymentClosed",
    "PaymentOwner",
    "Refund",
    "Step",
    "ask",
    "close",
    "find",
    "find_refund",
    "notified",
    "open",
    "prepay",
    "prepay_with_code",
    "reconcile",
    "refresh",
    "refresh_refund",
    "refund",
    "refund_notified",
]
