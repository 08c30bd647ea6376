"""The document ``tickets``: the mini program of a train-ticket agency.

Mount it with ``app.register_blueprint(tickets.bp)``, and ``wxpay.bp`` for WeChat's word on payments.
"""

from __future__ import annotations

from ...services.tickets import (
    SERVICE,
    accounts,
    contacts,
    listing,
    merchants,
    operator,
    ordering,
    phones,
    returning,
)
from ..document import Document
from ..guards import address
from . import schemas
from .checks import UserCall
from .envelopes import Reply, SignedReply

SIGNED = SignedReply()
V1 = "/api/v1/user"

bp = Document(
    SERVICE,
    __name__,
    envelope=Reply(),
    urls=[
        # 登陆
        UserCall(f"{V1}/login", schemas.Login, accounts.login, envelope=SIGNED, signed=True, public=True),
        # 获取个人信息
        UserCall(f"{V1}/getUserInfo", schemas.Bare, accounts.user_info, envelope=SIGNED),
        # 添加联系人接口, 查询联系人接口
        UserCall(f"{V1}/addContacts", schemas.AddContacts, contacts.add, signed=True),
        UserCall(f"{V1}/selectContacts", schemas.Bare, contacts.of_user),
        # 发送验证码, 校验验证码
        UserCall(f"{V1}/sendPhoneCode", schemas.SendPhoneCode, phones.send, (address,), SIGNED, signed=True),
        UserCall(f"{V1}/checkPhoneCode", schemas.CheckPhoneCode, phones.check, signed=True),
        # 下单接口
        UserCall(f"{V1}/createOrder", schemas.CreateOrder, ordering.create, signed=True),
        # 查询订单列表接口, 查询订单接口
        UserCall(f"{V1}/getOrderList", schemas.GetOrderList, listing.page, signed=True),
        UserCall(f"{V1}/getOrderDetails", schemas.OfOrder, listing.details),
        # 待支付订单支付接口
        UserCall(f"{V1}/payOrder", schemas.PayOrder, ordering.pay),
        # 取消订单接口, 订单退款接口, 订单确认接口
        UserCall(f"{V1}/cancleOrder", schemas.OfOrder, ordering.cancel),
        UserCall(f"{V1}/returnAmount", schemas.OfOrder, returning.ask),
        UserCall(f"{V1}/confirmeOrder", schemas.OfOrder, merchants.confirm),
        # 查询加油包配置接口
        UserCall(f"{V1}/appConfig", schemas.AppConfig, operator.config),
    ],
)
