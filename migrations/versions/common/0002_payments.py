"""WeChat Pay: payments, refunds, leases and the sandbox's trades."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "common_0002"
down_revision = "common_0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
FEN = sa.BigInteger()
OPTIONS = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}.items()
}


def upgrade() -> None:
    op.create_table(
        "wx_common_lease",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_wx_common_lease"),
        **OPTIONS,
    )
    op.create_table(
        "wx_common_payment",
        sa.Column("out_trade_no", sa.String(length=32), nullable=False),
        sa.Column("service", sa.String(length=32), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("openid", sa.String(length=128), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("body", sa.String(length=127), nullable=False),
        sa.Column("amount", FEN, nullable=False),
        sa.Column("refunding", FEN, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("prepay_id", sa.String(length=64), nullable=True),
        sa.Column("prepaid_at", INSTANT, nullable=True),
        sa.Column("transaction_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("paid_at", INSTANT, nullable=True),
        sa.Column("asked_at", INSTANT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", INSTANT, nullable=True),
        sa.Column("leased_until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("out_trade_no", name="pk_wx_common_payment"),
        **OPTIONS,
    )
    op.create_index("ix_wx_common_payment_next_try", "wx_common_payment", ["next_try"])
    op.create_index("ix_wx_common_payment_paid_at", "wx_common_payment", ["paid_at"])
    op.create_table(
        "wx_common_refund",
        sa.Column("out_refund_no", sa.String(length=64), nullable=False),
        sa.Column("out_trade_no", sa.String(length=32), nullable=False),
        sa.Column("service", sa.String(length=32), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("total", FEN, nullable=False),
        sa.Column("amount", FEN, nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("stray", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("err_code", sa.String(length=32), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("asked_at", INSTANT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", INSTANT, nullable=True),
        sa.Column("leased_until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("out_refund_no", name="pk_wx_common_refund"),
        **OPTIONS,
    )
    op.create_index("ix_wx_common_refund_next_try", "wx_common_refund", ["next_try"])
    op.create_index("ix_wx_common_refund_out_trade_no", "wx_common_refund", ["out_trade_no"])
    op.create_table(
        "wx_common_sandbox_next",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_wx_common_sandbox_next"),
        **OPTIONS,
    )
    op.create_table(
        "wx_common_sandbox_refund",
        sa.Column("out_refund_no", sa.String(length=64), nullable=False),
        sa.Column("out_trade_no", sa.String(length=32), nullable=False),
        sa.Column("refund_id", sa.String(length=32), nullable=False),
        sa.Column("refund_fee", FEN, nullable=False),
        sa.Column("refund_status", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("out_refund_no", name="pk_wx_common_sandbox_refund"),
        **OPTIONS,
    )
    op.create_index("ix_wx_common_sandbox_refund_out_trade_no", "wx_common_sandbox_refund", ["out_trade_no"])
    op.create_table(
        "wx_common_sandbox_trade",
        sa.Column("out_trade_no", sa.String(length=32), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("openid", sa.String(length=128), nullable=False),
        sa.Column("total_fee", FEN, nullable=False),
        sa.Column("paid_fee", FEN, nullable=True),
        sa.Column("trade_state", sa.String(length=16), nullable=False),
        sa.Column("prepay_id", sa.String(length=64), nullable=False),
        sa.Column("transaction_id", sa.String(length=32), nullable=True),
        sa.Column("time_end", sa.String(length=14), nullable=True),
        sa.PrimaryKeyConstraint("out_trade_no", name="pk_wx_common_sandbox_trade"),
        **OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("wx_common_sandbox_trade")
    op.drop_table("wx_common_sandbox_refund")
    op.drop_table("wx_common_sandbox_next")
    op.drop_table("wx_common_refund")
    op.drop_table("wx_common_payment")
    op.drop_table("wx_common_lease")
