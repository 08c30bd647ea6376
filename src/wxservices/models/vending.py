"""Tables of the document ``vending``: shops and their people, goods, machines and lanes, the stock ledger, orders, the
boards' totals, returns and faults.

The number of an id is the primary key: ``VI107`` is the row 107.  Whatever a document's id may name carries its
``shop_id``, so that whose it is costs one read by key.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import TABLE_OPTIONS, Base, BigId, Fen, UtcDateTime


class Shop(Base):
    """A shop (SH): the machines, the store and the people of one operator."""

    __tablename__ = "wx_vending_shop"
    __table_args__ = (TABLE_OPTIONS,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(64))
    logo: Mapped[str] = mapped_column(sa.String(255))


class Staff(Base):
    """Somebody who may log in, once a password is set."""

    __tablename__ = "wx_vending_staff"
    __table_args__ = (sa.UniqueConstraint("phone", name="uq_wx_vending_staff_phone"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    phone: Mapped[str] = mapped_column(sa.String(20))
    name: Mapped[str] = mapped_column(sa.String(64))
    password: Mapped[str | None] = mapped_column(sa.String(255))
    """Slow salted hash of what a client sends as ``password_md5``."""


class Member(Base):
    """Who belongs to which shop."""

    __tablename__ = "wx_vending_member"
    __table_args__ = (TABLE_OPTIONS,)

    staff_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    shop_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)


class Category(Base):
    """A category of goods (VGC), of the first level or, with a parent, of the second."""

    __tablename__ = "wx_vending_category"
    __table_args__ = (sa.Index("ix_wx_vending_category_shop", "shop_id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.BigInteger)
    parent_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    name: Mapped[str] = mapped_column(sa.String(64))


class Goods(Base):
    """A good of a shop (VG), and how many of it are in the shop's store."""

    __tablename__ = "wx_vending_goods"
    __table_args__ = (
        sa.UniqueConstraint("shop_id", "bar_code", name="uq_wx_vending_goods_bar_code"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.BigInteger)
    category_id: Mapped[int] = mapped_column(sa.BigInteger)
    name: Mapped[str] = mapped_column(sa.String(64))
    spec: Mapped[str | None] = mapped_column(sa.String(64))
    bar_code: Mapped[str | None] = mapped_column(sa.String(64))
    images: Mapped[str] = mapped_column(sa.Text)
    """Names of files, a line each."""
    price: Mapped[int] = mapped_column(Fen)
    stock: Mapped[int] = mapped_column(sa.Integer)


class Vendor(Base):
    """A machine (VI).  ``num`` is the number on it; ``person`` is who looks after it."""

    __tablename__ = "wx_vending_vendor"
    __table_args__ = (sa.Index("ix_wx_vending_vendor_shop", "shop_id", "person_phone", "person"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.BigInteger)
    num: Mapped[str] = mapped_column(sa.String(64))
    name: Mapped[str] = mapped_column(sa.String(64))
    address: Mapped[str] = mapped_column(sa.String(255))
    person: Mapped[str | None] = mapped_column(sa.String(64))
    person_phone: Mapped[str | None] = mapped_column(sa.String(20))


class Aisle(Base):
    """A lane of a machine (AI), set when it has a good, and how many are in it."""

    __tablename__ = "wx_vending_aisle"
    __table_args__ = (
        sa.Index("ix_wx_vending_aisle_vendor", "vendor_id"),
        sa.Index("ix_wx_vending_aisle_empty", "shop_id", "goods_num", "goods_id", "vendor_id", "capacity"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.BigInteger)
    vendor_id: Mapped[int] = mapped_column(sa.BigInteger)
    name: Mapped[str] = mapped_column(sa.String(32))
    capacity: Mapped[int] = mapped_column(sa.Integer)
    goods_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    goods_num: Mapped[int] = mapped_column(sa.Integer)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Movement(Base):
    """A line of the stock ledger: *num* of a good came to (or, below 0, left) a lane or the store (no lane)."""

    __tablename__ = "wx_vending_movement"
    __table_args__ = (
        sa.Index("ix_wx_vending_movement_place", "goods_id", "aisle_id", "num"),
        sa.Index("ix_wx_vending_movement_shop", "shop_id", "created_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.BigInteger)
    goods_id: Mapped[int] = mapped_column(sa.BigInteger)
    aisle_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    num: Mapped[int] = mapped_column(sa.Integer)
    kind: Mapped[str] = mapped_column(sa.String(16))
    who: Mapped[str] = mapped_column(sa.String(64))
    staff_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    why: Mapped[str] = mapped_column(sa.String(255))
    """What it belongs to (``VO284``, ``VR594``, ``RI57``), or the reason that was given."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Record(Base):
    """One replenishing of a machine (VR)."""

    __tablename__ = "wx_vending_record"
    __table_args__ = (sa.Index("ix_wx_vending_record_shop", "shop_id", "id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.BigInteger)
    vendor_id: Mapped[int] = mapped_column(sa.BigInteger)
    staff_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    use_name: Mapped[str] = mapped_column(sa.String(64))
    record_time: Mapped[datetime] = mapped_column(UtcDateTime)


class RecordLine(Base):
    """What went into a lane at a replenishing, under the names of that day."""

    __tablename__ = "wx_vending_record_line"
    __table_args__ = (TABLE_OPTIONS,)

    record_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    aisle_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    goods_id: Mapped[int] = mapped_column(sa.BigInteger)
    goods_num: Mapped[int] = mapped_column(sa.Integer)
    aisle_name: Mapped[str] = mapped_column(sa.String(32))
    goods_name: Mapped[str] = mapped_column(sa.String(64))


class Order(Base):
    """A sale of a machine (VO).  ``status``: 1 not paid, 2 paid, 3 refunded."""

    __tablename__ = "wx_vending_order"
    __table_args__ = (
        sa.UniqueConstraint("vendor_id", "order_no", name="uq_wx_vending_order_no"),
        sa.Index("ix_wx_vending_order_shop", "shop_id", "pay_time", "id"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.BigInteger)
    vendor_id: Mapped[int] = mapped_column(sa.BigInteger)
    order_no: Mapped[str] = mapped_column(sa.String(64))
    """The machine's own number."""
    customer_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    status: Mapped[int] = mapped_column(sa.SmallInteger)
    pay_way: Mapped[int] = mapped_column(sa.SmallInteger)
    order_fee: Mapped[int] = mapped_column(Fen)
    paid_price: Mapped[int] = mapped_column(Fen)
    goods_num: Mapped[int] = mapped_column(sa.Integer)
    order_time: Mapped[datetime] = mapped_column(UtcDateTime)
    pay_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """None as long as it is not paid: such an order is in no list."""
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OrderLine(Base):
    """A good of an order, under the names and the price of that day."""

    __tablename__ = "wx_vending_order_line"
    __table_args__ = (TABLE_OPTIONS,)

    order_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    goods_id: Mapped[int] = mapped_column(sa.BigInteger)
    goods_name: Mapped[str] = mapped_column(sa.String(64))
    goods_price: Mapped[int] = mapped_column(Fen)
    goods_num: Mapped[int] = mapped_column(sa.Integer)
    aisle_id: Mapped[int] = mapped_column(sa.BigInteger)
    aisle_name: Mapped[str] = mapped_column(sa.String(32))


class Total(Base):
    """What was sold (and not refunded) in a period, by pay time in the business zone.

    ``subject``: ``S`` the shop, ``V`` a machine, ``G`` a good; ``span``: ``H`` an hour (2026112214), ``D`` a day
    (20261122), ``M`` a month (202611).
    """

    __tablename__ = "wx_vending_total"
    __table_args__ = (TABLE_OPTIONS,)

    shop_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    subject: Mapped[str] = mapped_column(sa.String(1), primary_key=True)
    span: Mapped[str] = mapped_column(sa.String(1), primary_key=True)
    period: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    subject_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    order_num: Mapped[int] = mapped_column(sa.Integer)
    goods_num: Mapped[int] = mapped_column(sa.Integer)
    all_money: Mapped[int] = mapped_column(Fen)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Return(Base):
    """A good on its way back to the store (RI).  ``status``: 1 under way, 2 done."""

    __tablename__ = "wx_vending_return"
    __table_args__ = (sa.Index("ix_wx_vending_return_shop", "shop_id", "status", "id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.BigInteger)
    goods_id: Mapped[int] = mapped_column(sa.BigInteger)
    goods_num: Mapped[int] = mapped_column(sa.Integer)
    status: Mapped[int] = mapped_column(sa.SmallInteger)
    address: Mapped[str] = mapped_column(sa.String(64))
    use_name: Mapped[str | None] = mapped_column(sa.String(64))
    return_time: Mapped[datetime] = mapped_column(UtcDateTime)


class Fault(Base):
    """A fault of a machine (FD).

    ``status``: 1 reported, 2 sent, 3 done; ``kind``: ``stock``, ``machine``, ``staff``.
    """

    __tablename__ = "wx_vending_fault"
    __table_args__ = (
        sa.UniqueConstraint("open_key", name="uq_wx_vending_fault_open_key"),
        sa.Index("ix_wx_vending_fault_vendor", "vendor_id", "status", "kind"),
        sa.Index("ix_wx_vending_fault_shop", "shop_id", "status", "is_send", "fault_time"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.BigInteger)
    vendor_id: Mapped[int] = mapped_column(sa.BigInteger)
    kind: Mapped[str] = mapped_column(sa.String(8))
    open_key: Mapped[str | None] = mapped_column(sa.String(96))
    """Machine and fault while it is open, so that it is not opened twice; None when it is done."""
    remark: Mapped[str] = mapped_column(sa.String(255))
    fault_time: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[int] = mapped_column(sa.SmallInteger)
    is_send: Mapped[bool] = mapped_column(sa.Boolean)
    deal_name: Mapped[str | None] = mapped_column(sa.String(64))
    deal_phone: Mapped[str | None] = mapped_column(sa.String(20))
    send_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deal_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deal_remark: Mapped[str | None] = mapped_column(sa.String(1000))
    reminders: Mapped[int] = mapped_column(sa.Integer)
