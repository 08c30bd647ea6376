"""The document ``charging``: a mini program for charging piles.

Mount it with ``app.register_blueprint(charging.bp)``, and ``wxpay.bp`` for prepaying and WeChat's word on payments.
"""

from __future__ import annotations

from ...services.charging import SERVICE, balances, cards, people, plugs, record, starting
from ..document import Call, Document
from ..guards import address
from . import schemas
from .envelopes import RecordReply, Reply
from .rider import login, rider

V = "/wechat/smallapplet"
RIDER = (rider,)

bp = Document(
    SERVICE,
    __name__,
    envelope=Reply(),
    urls=[
        # 1 发送验证码, 2 注册, 3 登录
        Call(f"{V}/sendValidateCode", schemas.SendValidateCode, people.send_code, (address,)),
        Call(f"{V}/register", schemas.Register, people.register),
        Call(f"{V}/login", schemas.Login, login),
        # 4 绑定卡, 11 绑定虚拟卡, 12 解绑虚拟卡, 14 获取卡号列表
        Call(f"{V}/bindCard", schemas.OfCard, cards.bind, RIDER),
        Call(f"{V}/unbindCard", schemas.OfCard, cards.unbind, RIDER),
        Call(f"{V}/getCardno", None, cards.of_user, RIDER),
        # 5 获取充电桩状态, 6 获取订单号
        Call(f"{V}/getPileStatus", schemas.OfPile, plugs.status, RIDER),
        Call(f"{V}/getOrderNo", schemas.OfPlug, plugs.reserve, RIDER),
        # 7 手机支付充电, 8 异常支付
        Call(f"{V}/mobilePaymentCharging", schemas.MobilePaymentCharging, starting.pay, RIDER),
        # 9 获取订单号, 10 余额充值
        Call(f"{V}/getBalanceOrderNo", schemas.GetBalanceOrderNo, balances.number, RIDER),
        Call(f"{V}/addBalance", schemas.AddBalance, balances.add, RIDER),
        # 13 获取订单详情
        Call(f"{V}/getOrderRecord", schemas.GetOrderRecord, record.page, RIDER, RecordReply()),
    ],
)
