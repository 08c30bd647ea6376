"""Tables of the document ``traffic``: what is offered, what is booked, what is typed so far."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import TABLE_OPTIONS, Base, BigId, UtcDateTime


class Business(Base):
    """A node of the business tree (车管业务).  Bookable where it has no children."""

    __tablename__ = "wx_traffic_business"
    __table_args__ = (sa.Index("ix_wx_traffic_business_parent", "parent_busiid"), TABLE_OPTIONS)

    busiid: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    parent_busiid: Mapped[str | None] = mapped_column(sa.String(32))
    position: Mapped[int] = mapped_column(sa.Integer)
    businame: Mapped[str] = mapped_column(sa.String(64))
    busitips: Mapped[str] = mapped_column(sa.Text)


class Slot(Base):
    """A period of the day that can be booked: on every working day, or (``day`` set) on that day alone.

    ``capacity`` is the number of windows; 0 takes it off the list without touching what is booked.
    """

    __tablename__ = "wx_traffic_slot"
    __table_args__ = (
        sa.UniqueConstraint("busitype", "day_key", "starttime", name="uq_wx_traffic_slot_starttime"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    busitype: Mapped[str] = mapped_column(sa.String(1))
    day_key: Mapped[str] = mapped_column(sa.String(8), default="")
    """YYYYMMDD, or empty for every working day (a NULL would not be unique)."""
    starttime: Mapped[str] = mapped_column(sa.String(4))
    endtime: Mapped[str] = mapped_column(sa.String(4))
    capacity: Mapped[int] = mapped_column(sa.Integer)


class Tally(Base):
    """How many places of a slot are taken on a day."""

    __tablename__ = "wx_traffic_tally"
    __table_args__ = (TABLE_OPTIONS,)

    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    slot_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    booked: Mapped[int] = mapped_column(sa.Integer)


class Number(Base):
    """The last running number given out on a day for a type."""

    __tablename__ = "wx_traffic_number"
    __table_args__ = (TABLE_OPTIONS,)

    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    busitype: Mapped[str] = mapped_column(sa.String(1), primary_key=True)
    last: Mapped[int] = mapped_column(sa.Integer)


class Booking(Base):
    """A booked window.  The business's name and the slot's times are kept as they were when it was booked."""

    __tablename__ = "wx_traffic_booking"
    __table_args__ = (
        # checkorder reads nothing but this index.
        sa.Index(
            "ix_wx_traffic_booking_person",
            "userid",
            "day",
            "username",
            "status",
            "starttime",
            "endtime",
            "phone",
            "businame",
        ),
        sa.Index("ix_wx_traffic_booking_openid", "openid", "id"),
        sa.Index("ix_wx_traffic_booking_day", "day", "slot_id"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ordernum: Mapped[str] = mapped_column(sa.String(24), unique=True)
    openid: Mapped[str] = mapped_column(sa.String(128))
    busitype: Mapped[str] = mapped_column(sa.String(1))
    busiid: Mapped[str | None] = mapped_column(sa.String(32))
    businame: Mapped[str] = mapped_column(sa.String(64))
    carnumber: Mapped[str | None] = mapped_column(sa.String(16))
    username: Mapped[str] = mapped_column(sa.String(64))
    userid: Mapped[str] = mapped_column(sa.String(18))
    phone: Mapped[str] = mapped_column(sa.String(20))
    day: Mapped[date] = mapped_column(sa.Date)
    slot_id: Mapped[int] = mapped_column(sa.BigInteger)
    starttime: Mapped[str] = mapped_column(sa.String(4))
    endtime: Mapped[str] = mapped_column(sa.String(4))
    status: Mapped[str] = mapped_column(sa.String(1), default="0")
    """``0`` booked, ``1`` cancelled, ``2`` number taken."""
    live_key: Mapped[str | None] = mapped_column(sa.String(32), unique=True)
    """Person, type and day while it is not cancelled, else NULL: one live booking for each."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Draft(Base):
    """What a person has typed and chosen so far, under ``orderconfirm``'s names (the code excepted)."""

    __tablename__ = "wx_traffic_draft"
    __table_args__ = (sa.Index("ix_wx_traffic_draft_updated_at", "updated_at"), TABLE_OPTIONS)

    openid: Mapped[str] = mapped_column(sa.String(128), primary_key=True)
    busitype: Mapped[str] = mapped_column(sa.String(1), primary_key=True)
    phone: Mapped[str] = mapped_column(sa.String(64), default="")
    username: Mapped[str] = mapped_column(sa.String(64), default="")
    userid: Mapped[str] = mapped_column(sa.String(64), default="")
    carnumber: Mapped[str] = mapped_column(sa.String(64), default="")
    busiid: Mapped[str] = mapped_column(sa.String(32), default="")
    timeid: Mapped[str] = mapped_column(sa.String(64), default="")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
