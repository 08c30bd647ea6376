"""Tables of the document ``tickets``: people, orders and what happened to them, the ledger, the bags."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import TABLE_OPTIONS, Base, BigId, Fen, UtcDateTime


class User(Base):
    """Someone in a role: a customer or a merchant (``business``).  One openid may be both."""

    __tablename__ = "wx_tickets_user"
    __table_args__ = (sa.UniqueConstraint("openid", "role", name="uq_wx_tickets_user_openid"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    openid: Mapped[str] = mapped_column(sa.String(128))
    role: Mapped[str] = mapped_column(sa.String(8))
    status: Mapped[str] = mapped_column(sa.String(16))
    """``wait_authen`` or ``authened``."""
    phone: Mapped[str] = mapped_column(sa.String(20), default="")
    name: Mapped[str] = mapped_column(sa.String(64), default="")
    image: Mapped[str] = mapped_column(sa.String(255), default="")
    wxno: Mapped[str] = mapped_column(sa.String(64), default="")
    birthday: Mapped[date | None] = mapped_column(sa.Date)
    identity: Mapped[str] = mapped_column(sa.String(18), default="")
    real_name: Mapped[str] = mapped_column(sa.String(64), default="")
    customer_account: Mapped[str] = mapped_column(sa.String(64), default="")
    benefit_rate: Mapped[int] = mapped_column(sa.Integer, default=0)
    """What the agency keeps of a merchant's order, in 1/10,000 of it."""
    amount: Mapped[int] = mapped_column(Fen, default=0)
    """The balance; always the sum of the ledger's account ``amount:<id>``."""
    cool_amount: Mapped[int] = mapped_column(Fen, default=0)
    """What is frozen; always the sum of ``cool:<id>``."""
    orders: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    """How many orders there are in this user's list: the last number given out in it."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Contact(Base):
    """A passenger whom a user has noted down (联系人)."""

    __tablename__ = "wx_tickets_contact"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "identity", name="uq_wx_tickets_contact_identity"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.BigInteger)
    identity: Mapped[str] = mapped_column(sa.String(18))
    identity_type: Mapped[str] = mapped_column(sa.String(16))
    name: Mapped[str] = mapped_column(sa.String(64))
    linkman_type: Mapped[str] = mapped_column(sa.String(8))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Order(Base):
    """An order.  Its number is the ``out_trade_no`` of its payment.

    ``user_seq`` numbers a customer's orders from 1 on, ``merchant_seq`` those that a merchant robbed: a page of a list
    is a range of them, however long the list is.
    """

    __tablename__ = "wx_tickets_order"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "user_seq", name="uq_wx_tickets_order_user"),
        sa.UniqueConstraint("merchant_id", "merchant_seq", name="uq_wx_tickets_order_merchant"),
        sa.Index("ix_wx_tickets_order_status", "status", "id"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_no: Mapped[str] = mapped_column(sa.String(22), unique=True)
    user_id: Mapped[int] = mapped_column(sa.BigInteger)
    user_seq: Mapped[int] = mapped_column(sa.BigInteger)
    merchant_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    merchant_seq: Mapped[int | None] = mapped_column(sa.BigInteger)
    ticket_identity: Mapped[str] = mapped_column(sa.String(18))
    identity_type: Mapped[str] = mapped_column(sa.String(16))
    linkman_type: Mapped[str] = mapped_column(sa.String(8))
    ticket_name: Mapped[str] = mapped_column(sa.String(64))
    from_site: Mapped[str] = mapped_column(sa.String(64))
    to_site: Mapped[str] = mapped_column(sa.String(64))
    amount: Mapped[int] = mapped_column(Fen)
    status: Mapped[str] = mapped_column(sa.String(16))
    ticket_note: Mapped[str] = mapped_column(sa.String(255), default="")
    """What the merchant handed in: the number of the booking at the railway."""
    credit: Mapped[int | None] = mapped_column(Fen)
    """What its merchant was credited for it; NULL as long as there is no credit."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    modified_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Detail(Base):
    """A journey of an order (订单明细)."""

    __tablename__ = "wx_tickets_detail"
    __table_args__ = (TABLE_OPTIONS,)

    order_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    seat_type: Mapped[str] = mapped_column(sa.String(64))
    departure_date: Mapped[date] = mapped_column(sa.Date)
    train_num: Mapped[str] = mapped_column(sa.String(64))


class Move(Base):
    """A move of an order from one state to another: what, by whom, when.  The first has no ``source``."""

    __tablename__ = "wx_tickets_move"
    __table_args__ = (sa.Index("ix_wx_tickets_move_order", "order_id", "id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(sa.BigInteger)
    action: Mapped[str] = mapped_column(sa.String(16))
    source: Mapped[str] = mapped_column(sa.String(16))
    target: Mapped[str] = mapped_column(sa.String(16))
    actor: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Ledger(Base):
    """A line of the ledger: *fen* into (or out of) an account.  The lines of an order's entry sum up to 0, and an
    order has each entry once at most.
    """

    __tablename__ = "wx_tickets_ledger"
    __table_args__ = (
        sa.UniqueConstraint("order_id", "entry", "account", name="uq_wx_tickets_ledger_entry"),
        sa.Index("ix_wx_tickets_ledger_account", "account", "fen"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(sa.BigInteger)
    entry: Mapped[str] = mapped_column(sa.String(16))
    account: Mapped[str] = mapped_column(sa.String(32))
    fen: Mapped[int] = mapped_column(Fen)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Bag(Base):
    """A 加油包 on offer."""

    __tablename__ = "wx_tickets_bag"
    __table_args__ = (TABLE_OPTIONS,)

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    position: Mapped[int] = mapped_column(sa.Integer)
    amount: Mapped[int] = mapped_column(Fen)
    picture: Mapped[str] = mapped_column(sa.String(255))
