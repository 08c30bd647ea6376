"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "appointment_0001"
down_revision = None
branch_labels = ("appointment",)
depends_on = "common_0001"

INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPTIONS = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}.items()
}


def upgrade() -> None:
    op.create_table(
        "wx_appointment_appointment",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("open_id", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("phone_num", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("minute", sa.SmallInteger(), nullable=False),
        sa.Column("live", sa.SmallInteger(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("signed_in_at", INSTANT, nullable=True),
        sa.Column("cancelled_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_wx_appointment_appointment"),
        sa.UniqueConstraint("open_id", "live", "day", "minute", name="uq_wx_appointment_appointment_live"),
        **OPTIONS,
    )
    op.create_index("ix_wx_appointment_appointment_minute", "wx_appointment_appointment", ["day", "minute", "id"])
    op.create_index(
        "ix_wx_appointment_appointment_signed_in", "wx_appointment_appointment", ["day", "signed_in_at", "id"]
    )
    op.create_table(
        "wx_appointment_opening",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("day_key", sa.String(length=8), nullable=False),
        sa.Column("start", sa.SmallInteger(), nullable=False),
        sa.Column("end", sa.SmallInteger(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_appointment_opening"),
        sa.UniqueConstraint("day_key", "start", name="uq_wx_appointment_opening_start"),
        **OPTIONS,
    )
    op.create_table(
        "wx_appointment_tally",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("minute", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("booked", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("day", "minute", name="pk_wx_appointment_tally"),
        **OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("wx_appointment_tally")
    op.drop_table("wx_appointment_opening")
    op.drop_table("wx_appointment_appointment")
