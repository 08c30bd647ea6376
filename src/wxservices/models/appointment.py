"""Tables of the document ``appointment``: when it is open, how full each minute is, who comes."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import TABLE_OPTIONS, Base, BigId, UtcDateTime


class Opening(Base):
    """A period of the day in which each *step*-th minute can be booked.  Times are minutes of the day."""

    __tablename__ = "wx_appointment_opening"
    __table_args__ = (
        sa.UniqueConstraint("day_key", "start", name="uq_wx_appointment_opening_start"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day_key: Mapped[str] = mapped_column(sa.String(8))
    """YYYYMMDD for that day alone, ``1`` (Monday) to ``7`` for that weekday, empty for every working day."""
    start: Mapped[int] = mapped_column(sa.SmallInteger)
    end: Mapped[int] = mapped_column(sa.SmallInteger)
    """Exclusive."""
    step: Mapped[int] = mapped_column(sa.SmallInteger)
    capacity: Mapped[int] = mapped_column(sa.Integer)


class Tally(Base):
    """How many places of a minute are taken on a day, and how many there are where the operator made an exception."""

    __tablename__ = "wx_appointment_tally"
    __table_args__ = (TABLE_OPTIONS,)

    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    minute: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    """Of the day."""
    booked: Mapped[int] = mapped_column(sa.Integer, server_default=sa.text("0"))
    capacity: Mapped[int | None] = mapped_column(sa.Integer)
    """NULL: the opening's."""


class Appointment(Base):
    """A booked minute."""

    __tablename__ = "wx_appointment_appointment"
    __table_args__ = (
        # One live appointment for an open_id and a minute (NULLs are not equal), and the list of an open_id.
        sa.UniqueConstraint("open_id", "live", "day", "minute", name="uq_wx_appointment_appointment_live"),
        # The two lists of the admin.
        sa.Index("ix_wx_appointment_appointment_minute", "day", "minute", "id"),
        sa.Index("ix_wx_appointment_appointment_signed_in", "day", "signed_in_at", "id"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    open_id: Mapped[str] = mapped_column(sa.String(128))
    name: Mapped[str] = mapped_column(sa.String(64))
    phone_num: Mapped[str] = mapped_column(sa.String(20))
    day: Mapped[date] = mapped_column(sa.Date)
    minute: Mapped[int] = mapped_column(sa.SmallInteger)
    """Of the day."""
    live: Mapped[int | None] = mapped_column(sa.SmallInteger, default=1)
    """1, and NULL once it is cancelled."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
