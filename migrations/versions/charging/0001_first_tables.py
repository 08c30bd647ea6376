"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "charging_0001"
down_revision = None
branch_labels = ("charging",)
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
        "wx_charging_card",
        sa.Column("card_no", sa.String(length=32), nullable=False),
        sa.Column("virtual", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("virtual_of", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("card_no", name="pk_wx_charging_card"),
        sa.UniqueConstraint("virtual_of", name="uq_wx_charging_card_virtual_of"),
        **OPTIONS,
    )
    op.create_index("ix_wx_charging_card_user", "wx_charging_card", ["user_id", "card_no"])

    op.create_table(
        "wx_charging_ledger",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("order_no", sa.String(length=64), nullable=False),
        sa.Column("entry", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_charging_ledger"),
        sa.UniqueConstraint("order_no", "entry", "account", name="uq_wx_charging_ledger_entry"),
        **OPTIONS,
    )
    op.create_index("ix_wx_charging_ledger_account", "wx_charging_ledger", ["account", "fen"])

    op.create_table(
        "wx_charging_number",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_charging_number"),
        **OPTIONS,
    )
    op.create_index("ix_wx_charging_number_created_at", "wx_charging_number", ["created_at"])

    op.create_table(
        "wx_charging_order",
        sa.Column("order_no", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("user_seq", sa.BigInteger(), nullable=False),
        sa.Column("device_no", sa.String(length=32), nullable=False),
        sa.Column("plug_no", sa.String(length=2), nullable=False),
        sa.Column("card_no", sa.String(length=32), nullable=True),
        sa.Column("tag", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("cmd_status", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("held_until", INSTANT, nullable=True),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ends_by", INSTANT, nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("energy", sa.Integer(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("next_try", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("order_no", name="pk_wx_charging_order"),
        sa.UniqueConstraint("user_id", "user_seq", name="uq_wx_charging_order_user"),
        **OPTIONS,
    )
    op.create_index("ix_wx_charging_order_next_try", "wx_charging_order", ["next_try"])
    op.create_index("ix_wx_charging_order_state", "wx_charging_order", ["state", "device_no"])

    op.create_table(
        "wx_charging_pile",
        sa.Column("device_no", sa.String(length=32), nullable=False),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("tariff", sa.String(length=32), nullable=False),
        sa.Column("plugs", sa.SmallInteger(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("session", sa.BigInteger(), nullable=True),
        sa.Column("heard_at", INSTANT, nullable=True),
        sa.Column("lost_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("device_no", name="pk_wx_charging_pile"),
        **OPTIONS,
    )
    op.create_table(
        "wx_charging_plug",
        sa.Column("device_no", sa.String(length=32), nullable=False),
        sa.Column("plug_no", sa.String(length=2), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("said_at", INSTANT, nullable=True),
        sa.Column("order_no", sa.String(length=64), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("held_until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("device_no", "plug_no", name="pk_wx_charging_plug"),
        **OPTIONS,
    )
    op.create_table(
        "wx_charging_recharge",
        sa.Column("order_no", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("next_try", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("order_no", name="pk_wx_charging_recharge"),
        **OPTIONS,
    )
    op.create_index("ix_wx_charging_recharge_next_try", "wx_charging_recharge", ["next_try"])

    op.create_table(
        "wx_charging_simulated",
        sa.Column("device_no", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.String(length=8), nullable=False),
        sa.Column("plugs", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("device_no", name="pk_wx_charging_simulated"),
        **OPTIONS,
    )
    op.create_table(
        "wx_charging_tariff",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("prepay", sa.BigInteger(), nullable=False),
        sa.Column("swipe", sa.BigInteger(), nullable=False),
        sa.Column("per_kwh", sa.BigInteger(), nullable=False),
        sa.Column("unit_minutes", sa.Integer(), nullable=False),
        sa.Column("return_unused", sa.Boolean(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_wx_charging_tariff"),
        **OPTIONS,
    )
    op.create_table(
        "wx_charging_user",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("wxname", sa.String(length=64), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_charging_user"),
        sa.UniqueConstraint("phone", name="uq_wx_charging_user_phone"),
        sa.UniqueConstraint("wxname", name="uq_wx_charging_user_wxname"),
        **OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("wx_charging_user")
    op.drop_table("wx_charging_tariff")
    op.drop_table("wx_charging_simulated")
    op.drop_table("wx_charging_recharge")
    op.drop_table("wx_charging_plug")
    op.drop_table("wx_charging_pile")
    op.drop_table("wx_charging_order")
    op.drop_table("wx_charging_number")
    op.drop_table("wx_charging_ledger")
    op.drop_table("wx_charging_card")
