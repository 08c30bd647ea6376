"""Tables of the document ``charging``: riders, cards, piles and their plugs, orders, balances and their ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import TABLE_OPTIONS, Base, BigId, Fen, UtcDateTime


class User(Base):
    """A registered rider."""

    __tablename__ = "wx_charging_user"
    __table_args__ = (TABLE_OPTIONS,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    phone: Mapped[str] = mapped_column(sa.String(20), unique=True)
    wxname: Mapped[str] = mapped_column(sa.String(64), unique=True)
    balance: Mapped[int] = mapped_column(Fen, default=0)
    """Always the sum of the ledger's account ``balance:<id>``, never below 0."""
    orders: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    """How many orders there are in the rider's record: the last number given out in it."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Card(Base):
    """A card that the operator gave out.  ``virtual_of`` repeats ``user_id`` for a virtual one: a rider has one."""

    __tablename__ = "wx_charging_card"
    __table_args__ = (sa.Index("ix_wx_charging_card_user", "user_id", "card_no"), TABLE_OPTIONS)

    card_no: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    virtual: Mapped[bool] = mapped_column(sa.Boolean)
    user_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    virtual_of: Mapped[int | None] = mapped_column(sa.BigInteger, unique=True)


class Tariff(Base):
    """What charging costs.  ``steps``: ``[[hours, fen an hour], …]``, each for so many hours, the last (0) for ever."""

    __tablename__ = "wx_charging_tariff"
    __table_args__ = (TABLE_OPTIONS,)

    name: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    prepay: Mapped[int] = mapped_column(Fen)
    """What a number costs at ``/wxpay/prepay``."""
    swipe: Mapped[int] = mapped_column(Fen)
    """What a card's swipe takes."""
    per_kwh: Mapped[int] = mapped_column(Fen)
    unit_minutes: Mapped[int] = mapped_column(sa.Integer)
    """Time counts in units of so many minutes that have begun."""
    return_unused: Mapped[bool] = mapped_column(sa.Boolean)
    steps: Mapped[list[list[int]]] = mapped_column(sa.JSON)


class Pile(Base):
    """A pile.  ``session``, ``heard_at``: of drivers with a heartbeat; ``lost_at``: since when it is offline."""

    __tablename__ = "wx_charging_pile"
    __table_args__ = (TABLE_OPTIONS,)

    device_no: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    site: Mapped[str] = mapped_column(sa.String(64), default="")
    tariff: Mapped[str] = mapped_column(sa.String(32))
    plugs: Mapped[int] = mapped_column(sa.SmallInteger)
    online: Mapped[bool] = mapped_column(sa.Boolean)
    session: Mapped[int | None] = mapped_column(sa.BigInteger)
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lost_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Plug(Base):
    """A plug: what the pile says of it, and the order that has it.

    ``order_no`` with ``held_until``: reserved until then; without: charging, or about to.
    """

    __tablename__ = "wx_charging_plug"
    __table_args__ = (TABLE_OPTIONS,)

    device_no: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    plug_no: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    status: Mapped[int] = mapped_column(sa.SmallInteger)
    """0 free, 1 taken, 2 faulty."""
    said_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    order_no: Mapped[str | None] = mapped_column(sa.String(64))
    user_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    held_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Order(Base):
    """A plug's use, from its number on.  ``state``: see :mod:`wxservices.services.charging.orders`.

    ``user_seq`` numbers a rider's orders from 1 on: a page of the record is a range of them.
    """

    __tablename__ = "wx_charging_order"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "user_seq", name="uq_wx_charging_order_user"),
        sa.Index("ix_wx_charging_order_next_try", "next_try"),
        sa.Index("ix_wx_charging_order_state", "state", "device_no"),
        TABLE_OPTIONS,
    )

    order_no: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.BigInteger)
    user_seq: Mapped[int] = mapped_column(sa.BigInteger)
    device_no: Mapped[str] = mapped_column(sa.String(32))
    plug_no: Mapped[str] = mapped_column(sa.String(2))
    card_no: Mapped[str | None] = mapped_column(sa.String(32))
    tag: Mapped[int] = mapped_column(sa.SmallInteger)
    """1 phone, 2 card."""
    state: Mapped[str] = mapped_column(sa.String(16))
    cmd_status: Mapped[int] = mapped_column(sa.SmallInteger)
    amount: Mapped[int] = mapped_column(Fen)
    held_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the amount is used up, if it buys a time."""
    seconds: Mapped[int] = mapped_column(sa.Integer, default=0)
    energy: Mapped[int] = mapped_column(sa.Integer, default=0)
    """In 0.01 kWh; of the last report, as ``seconds``."""
    cost: Mapped[int | None] = mapped_column(Fen)
    """What it came to; NULL until it is settled."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When ``reconcile`` looks at it; NULL: never again."""


class Recharge(Base):
    """A number under which a balance is topped up."""

    __tablename__ = "wx_charging_recharge"
    __table_args__ = (sa.Index("ix_wx_charging_recharge_next_try", "next_try"), TABLE_OPTIONS)

    order_no: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.BigInteger)
    amount: Mapped[int] = mapped_column(Fen)
    state: Mapped[str] = mapped_column(sa.String(16))
    """``open``, ``credited``, or ``dead``: too old to be looked for."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Number(Base):
    """Where numbers come from: each has a row's id in it."""

    __tablename__ = "wx_charging_number"
    __table_args__ = (sa.Index("ix_wx_charging_number_created_at", "created_at"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Ledger(Base):
    """A line of the ledger: *fen* into (or out of) an account.  The lines of a number's entry sum up to 0."""

    __tablename__ = "wx_charging_ledger"
    __table_args__ = (
        sa.UniqueConstraint("order_no", "entry", "account", name="uq_wx_charging_ledger_entry"),
        sa.Index("ix_wx_charging_ledger_account", "account", "fen"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_no: Mapped[str] = mapped_column(sa.String(64))
    entry: Mapped[str] = mapped_column(sa.String(16))
    account: Mapped[str] = mapped_column(sa.String(32))
    fen: Mapped[int] = mapped_column(Fen)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Simulated(Base):
    """A pile that is not there: how it answers.  ``answer``: ``accept``, ``refuse`` or ``silent``."""

    __tablename__ = "wx_charging_simulated"
    __table_args__ = (TABLE_OPTIONS,)

    device_no: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    answer: Mapped[str] = mapped_column(sa.String(8))
    plugs: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    """What runs at each plug: ``{"03": {"order_no", "since", "limit"}}``."""
