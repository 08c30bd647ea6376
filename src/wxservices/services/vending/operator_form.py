"""The form of what the operator of ``vending`` loads, and what must hold in it before anything is written.

::

    vending:
      shops: [{shop_id: SH888, shop_name: 赛领科技, shop_logo: https://example.com/logo.png}]
      staff: [{phone: "19960000000", name: 冉总, shops: [SH888]}]
      categories: [{category_id: VGC9, shop_id: SH888, category_name: 饮料}]
      goods: [{vendor_goods_id: VG9, shop_id: SH888, category_id: VGC9, goods_name: 百事可乐, goods_price: 3}]
      vendors:
        - {vendor_id: VI107, shop_id: SH888, vendor_num: "0107", vendor_name: 一楼, address: 一楼大厅,
           aisles: [{aisle_id: AI56, aisle_name: "1", aisle_capacity: 5, vendor_goods_id: VG9, goods_num: 3}]}
      orders: []

A thing is known by its id, a person by the phone.  What is in a store or a lane (``goods_stock``, ``vendor_goods_id``,
``goods_num``) counts when the good or the lane is new; later the ledger alone says it.  An order is history: it counts
in the boards, and moves no stock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError, validates_schema

from ... import db, fields
from ...models.vending import Aisle, Category, Goods, Shop, Vendor
from ...operator_fields import Rows
from .ids import AISLE, CATEGORY, CUSTOMER, GOODS, ORDER, SHOP, VENDOR, PrefixedId, written

_SECTIONS = {
    "shops": ("shop_id", SHOP),
    "categories": ("category_id", CATEGORY),
    "goods": ("vendor_goods_id", GOODS),
    "vendors": ("vendor_id", VENDOR),
}
"""The lists of things with an id, and the field that has it."""

_NAMED_BY = {
    SHOP: ("shop_id",),
    CATEGORY: ("category_id", "parent_id"),
    GOODS: ("vendor_goods_id",),
    VENDOR: ("vendor_id",),
    AISLE: ("aisle_id",),
}
_MODELS: dict[str, Any] = {SHOP: Shop, CATEGORY: Category, GOODS: Goods, VENDOR: Vendor, AISLE: Aisle}


class Digits(fields.Text):
    """A phone as the document has them: digits, of any number."""

    def checked(self, text: str) -> str:
        if not re.fullmatch("[0-9]+", text):
            raise self.make_error("format")
        return text


class Names(fields.List):
    """Names of files: an array, or a text with ``;`` between them, as a table's cell has it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fields.Text(max_length=200), max_items=20, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, str):
            value = [name for name in value.split(";") if name.strip()]
        return super()._deserialize(value, attr, data, **kwargs)


class Instant(fields.Text):
    """An instant, in seconds since 1970, as the document writes it."""

    def checked(self, text: str) -> datetime:
        if not re.fullmatch("[0-9]{1,10}", text):
            raise self.make_error("format")
        return datetime.fromtimestamp(int(text), UTC)


class ShopData(fields.Strict):
    shop_id = PrefixedId(SHOP, required=True)
    shop_name = fields.Text(max_length=64, required=True)
    shop_logo = fields.Text(max_length=255, load_default="")


class StaffData(fields.Strict):
    phone = fields.Phone(required=True)
    name = fields.Text(max_length=64, required=True)
    shops = fields.List(PrefixedId(SHOP), max_items=1000, required=True)


class CategoryData(fields.Strict):
    category_id = PrefixedId(CATEGORY, required=True)
    shop_id = PrefixedId(SHOP, required=True)
    category_name = fields.Text(max_length=64, required=True)
    parent_id = PrefixedId(CATEGORY, load_default=None)


class GoodsData(fields.Strict):
    """The labels are the heads of columns that a table of goods may have instead of the names."""

    vendor_goods_id = PrefixedId(GOODS, required=True, label="商品编号")
    shop_id = PrefixedId(SHOP, required=True, label="店铺编号")
    category_id = PrefixedId(CATEGORY, required=True, label="分类编号")
    goods_name = fields.Text(max_length=64, required=True, label="商品名称")
    goods_spec = fields.Text(max_length=64, load_default=None, label="商品规格")
    goods_bar_code = fields.Text(max_length=64, load_default=None, label="条形码")
    goods_img_list = Names(load_default=list, label="图片")
    goods_price = fields.Money(required=True, label="价格")
    goods_stock = fields.Integer(min=0, max=100_000_000, load_default=0, label="库存")


class AisleData(fields.Strict):
    aisle_id = PrefixedId(AISLE, required=True)
    aisle_name = fields.Text(max_length=32, required=True)
    aisle_capacity = fields.Integer(min=1, max=100_000, required=True)
    vendor_goods_id = PrefixedId(GOODS, load_default=None)
    goods_num = fields.Integer(min=0, max=100_000, load_default=0)

    @validates_schema
    def what_is_in_it_fits(self, data: dict[str, Any], **_: Any) -> None:
        if data["goods_num"] > (data["aisle_capacity"] if data["vendor_goods_id"] else 0):
            raise ValidationError("超过货道容量，或货道未配置商品", "goods_num")


class VendorData(fields.Strict):
    vendor_id = PrefixedId(VENDOR, required=True)
    shop_id = PrefixedId(SHOP, required=True)
    vendor_num = fields.Text(max_length=64, required=True)
    vendor_name = fields.Text(max_length=64, required=True)
    address = fields.Text(max_length=255, load_default="")
    vendor_person = fields.Text(max_length=64, load_default=None)
    person_phone = Digits(max_length=20, load_default=None)
    aisles = Rows(AisleData, "aisle_id", load_default=list)


class OrderLineData(fields.Strict):
    vendor_goods_id = PrefixedId(GOODS, required=True)
    aisle_id = PrefixedId(AISLE, required=True)
    goods_price = fields.Money(required=True)
    goods_num = fields.Integer(min=1, max=100_000, required=True)


class OrderData(fields.Strict):
    vendor_order_id = PrefixedId(ORDER, required=True)
    vendor_id = PrefixedId(VENDOR, required=True)
    order_no = fields.Text(max_length=64, load_default=None)
    customer_id = PrefixedId(CUSTOMER, load_default=None)
    order_time = Instant(required=True)
    pay_time = Instant(load_default=None)
    order_status = fields.Choice(1, 2, 3, required=True)
    pay_way = fields.Choice(1, 2, load_default=1)
    paid_price = fields.Money(load_default=None)
    goods_list = fields.List(fields.Nested(OrderLineData), min_items=1, required=True)

    @validates_schema
    def paid_or_not(self, data: dict[str, Any], **_: Any) -> None:
        if (data["pay_time"] is None) != (data["order_status"] == 1):
            raise ValidationError("已支付的订单才有支付时间", "pay_time")


class VendingData(fields.Strict):
    shops = Rows(ShopData, "shop_id")
    staff = Rows(StaffData, "phone")
    categories = Rows(CategoryData, "category_id")
    goods = Rows(GoodsData, "vendor_goods_id")
    vendors = Rows(VendorData, "vendor_id")
    orders = Rows(OrderData, "vendor_order_id")

    @validates_schema(skip_on_field_errors=False)
    def all_that_is_named_is_there(self, data: dict[str, Any], **_: Any) -> None:
        errors: dict[str, Any] = {}
        for path, reason in _Names(data).faults():
            place: Any = errors
            for step in path[:-1]:
                place = place.setdefault(step, {})
            place.setdefault(path[-1], []).append(reason)
        if errors:
            raise ValidationError(errors)


Fault = tuple[tuple[Any, ...], str]


class _Names:
    """Which ids a form names, and whose they are: by the form itself, else by the data base.

    A row that has a fault already is None; what refers to it is not called unknown.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.aisles = [
            (("vendors", index, "aisles", place), row, aisle)
            for index, row in self.rows("vendors")
            for place, aisle in enumerate(row["aisles"])
        ]
        self.owner = {
            prefix: {row[name]: row["shop_id"] for _, row in self.rows(section)}
            for section, (name, prefix) in _SECTIONS.items()
        }
        self.owner[AISLE] = {aisle["aisle_id"]: row["shop_id"] for _, row, aisle in self.aisles}
        self.stored = {prefix: self._stored(prefix) for prefix in self.owner}
        self.unsure = {prefix for section, (_, prefix) in _SECTIONS.items() if None in data.get(section, [])}
        self.unsure |= {AISLE} if VENDOR in self.unsure else set()

    def rows(self, section: str) -> list[tuple[int, dict[str, Any]]]:
        return [(index, row) for index, row in enumerate(self.data.get(section, [])) if row is not None]

    def faults(self) -> Iterator[Fault]:
        for index, row in self.rows("staff"):
            for place, shop in enumerate(row["shops"]):
                yield from self._there(("staff", index, "shops", place), SHOP, shop)
        for section, (name, prefix) in _SECTIONS.items():
            for index, row in self.rows(section):
                yield from self._there((section, index, "shop_id"), SHOP, row["shop_id"])
                if self.stored[prefix].get(row[name], row["shop_id"]) != row["shop_id"]:
                    yield (section, index, "shop_id"), "不能改到其他店铺"
        yield from self._categories()
        yield from self._goods()
        yield from self._lanes()
        for index, row in self.rows("orders"):
            shop = self._owner(VENDOR, row["vendor_id"])
            yield from self._there(("orders", index, "vendor_id"), VENDOR, row["vendor_id"])
            for place, line in enumerate(row["goods_list"]):
                for name, prefix in (("vendor_goods_id", GOODS), ("aisle_id", AISLE)):
                    yield from self._there(("orders", index, "goods_list", place, name), prefix, line[name], shop)

    def _categories(self) -> Iterator[Fault]:
        children = {row["category_id"] for _, row in self.rows("categories") if row["parent_id"] is not None}
        for index, row in self.rows("categories"):
            if row["parent_id"] is not None:
                path = ("categories", index, "parent_id")
                yield from self._there(path, CATEGORY, row["parent_id"], row["shop_id"])
                if row["parent_id"] in children:
                    yield path, "应为一级分类"

    def _goods(self) -> Iterator[Fault]:
        wanted = {row["goods_bar_code"] for _, row in self.rows("goods") if row["goods_bar_code"]}
        codes = {(row.shop_id, row.bar_code): row.id for row in _found(Goods.bar_code, wanted, Goods.shop_id, Goods.id)}
        for index, row in self.rows("goods"):
            yield from self._there(("goods", index, "category_id"), CATEGORY, row["category_id"], row["shop_id"])
            code = (row["shop_id"], row["goods_bar_code"])
            if row["goods_bar_code"] and codes.setdefault(code, row["vendor_goods_id"]) != row["vendor_goods_id"]:
                yield ("goods", index, "goods_bar_code"), f"与{written(GOODS, codes[code])}重复"

    def _lanes(self) -> Iterator[Fault]:
        numbers = {aisle["aisle_id"] for _, _, aisle in self.aisles}
        known = {row.id: row.vendor_id for row in _found(Aisle.id, numbers, Aisle.vendor_id)}
        for path, row, aisle in self.aisles:
            if known.setdefault(aisle["aisle_id"], row["vendor_id"]) != row["vendor_id"]:
                yield (*path, "aisle_id"), "属于其他设备"
            if aisle["vendor_goods_id"] is not None:
                yield from self._there((*path, "vendor_goods_id"), GOODS, aisle["vendor_goods_id"], row["shop_id"])

    def _there(self, path: tuple[Any, ...], prefix: str, number: int, shop: int | None = None) -> Iterator[Fault]:
        owner = self._owner(prefix, number)
        if owner is None and prefix not in self.unsure:
            yield path, "不存在"
        elif owner is not None and shop not in (None, owner):
            yield path, "属于其他店铺"

    def _owner(self, prefix: str, number: int) -> int | None:
        return self.owner[prefix].get(number) or self.stored[prefix].get(number)

    def _stored(self, prefix: str) -> dict[int, int]:
        model = _MODELS[prefix]
        owner = model.id.label("owner") if prefix == SHOP else model.shop_id.label("owner")
        return {row.id: row.owner for row in _found(model.id, self._named(prefix), owner)}

    def _named(self, prefix: str) -> set[int]:
        """The numbers of all ids with *prefix* in the form."""
        lines = [aisle for _, _, aisle in self.aisles]
        lines += [line for _, row in self.rows("orders") for line in row["goods_list"]]
        things = [row for section in (*_SECTIONS, "orders") for _, row in self.rows(section)] + lines
        found = {thing[name] for thing in things for name in _NAMED_BY[prefix] if thing.get(name)}
        return found | ({shop for _, row in self.rows("staff") for shop in row["shops"]} if prefix == SHOP else set())


def _found(key: Any, values: set[Any], *columns: Any) -> Iterator[Any]:
    """*key* and *columns* of the rows whose *key* is one of *values*."""
    query = db.Query(sa.select(key, *columns).where(key.in_(sa.bindparam("some", expanding=True))))
    ordered = sorted(values)
    for start in range(0, len(ordered), 500):
        yield from query.all(some=ordered[start : start + 500])
