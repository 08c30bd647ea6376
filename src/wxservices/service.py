"""What a service (one document's rules) tells the rest of the library about itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from marshmallow import Schema


@dataclass(frozen=True)
class Account:
    """A mini program or an official account."""

    appid: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class OperatorData:
    """The part of a ``load``/``dump`` file that belongs to one service.

    ``schema`` checks it, ``apply(data)`` creates or updates what it names by natural key, ``dump()`` gives the same
    form back.  ``apply`` is run to its end inside one transaction; it yields how many things each of its steps did, a
    thing being an object in a list of the form.  ``table`` names the list, if any, that may come as a CSV file.
    """

    schema: type[Schema]
    apply: Callable[[dict[str, Any]], Iterator[int]]
    dump: Callable[[], dict[str, Any]]
    table: str = ""


@dataclass(frozen=True)
class Payable:
    """What one number costs.

    :param amount: fen.
    :param body: what the payer reads; it is cut to what WeChat takes.
    :param lifetime: how long it may be paid; default ``WXSERVICES_WXPAY_EXPIRY``.
    :param openid: the only payer allowed, where the service knows one.
    """

    amount: int
    body: str
    lifetime: timedelta | None = None
    openid: str | None = None


@dataclass(frozen=True)
class Payment:
    """A payment as its owner sees it.  ``amount`` in fen; ``state``: see :mod:`wxservices.payments`."""

    service: str
    out_trade_no: str
    amount: int
    openid: str
    state: str
    transaction_id: str
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None


@dataclass(frozen=True)
class Refund:
    """A refund as its owner sees it.  ``amount`` in fen; ``err_code``: WeChat's word on a failed one, else ``""``."""

    service: str
    out_refund_no: str
    out_trade_no: str
    amount: int
    state: str
    err_code: str


@dataclass(frozen=True)
class PaymentOwner:
    """How :mod:`wxservices.payments` asks and tells the service whose money it is.

    What is told is told once, inside the transaction that writes it; an exception undoes both, and both are tried
    again.

    :param account: the mini program whose users pay.
    :param paid: a payment was paid.
    :param closed: a payment expired unpaid; not told of what the service closed itself.
    :param refunded: a refund that the service asked for reached its end.
    :param refund_failed: WeChat will not do it; a person must look at it.
    :param payable: for ``/wxpay/prepay``, what a number costs, or ``NotFound``, or ``Conflict`` when it can't be paid
        now; None where the document has a prepay call of its own.
    """

    account: Callable[[], Account]
    paid: Callable[[Payment], None]
    closed: Callable[[Payment], None]
    refunded: Callable[[Refund], None]
    refund_failed: Callable[[Refund], None]
    payable: Callable[[str], Payable] | None = None


@dataclass(frozen=True)
class Service:
    """One document's rules.  Its tables are those named ``wx_<name>_…``.

    :param operator_data: what its operator loads.
    :param demo: makes the demo data, idempotently, after the operator data of ``demo/<name>.yaml`` is loaded.
    :param purge: deletes what is too old to be of use, and answers how many rows that were.
    :param payments: where it takes money through WeChat Pay.
    :param piles: hears what charging piles tell (an event of :mod:`wxservices.piles`).
    :param reconcile: goes on with what trouble left open, and yields a :class:`wxservices.payments.Step` for each.
    """

    name: str
    operator_data: OperatorData | None = None
    demo: Callable[[], None] | None = None
    purge: Callable[[], int] | None = None
    payments: PaymentOwner | None = None
    piles: Callable[[Any], None] | None = None
    reconcile: Callable[[], Iterator[Any]] | None = None
