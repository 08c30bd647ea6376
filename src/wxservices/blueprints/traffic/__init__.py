"""The document ``traffic``: booking pages in WeChat, and the kiosk's call.

Mount it with ``app.register_blueprint(traffic.bp)``.
"""

from __future__ import annotations

from typing import Any

from flask import url_for

from ...services.traffic import SERVICE, booking, businesses, drafts, kiosk, slots
from ..document import Call, Document, Form, Page
from ..guards import address, openid, openid_from_wechat, openid_or_menu, own_site
from . import schemas
from .envelopes import KioskReply, Reply


def _to(page: str, **fixed: str) -> Any:
    """Where a form leads: *page*, for the type that was sent (or *fixed*)."""
    return lambda sent: url_for(f"traffic.{page}", busitype=fixed.get("busitype") or sent["busitype"])


def _to_info_of_time(sent: dict[str, Any]) -> str:
    return url_for("traffic.wx_infoinput", busitype=slots.busitype_of(sent["timeid"]))


def _nothing() -> dict[str, Any]:
    return {}


MENU = (openid_from_wechat,)
VISITOR = (openid_or_menu("traffic.wx_orderselect"),)
SUBMIT = (own_site, *VISITOR)
DRAFT, TYPE = schemas.Draft, schemas.BusiType

bp = Document(
    SERVICE,
    __name__,
    envelope=Reply(),
    urls=[
        # 1 业务选择
        Page("/wx/orderselect", None, _nothing, MENU, template="orderselect.html"),
        # 2 预约信息输入
        Page("/wx/infoinput", TYPE, drafts.chosen, VISITOR, template="infoinput.html", context=drafts.typed),
        Call("/wx/getverify", schemas.GetVerify, booking.send_code, (own_site, address)),
        # 3 点击业务选择
        Form("/wx/busiselect", DRAFT, drafts.keep, SUBMIT, then=_to("wx_busiselect")),
        Page("/wx/busiselect", TYPE, businesses.tree, VISITOR, template="busiselect.html", context=drafts.typed),
        Form(
            "/wx/busiselectend",
            schemas.BusiSelectEnd,
            drafts.choose_business,
            SUBMIT,
            then=_to("wx_infoinput", busitype="0"),
            back="/wx/busiselect",
        ),
        # 3 点击时间选择
        Form("/wx/timeselect", DRAFT, drafts.keep, SUBMIT, then=_to("wx_timeselect")),
        Page("/wx/timeselect", TYPE, slots.days, VISITOR, template="timeselect.html", context=drafts.typed),
        Call("/wx/getordertime", schemas.GetOrderTime, slots.times, (own_site,)),
        Form(
            "/wx/timeselectend",
            schemas.TimeSelectEnd,
            drafts.choose_time,
            SUBMIT,
            then=_to_info_of_time,
            back="/wx/timeselect",
        ),
        # 3 按下确认
        Call("/wx/orderconfirm", schemas.OrderConfirm, booking.confirm, (own_site, openid)),
        Page("/wx/orderresult", None, _nothing, VISITOR, template="orderresult.html"),
        # 4 预约信息查询
        Page("/wx/orderquery", None, booking.orders, MENU, template="orderquery.html"),
        # 5 设备端接口
        Call("/wx/checkorder", schemas.CheckOrder, kiosk.check_order, (address,), KioskReply()),
    ],
)
