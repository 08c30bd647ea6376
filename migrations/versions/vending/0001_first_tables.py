"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "vending_0001"
down_revision = None
branch_labels = ("vending",)
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
        "wx_vending_aisle",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("goods_id", sa.BigInteger(), nullable=True),
        sa.Column("goods_num", sa.Integer(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_vending_aisle"),
        **OPTIONS,
    )
    op.create_index(
        "ix_wx_vending_aisle_empty", "wx_vending_aisle", ["shop_id", "goods_num", "goods_id", "vendor_id", "capacity"]
    )
    op.create_index("ix_wx_vending_aisle_vendor", "wx_vending_aisle", ["vendor_id"])
    op.create_table(
        "wx_vending_category",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_vending_category"),
        **OPTIONS,
    )
    op.create_index("ix_wx_vending_category_shop", "wx_vending_category", ["shop_id"])
    op.create_table(
        "wx_vending_fault",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("open_key", sa.String(length=96), nullable=True),
        sa.Column("remark", sa.String(length=255), nullable=False),
        sa.Column("fault_time", INSTANT, nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("is_send", sa.Boolean(), nullable=False),
        sa.Column("deal_name", sa.String(length=64), nullable=True),
        sa.Column("deal_phone", sa.String(length=20), nullable=True),
        sa.Column("send_time", INSTANT, nullable=True),
        sa.Column("deal_time", INSTANT, nullable=True),
        sa.Column("deal_remark", sa.String(length=1000), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_vending_fault"),
        sa.UniqueConstraint("open_key", name="uq_wx_vending_fault_open_key"),
        **OPTIONS,
    )
    op.create_index("ix_wx_vending_fault_shop", "wx_vending_fault", ["shop_id", "status", "is_send", "fault_time"])
    op.create_index("ix_wx_vending_fault_vendor", "wx_vending_fault", ["vendor_id", "status", "kind"])
    op.create_table(
        "wx_vending_goods",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("spec", sa.String(length=64), nullable=True),
        sa.Column("bar_code", sa.String(length=64), nullable=True),
        sa.Column("images", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_vending_goods"),
        sa.UniqueConstraint("shop_id", "bar_code", name="uq_wx_vending_goods_bar_code"),
        **OPTIONS,
    )
    op.create_table(
        "wx_vending_member",
        sa.Column("staff_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "shop_id", name="pk_wx_vending_member"),
        **OPTIONS,
    )
    op.create_table(
        "wx_vending_movement",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("goods_id", sa.BigInteger(), nullable=False),
        sa.Column("aisle_id", sa.BigInteger(), nullable=True),
        sa.Column("num", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(length=255), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_vending_movement"),
        **OPTIONS,
    )
    op.create_index("ix_wx_vending_movement_place", "wx_vending_movement", ["goods_id", "aisle_id", "num"])
    op.create_index("ix_wx_vending_movement_shop", "wx_vending_movement", ["shop_id", "created_at"])
    op.create_table(
        "wx_vending_order",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("order_no", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("pay_way", sa.SmallInteger(), nullable=False),
        sa.Column("order_fee", sa.BigInteger(), nullable=False),
        sa.Column("paid_price", sa.BigInteger(), nullable=False),
        sa.Column("goods_num", sa.Integer(), nullable=False),
        sa.Column("order_time", INSTANT, nullable=False),
        sa.Column("pay_time", INSTANT, nullable=True),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_vending_order"),
        sa.UniqueConstraint("vendor_id", "order_no", name="uq_wx_vending_order_no"),
        **OPTIONS,
    )
    op.create_index("ix_wx_vending_order_shop", "wx_vending_order", ["shop_id", "pay_time", "id"])
    op.create_table(
        "wx_vending_order_line",
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("goods_id", sa.BigInteger(), nullable=False),
        sa.Column("goods_name", sa.String(length=64), nullable=False),
        sa.Column("goods_price", sa.BigInteger(), nullable=False),
        sa.Column("goods_num", sa.Integer(), nullable=False),
        sa.Column("aisle_id", sa.BigInteger(), nullable=False),
        sa.Column("aisle_name", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "line", name="pk_wx_vending_order_line"),
        **OPTIONS,
    )
    op.create_table(
        "wx_vending_record",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("use_name", sa.String(length=64), nullable=False),
        sa.Column("record_time", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_vending_record"),
        **OPTIONS,
    )
    op.create_index("ix_wx_vending_record_shop", "wx_vending_record", ["shop_id", "id"])
    op.create_table(
        "wx_vending_record_line",
        sa.Column("record_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("aisle_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("goods_id", sa.BigInteger(), nullable=False),
        sa.Column("goods_num", sa.Integer(), nullable=False),
        sa.Column("aisle_name", sa.String(length=32), nullable=False),
        sa.Column("goods_name", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "aisle_id", name="pk_wx_vending_record_line"),
        **OPTIONS,
    )
    op.create_table(
        "wx_vending_return",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("goods_id", sa.BigInteger(), nullable=False),
        sa.Column("goods_num", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("use_name", sa.String(length=64), nullable=True),
        sa.Column("return_time", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_vending_return"),
        **OPTIONS,
    )
    op.create_index("ix_wx_vending_return_shop", "wx_vending_return", ["shop_id", "status", "id"])
    op.create_table(
        "wx_vending_shop",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("logo", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wx_vending_shop"),
        **OPTIONS,
    )
    op.create_table(
        "wx_vending_staff",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_wx_vending_staff"),
        sa.UniqueConstraint("phone", name="uq_wx_vending_staff_phone"),
        **OPTIONS,
    )
    op.create_table(
        "wx_vending_total",
        sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(length=1), nullable=False),
        sa.Column("span", sa.String(length=1), nullable=False),
        sa.Column("period", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order_num", sa.Integer(), nullable=False),
        sa.Column("goods_num", sa.Integer(), nullable=False),
        sa.Column("all_money", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "subject", "span", "period", "subject_id", name="pk_wx_vending_total"),
        **OPTIONS,
    )
    op.create_table(
        "wx_vending_vendor",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("num", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("person_phone", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_wx_vending_vendor"),
        **OPTIONS,
    )
    op.create_index("ix_wx_vending_vendor_shop", "wx_vending_vendor", ["shop_id", "person_phone", "person"])


def downgrade() -> None:
    op.drop_table("wx_vending_vendor")
    op.drop_table("wx_vending_total")
    op.drop_table("wx_vending_staff")
    op.drop_table("wx_vending_shop")
    op.drop_table("wx_vending_return")
    op.drop_table("wx_vending_record_line")
    op.drop_table("wx_vending_record")
    op.drop_table("wx_vending_order_line")
    op.drop_table("wx_vending_order")
    op.drop_table("wx_vending_movement")
    op.drop_table("wx_vending_member")
    op.drop_table("wx_vending_goods")
    op.drop_table("wx_vending_fault")
    op.drop_table("wx_vending_category")
    op.drop_table("wx_vending_aisle")
