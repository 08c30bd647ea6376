"""What the modules of payments share: the views of rows, when a row is looked at again, and whose it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from .. import db
from ..errors import NotFound
from ..models.payments import PaymentRow, RefundRow
from ..service import Payment, PaymentOwner, Refund
from ..state import current_state

FIRST_TRY = timedelta(minutes=1)
LAST_DELAY = timedelta(hours=1)

payment = db.Query(sa.select(PaymentRow.__table__).where(PaymentRow.out_trade_no == sa.bindparam("number")))
refund = db.Query(sa.select(RefundRow.__table__).where(RefundRow.out_refund_no == sa.bindparam("number")))


def delay(attempts: int) -> timedelta:
    """How long to wait before the next try, after so many: 1, 2, 4 … 60 minutes."""
    return min(FIRST_TRY * (1 << min(attempts, 6)), LAST_DELAY)


def owner(service: str) -> PaymentOwner:
    """Who is told about the payments of *service*.

    :raises NotFound: it is not mounted here, or takes no payments.
    """
    mounted = current_state().mounted.get(service)
    if mounted is None or mounted.payments is None:
        raise NotFound(f"{service} is not mounted, or takes no payments")
    return mounted.payments


def payment_view(row: Any) -> Payment:
    return Payment(
        service=row.service,
        out_trade_no=row.out_trade_no,
        amount=row.amount,
        openid=row.openid,
        state=row.state,
        transaction_id=row.transaction_id or "",
        created_at=row.created_at,
        expires_at=row.expires_at,
        paid_at=row.paid_at,
    )


def refund_view(row: Any) -> Refund:
    return Refund(
        service=row.service,
        out_refund_no=row.out_refund_no,
        out_trade_no=row.out_trade_no,
        amount=row.amount,
        state=row.state,
        err_code=row.err_code,
    )
