"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "common_0001"
down_revision = None
branch_labels = ("common",)
depends_on = None

INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPTIONS = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}.items()
}


def upgrade() -> None:
    op.create_table(
        "wx_common_day",
        sa.Column("service", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("service", "day", name="pk_wx_common_day"),
        **OPTIONS,
    )
    op.create_table(
        "wx_common_limit",
        sa.Column("key", sa.String(length=190), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_wx_common_limit"),
        **OPTIONS,
    )
    op.create_index("ix_wx_common_limit_expires_at", "wx_common_limit", ["expires_at"])
    op.create_table(
        "wx_common_nonce",
        sa.Column("scope", sa.String(length=128), nullable=False),
        sa.Column("value", sa.String(length=128), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("scope", "value", name="pk_wx_common_nonce"),
        **OPTIONS,
    )
    op.create_index("ix_wx_common_nonce_expires_at", "wx_common_nonce", ["expires_at"])
    op.create_table(
        "wx_common_sandbox_sms",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("service", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_common_sandbox_sms"),
        **OPTIONS,
    )
    op.create_index("ix_wx_common_sandbox_sms_phone", "wx_common_sandbox_sms", ["phone"])
    op.create_table(
        "wx_common_sms_code",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("service", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("spent_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_wx_common_sms_code"),
        **OPTIONS,
    )
    op.create_index("ix_wx_common_sms_code_expires_at", "wx_common_sms_code", ["expires_at"])
    op.create_index("ix_wx_common_sms_code_lookup", "wx_common_sms_code", ["service", "purpose", "phone", "id"])
    op.create_table(
        "wx_common_token",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("service", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_wx_common_token"),
        **OPTIONS,
    )
    op.create_index("ix_wx_common_token_expires_at", "wx_common_token", ["expires_at"])
    op.create_index("ix_wx_common_token_subject", "wx_common_token", ["service", "subject"])


def downgrade() -> None:
    op.drop_table("wx_common_token")
    op.drop_table("wx_common_sms_code")
    op.drop_table("wx_common_sandbox_sms")
    op.drop_table("wx_common_nonce")
    op.drop_table("wx_common_limit")
    op.drop_table("wx_common_day")
