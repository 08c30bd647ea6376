"""Tables that the services share: SMS codes, tokens, nonces, limits, days.

``service`` is the name of the service a row belongs to.
"""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import TABLE_OPTIONS, Base, BigId, UtcDateTime
from . import payments  # noqa: F401  its tables are common ones, too


class SmsCode(Base):
    """A verification code that was sent.  Kept as a keyed hash, never as itself."""

    __tablename__ = "wx_common_sms_code"
    __table_args__ = (
        sa.Index("ix_wx_common_sms_code_lookup", "service", "purpose", "phone", "id"),
        sa.Index("ix_wx_common_sms_code_expires_at", "expires_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    service: Mapped[str] = mapped_column(sa.String(32))
    purpose: Mapped[str] = mapped_column(sa.String(32))
    phone: Mapped[str] = mapped_column(sa.String(20))
    digest: Mapped[str] = mapped_column(sa.String(64))
    tries: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    spent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SandboxSms(Base):
    """What the sandbox's sender was told to send, in clear, for ``flask wxservices sms-codes``."""

    __tablename__ = "wx_common_sandbox_sms"
    __table_args__ = (TABLE_OPTIONS,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    phone: Mapped[str] = mapped_column(sa.String(20), index=True)
    service: Mapped[str] = mapped_column(sa.String(32))
    purpose: Mapped[str] = mapped_column(sa.String(32))
    code: Mapped[str] = mapped_column(sa.String(8))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Token(Base):
    """A login that was given out, so that it can be ended before it expires."""

    __tablename__ = "wx_common_token"
    __table_args__ = (
        sa.Index("ix_wx_common_token_subject", "service", "subject"),
        sa.Index("ix_wx_common_token_expires_at", "expires_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    service: Mapped[str] = mapped_column(sa.String(32))
    subject: Mapped[str] = mapped_column(sa.String(128))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Nonce(Base):
    """Something that may be used once: its key is the guard."""

    __tablename__ = "wx_common_nonce"
    __table_args__ = (sa.Index("ix_wx_common_nonce_expires_at", "expires_at"), TABLE_OPTIONS)

    scope: Mapped[str] = mapped_column(sa.String(128), primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(128), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Limit(Base):
    """How often something was done in the window that is running."""

    __tablename__ = "wx_common_limit"
    __table_args__ = (sa.Index("ix_wx_common_limit_expires_at", "expires_at"), TABLE_OPTIONS)

    key: Mapped[str] = mapped_column(sa.String(190), primary_key=True)
    count: Mapped[int] = mapped_column(sa.Integer)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Day(Base):
    """An operator's word on one day, above the official calendar: open or not."""

    __tablename__ = "wx_common_day"
    __table_args__ = (TABLE_OPTIONS,)

    service: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    working: Mapped[bool] = mapped_column(sa.Boolean)
