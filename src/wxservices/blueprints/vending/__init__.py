"""The document ``vending``: what a vending operator's staff do from their phones.

Mount it with ``app.register_blueprint(vending.bp, url_prefix=…)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...fields import Parameters
from ...services.vending import (
    SERVICE,
    boards,
    faults,
    goods,
    home,
    lanes,
    machines,
    orders,
    replenishing,
    returns,
)
from ..document import Call, Document
from ..guards import address, own_site
from . import schemas
from .envelope import Reply
from .staff import Action, login


def _do(url: str, flag: str, schema: type[Parameters], function: Callable[..., Any]) -> Action:
    return Action(f"/{url}.php", schema, function, flag=flag)


bp = Document(
    SERVICE,
    __name__,
    envelope=Reply(),
    urls=[
        # 1 设备
        _do("vendor_get", "get_vendor_list", schemas.VendorList, machines.listed),
        _do("vendor_save", "save_vendor_status", schemas.VendorOnly, faults.report_stock),
        # 2 补货
        _do("aisle_get", "get_aisle_list", schemas.AisleList, lanes.listed),
        _do("vendor_goods_get", "get_aisle_goods", schemas.AisleGoods, goods.listed),
        _do("aisle_save", "save_aisle", schemas.SaveAisle, lanes.save),
        _do("aisle_save", "aisle_record", schemas.AisleRecord, replenishing.replenish),
        _do("vendor_goods_get", "get_oa_goods", schemas.ShopOnly, goods.by_category),
        # 3 我的记录
        _do("vendor_record_get", "get_record_list", schemas.ShopList, replenishing.listed),
        # 4 运营报表、首页
        _do("vendor_board", "get_today_data", schemas.TodayData, boards.today),
        _do("vendor_board", "get_date_board", schemas.DateBoard, boards.by_date),
        _do("vendor_board", "get_home_data", schemas.ShopOnly, home.today),
        _do("vendor_board", "get_repl_data", schemas.ShopOnly, home.stock),
        # 5 退货
        _do("return_record_save", "return_save", schemas.ReturnSave, returns.complete),
        _do("vendor_goods_get", "get_goods_bycode", schemas.GoodsByCode, goods.by_code),
        _do("return_record_save", "photo_return_save", schemas.PhotoReturn, returns.take_in),
        _do("return_record_get", "get_return_list", schemas.ReturnList, returns.listed),
        # 6 订单
        _do("vendor_order_get", "get_order_list", schemas.ShopList, orders.listed),
        _do("vendor_order_get", "get_order_info", schemas.OrderInfo, orders.details),
        # 7 故障
        _do("vendor_get", "get_vendor_person", schemas.ShopOnly, machines.people),
        _do("fault_get", "get_fault_list", schemas.FaultList, faults.listed),
        _do("fault_save", "is_send_fault", schemas.SendFault, faults.send),
        _do("fault_save", "is_reminder", schemas.FaultOnly, faults.remind),
        _do("fault_get", "is_reminder", schemas.FaultOnly, faults.details),
        _do("fault_get", "get_fault_info", schemas.FaultOnly, faults.progress),
        _do("fault_save", "save_deal", schemas.SaveDeal, faults.deal),
        # 8 登录
        Call("/login_save.php", schemas.Login, login, (own_site, address), flag="login_mp"),
    ],
)
