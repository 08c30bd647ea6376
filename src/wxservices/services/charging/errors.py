"""What can be refused in ``charging``, where the document has a code of its own for it."""

from __future__ import annotations

from ...errors import Conflict, NotFound, TooMany, UpstreamError


class CodeStillGood(TooMany):
    default_message = "调用太频繁，之前的验证码还没过期"


class NoSuchCodeType(NotFound):
    default_message = "验证码类型不存在"


class PhoneTaken(Conflict):
    default_message = "手机重复"


class NameTaken(Conflict):
    default_message = "微信号重复"


class NotRegistered(NotFound):
    default_message = "未注册"


class PlugTaken(Conflict):
    default_message = "插头被占用"


class NoSuchPile(NotFound):
    default_message = "充电桩不存在"


class PileOffline(Conflict):
    default_message = "充电桩不在线"


class PlugFaulty(Conflict):
    default_message = "插头故障"


class StartFailed(Conflict):
    """``str()`` has the number in it, as the document's text has."""

    def __init__(self, order_no: str) -> None:
        super().__init__(f"订单号【{order_no}】开启失败，请联系客服")


class NoSuchCard(NotFound):
    default_message = "虚拟卡号不存在"


class HasVirtualCard(Conflict):
    default_message = "该用户已绑定虚拟卡"


class NotYourCard(Conflict):
    default_message = "用户id不匹配"


class NotConfirmed(UpstreamError):
    """WeChat does not confirm that amount for that number."""

    default_message = "系统错误，支付结果未确认"


class TooLittle(Conflict):
    default_message = "余额不足"
