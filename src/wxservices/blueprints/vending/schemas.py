"""Parameters of the actions of ``vending``, under the document's names."""

from __future__ import annotations

from ...fields import Choice, DateText, Integer, List, Nested, Parameters, Text
from ...services.vending.ids import AISLE, CATEGORY, FAULT, GOODS, ORDER, RETURN, SHOP, VENDOR, PrefixedId
from ...services.vending.operator_form import Digits

LAST_PAGE = 10_000


class ShopOnly(Parameters):
    shop_id = PrefixedId(SHOP, required=True)


class VendorOnly(Parameters):
    vendor_id = PrefixedId(VENDOR, required=True)


class FaultOnly(Parameters):
    fault_id = PrefixedId(FAULT, required=True)


class Page(Parameters):
    """Paging as the document has it."""

    page_size = Integer(min=1, max=100, load_default=10)
    page_no = Integer(min=1, max=LAST_PAGE, load_default=1)


class Window(Parameters):
    """Paging where the document has none: honoured if it is sent."""

    page_size = Integer(min=1, max=100, load_default=None)
    page_no = Integer(min=1, max=LAST_PAGE, load_default=None)


class ShopList(ShopOnly, Window):
    pass


class VendorList(Page):
    vendor_name = Text(max_length=64, load_default=None)
    sort = Choice(1, 2, 3, load_default=1)
    vendor_status_list = List(Choice(1, 2, 3, 4), max_items=4, load_default=None)


class AisleList(VendorOnly):
    normal = Choice(1, load_default=None)


class AisleGoods(VendorOnly):
    search = Text(max_length=64, load_default=None)


class SaveAisle(Parameters):
    aisle_id = PrefixedId(AISLE, required=True)
    vendor_goods_id = PrefixedId(GOODS, load_default=None)
    is_sale = Choice(1, load_default=None)
    goods_num = Integer(min=0, max=100_000, load_default=None)


class RecordLine(Parameters):
    aisle_id = PrefixedId(AISLE, required=True)
    vendor_goods_id = PrefixedId(GOODS, required=True)
    goods_num = Integer(min=1, max=100_000, required=True)


class AisleRecord(VendorOnly):
    lines = List(Nested(RecordLine), min_items=1, max_items=200, required=True, data_key="list")
    use_name = Text(max_length=64, load_default=None)


class TodayData(ShopOnly):
    time_cut = Choice(1, 2, 3, 4, 6, 8, 12, 24, load_default=2)


class DateBoard(ShopOnly):
    time_type = Choice(1, 2, 3, required=True)
    begin_day = DateText("YYYYMMDD", load_default=None)
    end_day = DateText("YYYYMMDD", load_default=None)


class ReturnSave(Parameters):
    return_id = PrefixedId(RETURN, required=True)
    use_name = Text(max_length=64, load_default=None)


class GoodsByCode(ShopOnly):
    goods_bar_code = Text(max_length=64, required=True)


class PhotoReturn(ShopOnly):
    vendor_goods_id = PrefixedId(GOODS, required=True)


class ReturnList(ShopList):
    return_status = Choice(1, 2, load_default=None)
    category_id = PrefixedId(CATEGORY, load_default=None)


class OrderInfo(Parameters):
    vendor_order_id = PrefixedId(ORDER, required=True)


class FaultList(ShopOnly, Page):
    is_send = Choice(0, 1, load_default=None)
    deal_status = Choice(1, 3, load_default=None)
    vendor_name = Text(max_length=64, load_default=None)


class SendFault(FaultOnly):
    deal_name = Text(max_length=64, required=True)
    name = Digits(max_length=20, required=True, label="电话")


class SaveDeal(FaultOnly):
    deal_status = Choice(1, 3, required=True)
    deal_remark = Text(max_length=1000, multiline=True, load_default=None)


class Login(Parameters):
    phone = Text(max_length=20, required=True)
    password_md5 = Text(max_length=128, required=True)
