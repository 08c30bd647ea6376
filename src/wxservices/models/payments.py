"""Tables of WeChat Pay: what is to be paid, what is to be given back, and the trades of the sandbox's stand-in.

They belong to no document; ``service`` is the name of the one that a row is for.  ``next_try`` is when ``reconcile``
looks at a row again (NULL: it is settled), ``leased_until`` keeps two who reconcile off the same row.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import TABLE_OPTIONS, Base, Fen, UtcDateTime


class PaymentRow(Base):
    """One number that is to be paid.  States: :mod:`wxservices.payments`."""

    __tablename__ = "wx_common_payment"
    __table_args__ = (
        sa.Index("ix_wx_common_payment_next_try", "next_try"),
        sa.Index("ix_wx_common_payment_paid_at", "paid_at"),
        TABLE_OPTIONS,
    )

    out_trade_no: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    service: Mapped[str] = mapped_column(sa.String(32))
    appid: Mapped[str] = mapped_column(sa.String(32))
    openid: Mapped[str] = mapped_column(sa.String(128))
    address: Mapped[str] = mapped_column(sa.String(45))
    body: Mapped[str] = mapped_column(sa.String(127))
    amount: Mapped[int] = mapped_column(Fen)
    refunding: Mapped[int] = mapped_column(Fen, default=0)
    state: Mapped[str] = mapped_column(sa.String(8))
    prepay_id: Mapped[str | None] = mapped_column(sa.String(64))
    prepaid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    transaction_id: Mapped[str | None] = mapped_column(sa.String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0)
    next_try: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RefundRow(Base):
    """Money that is to go back.  ``stray``: nobody's order, it came for a closed payment."""

    __tablename__ = "wx_common_refund"
    __table_args__ = (
        sa.Index("ix_wx_common_refund_next_try", "next_try"),
        sa.Index("ix_wx_common_refund_out_trade_no", "out_trade_no"),
        TABLE_OPTIONS,
    )

    out_refund_no: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    out_trade_no: Mapped[str] = mapped_column(sa.String(32))
    service: Mapped[str] = mapped_column(sa.String(32))
    appid: Mapped[str] = mapped_column(sa.String(32))
    total: Mapped[int] = mapped_column(Fen)
    amount: Mapped[int] = mapped_column(Fen)
    reason: Mapped[str] = mapped_column(sa.String(80))
    stray: Mapped[bool] = mapped_column(sa.Boolean, default=False)
    state: Mapped[str] = mapped_column(sa.String(8))
    err_code: Mapped[str] = mapped_column(sa.String(32), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0)
    next_try: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Lease(Base):
    """Work that one process does at a time, wherever it runs."""

    __tablename__ = "wx_common_lease"
    __table_args__ = (TABLE_OPTIONS,)

    name: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    holder: Mapped[str] = mapped_column(sa.String(128))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SandboxTrade(Base):
    """A trade as the stand-in of WeChat keeps it.  ``paid_fee``: what the payer paid."""

    __tablename__ = "wx_common_sandbox_trade"
    __table_args__ = (TABLE_OPTIONS,)

    out_trade_no: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    appid: Mapped[str] = mapped_column(sa.String(32))
    openid: Mapped[str] = mapped_column(sa.String(128))
    total_fee: Mapped[int] = mapped_column(Fen)
    paid_fee: Mapped[int | None] = mapped_column(Fen)
    trade_state: Mapped[str] = mapped_column(sa.String(16))
    prepay_id: Mapped[str] = mapped_column(sa.String(64))
    transaction_id: Mapped[str | None] = mapped_column(sa.String(32))
    time_end: Mapped[str | None] = mapped_column(sa.String(14))


class SandboxRefund(Base):
    """A refund as the stand-in of WeChat keeps it."""

    __tablename__ = "wx_common_sandbox_refund"
    __table_args__ = (sa.Index("ix_wx_common_sandbox_refund_out_trade_no", "out_trade_no"), TABLE_OPTIONS)

    out_refund_no: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    out_trade_no: Mapped[str] = mapped_column(sa.String(32))
    refund_id: Mapped[str] = mapped_column(sa.String(32))
    refund_fee: Mapped[int] = mapped_column(Fen)
    refund_status: Mapped[str] = mapped_column(sa.String(16))


class SandboxNext(Base):
    """What the stand-in is told to do at the next unified order: ``refuse`` (with an err_code) or ``timeout``."""

    __tablename__ = "wx_common_sandbox_next"
    __table_args__ = (TABLE_OPTIONS,)

    name: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(32))
