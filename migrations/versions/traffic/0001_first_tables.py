"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "traffic_0001"
down_revision = None
branch_labels = ("traffic",)
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
        "wx_traffic_booking",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("ordernum", sa.String(length=24), nullable=False),
        sa.Column("openid", sa.String(length=128), nullable=False),
        sa.Column("busitype", sa.String(length=1), nullable=False),
        sa.Column("busiid", sa.String(length=32), nullable=True),
        sa.Column("businame", sa.String(length=64), nullable=False),
        sa.Column("carnumber", sa.String(length=16), nullable=True),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("userid", sa.String(length=18), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("slot_id", sa.BigInteger(), nullable=False),
        sa.Column("starttime", sa.String(length=4), nullable=False),
        sa.Column("endtime", sa.String(length=4), nullable=False),
        sa.Column("status", sa.String(length=1), nullable=False),
        sa.Column("live_key", sa.String(length=32), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("taken_at", INSTANT, nullable=True),
        sa.Column("cancelled_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_wx_traffic_booking"),
        sa.UniqueConstraint("live_key", name="uq_wx_traffic_booking_live_key"),
        sa.UniqueConstraint("ordernum", name="uq_wx_traffic_booking_ordernum"),
        **OPTIONS,
    )
    op.create_index("ix_wx_traffic_booking_day", "wx_traffic_booking", ["day", "slot_id"])
    op.create_index("ix_wx_traffic_booking_openid", "wx_traffic_booking", ["openid", "id"])
    op.create_index(
        "ix_wx_traffic_booking_person",
        "wx_traffic_booking",
        ["userid", "day", "username", "status", "starttime", "endtime", "phone", "businame"],
    )
    op.create_table(
        "wx_traffic_business",
        sa.Column("busiid", sa.String(length=32), nullable=False),
        sa.Column("parent_busiid", sa.String(length=32), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("businame", sa.String(length=64), nullable=False),
        sa.Column("busitips", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("busiid", name="pk_wx_traffic_business"),
        **OPTIONS,
    )
    op.create_index("ix_wx_traffic_business_parent", "wx_traffic_business", ["parent_busiid"])
    op.create_table(
        "wx_traffic_draft",
        sa.Column("openid", sa.String(length=128), nullable=False),
        sa.Column("busitype", sa.String(length=1), nullable=False),
        sa.Column("phone", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("userid", sa.String(length=64), nullable=False),
        sa.Column("carnumber", sa.String(length=64), nullable=False),
        sa.Column("busiid", sa.String(length=32), nullable=False),
        sa.Column("timeid", sa.String(length=64), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("openid", "busitype", name="pk_wx_traffic_draft"),
        **OPTIONS,
    )
    op.create_index("ix_wx_traffic_draft_updated_at", "wx_traffic_draft", ["updated_at"])
    op.create_table(
        "wx_traffic_number",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("busitype", sa.String(length=1), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "busitype", name="pk_wx_traffic_number"),
        **OPTIONS,
    )
    op.create_table(
        "wx_traffic_slot",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("busitype", sa.String(length=1), nullable=False),
        sa.Column("day_key", sa.String(length=8), nullable=False),
        sa.Column("starttime", sa.String(length=4), nullable=False),
        sa.Column("endtime", sa.String(length=4), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_traffic_slot"),
        sa.UniqueConstraint("busitype", "day_key", "starttime", name="uq_wx_traffic_slot_starttime"),
        **OPTIONS,
    )
    op.create_table(
        "wx_traffic_tally",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("slot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("booked", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "slot_id", name="pk_wx_traffic_tally"),
        **OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("wx_traffic_tally")
    op.drop_table("wx_traffic_slot")
    op.drop_table("wx_traffic_number")
    op.drop_table("wx_traffic_draft")
    op.drop_table("wx_traffic_business")
    op.drop_table("wx_traffic_booking")
