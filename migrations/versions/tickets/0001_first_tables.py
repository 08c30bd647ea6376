"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "tickets_0001"
down_revision = None
branch_labels = ("tickets",)
depends_on = "common_0002"

INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPTIONS = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}.items()
}


def upgrade() -> None:
    op.create_table(
        "wx_tickets_bag",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("picture", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_wx_tickets_bag"),
        **OPTIONS,
    )
    op.create_table(
        "wx_tickets_contact",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("identity", sa.String(length=18), nullable=False),
        sa.Column("identity_type", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("linkman_type", sa.String(length=8), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_tickets_contact"),
        sa.UniqueConstraint("user_id", "identity", name="uq_wx_tickets_contact_identity"),
        **OPTIONS,
    )
    op.create_table(
        "wx_tickets_detail",
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("seat_type", sa.String(length=64), nullable=False),
        sa.Column("departure_date", sa.Date(), nullable=False),
        sa.Column("train_num", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "position", name="pk_wx_tickets_detail"),
        **OPTIONS,
    )
    op.create_table(
        "wx_tickets_ledger",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_tickets_ledger"),
        sa.UniqueConstraint("order_id", "entry", "account", name="uq_wx_tickets_ledger_entry"),
        **OPTIONS,
    )
    op.create_index("ix_wx_tickets_ledger_account", "wx_tickets_ledger", ["account", "fen"])

    op.create_table(
        "wx_tickets_move",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_tickets_move"),
        **OPTIONS,
    )
    op.create_index("ix_wx_tickets_move_order", "wx_tickets_move", ["order_id", "id"])

    op.create_table(
        "wx_tickets_order",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("order_no", sa.String(length=22), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("user_seq", sa.BigInteger(), nullable=False),
        sa.Column("merchant_id", sa.BigInteger(), nullable=True),
        sa.Column("merchant_seq", sa.BigInteger(), nullable=True),
        sa.Column("ticket_identity", sa.String(length=18), nullable=False),
        sa.Column("identity_type", sa.String(length=16), nullable=False),
        sa.Column("linkman_type", sa.String(length=8), nullable=False),
        sa.Column("ticket_name", sa.String(length=64), nullable=False),
        sa.Column("from_site", sa.String(length=64), nullable=False),
        sa.Column("to_site", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("ticket_note", sa.String(length=255), nullable=False),
        sa.Column("credit", sa.BigInteger(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("modified_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_tickets_order"),
        sa.UniqueConstraint("merchant_id", "merchant_seq", name="uq_wx_tickets_order_merchant"),
        sa.UniqueConstraint("order_no", name="uq_wx_tickets_order_order_no"),
        sa.UniqueConstraint("user_id", "user_seq", name="uq_wx_tickets_order_user"),
        **OPTIONS,
    )
    op.create_index("ix_wx_tickets_order_status", "wx_tickets_order", ["status", "id"])

    op.create_table(
        "wx_tickets_user",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("openid", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("image", sa.String(length=255), nullable=False),
        sa.Column("wxno", sa.String(length=64), nullable=False),
        sa.Column("birthday", sa.Date(), nullable=True),
        sa.Column("identity", sa.String(length=18), nullable=False),
        sa.Column("real_name", sa.String(length=64), nullable=False),
        sa.Column("customer_account", sa.String(length=64), nullable=False),
        sa.Column("benefit_rate", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("cool_amount", sa.BigInteger(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_tickets_user"),
        sa.UniqueConstraint("openid", "role", name="uq_wx_tickets_user_openid"),
        **OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("wx_tickets_user")
    op.drop_table("wx_tickets_order")
    op.drop_table("wx_tickets_move")
    op.drop_table("wx_tickets_ledger")
    op.drop_table("wx_tickets_detail")
    op.drop_table("wx_tickets_contact")
    op.drop_table("wx_tickets_bag")
