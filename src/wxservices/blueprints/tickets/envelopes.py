"""``{"code", "msg", "data"}``: the replies of ``tickets``, and the appendix's codes."""

from __future__ import annotations

from typing import Any, ClassVar

from ... import payload, payments, signing, sms
from ...envelope import Envelope
from ...errors import (
    BadParameter,
    Conflict,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    ServiceError,
    UpstreamError,
    UpstreamRefused,
)
from ...services.tickets import errors
from ...state import current_state
from ..document import to_json
from . import checks

TEXTS = {
    "0000": "成功",
    "9999": "服务器异常",
    "0001": "用户保存信息失败",
    "0002": "密码错误",
    "0003": "修改用户信息失败",
    "0004": "商户抢单失败",
    "0005": "商户下单失败",
    "0006": "用户未登陆",
    "0007": "缺少loginkey",
    "0008": "缺少userId",
    "0009": "修改用户微信信息表失败",
    "0010": "订单确认失败",
    "0011": "解冻金额失败",
    "0012": "订单取消失败",
    "0013": "缺少参数",
    "0015": "修改钱包充值金额有误",
    "0016": "缺少appCode",
    "0017": "签名失败",
    "0018": "缺少签名",
    "0019": "发送验证码操作失败，请重试",
    "0020": "验证码已失效，请重试",
    "0021": "验证码错误，请重新输入",
    "0022": "验证码操作失败，请重试",
    "0023": "身份证或者姓名有误，请检查",
    "0024": "添加联系人失败",
    "0025": "该联系人已存在",
    "0026": "创建订单明细失败",
    "0027": "该订单不存在",
    "1000": "调用微信获取openid失败",
    "1001": "微信调用通讯失败",
    "1002": "商户未开通此接口权限",
    "1003": "帐号余额不足，请用户充值或更换支付卡后再支付",
    "1004": "商户订单已支付，无需重复操作",
    "1005": "当前订单已关闭，请重新下单",
    "1006": "请检查APPID是否正确",
    "1007": "请检查MCHID是否正确",
    "1008": "请确认appid和mch_id是否匹配",
    "1009": "请核实商户订单号是否重复提交",
    "1010": "请检查签名参数和方法是否都符合签名算法要求",
    "1011": "请检查XML参数格式是否正确",
    "1012": "请检查请求参数是否通过post方法提交",
    "1013": "请检查post数据是否为空",
    "1014": "请使用UTF-8编码格式",
    "1016": "查询不到愿订单信息",
    "1017": "实际付款金额与充值金额不等",
}
"""The appendix (响应码表), letter by letter."""

PAY_CODES = {
    "NOAUTH": "1002",
    "NOTENOUGH": "1003",
    "ORDERPAID": "1004",
    "ORDERCLOSED": "1005",
    "APPID_NOT_EXIST": "1006",
    "MCHID_NOT_EXIST": "1007",
    "APPID_MCHID_NOT_MATCH": "1008",
    "OUT_TRADE_NO_USED": "1009",
    "SIGNERROR": "1010",
    "XML_FORMAT_ERROR": "1011",
    "LACK_PARAMS": "1011",
    "REQUIRE_POST_METHOD": "1012",
    "POST_DATA_EMPTY": "1013",
    "NOT_UTF8": "1014",
    "ORDERNOTEXIST": "1016",
}
"""WeChat Pay's err_code; any other counts as no answer."""


class Reply(Envelope):
    """``msg`` is the appendix's text; 0013 has the parameter after it."""

    codes: ClassVar = {
        checks.NoAppCode: "0016",
        checks.NoUserId: "0008",
        checks.NoLoginKey: "0007",
        NotAuthenticated: "0006",
        checks.NoSign: "0018",
        checks.BadSign: "0017",
        BadParameter: "0013",
        errors.BadPassenger: "0023",
        errors.NoSuchOrder: "0027",
        errors.MoveRefused: "0012",
        errors.RobRefused: "0004",
        errors.HandInRefused: "0005",
        errors.ConfirmRefused: "0010",
        errors.UnfreezeRefused: "0011",
        errors.ContactExists: "0025",
        errors.AccountNotKept: "0001",
        errors.ProfileNotKept: "0003",
        errors.ContactNotKept: "0024",
        errors.DetailsNotKept: "0026",
        errors.CodeNotChecked: "0022",
        errors.LoginRefused: "1000",
        sms.SendFailed: "0019",
        sms.TooManyCodes: "0019",
        sms.CodeExpired: "0020",
        sms.CodeWrong: "0021",
        sms.CodeRefused: "0022",
        payments.AlreadyPaid: "1004",
        payments.PaymentClosed: "1005",
        payments.AmountMismatch: "1017",
        UpstreamError: "1001",
        Conflict: "0012",
        NotAllowed: "0004",
        NotFound: "0027",
        ServiceError: "9999",
        Exception: "9999",
    }

    def success(self, result: Any) -> dict[str, Any]:
        return self._reply("0000", TEXTS["0000"], {} if result is None else result)

    def error(self, error: Exception) -> dict[str, Any]:
        # WeChat Pay's refusals are one class and many codes.
        if type(error) is UpstreamRefused and error.code in PAY_CODES:
            return self.failure(PAY_CODES[error.code], error.message)
        reply: dict[str, Any] = super().error(error)
        return reply

    def failure(self, code: str, message: str) -> dict[str, Any]:
        return self._reply(code, f"{TEXTS[code]} {message}" if code == "0013" else TEXTS[code], {})

    def _reply(self, code: str, msg: str, data: Any) -> dict[str, Any]:
        as_text = current_state().settings.tickets_data_as_string
        return {"code": code, "msg": msg, "data": to_json(data) if as_text else data}


class SignedReply(Reply):
    """A reply whose ``data`` is signed as requests are."""

    def success(self, result: dict[str, Any]) -> dict[str, Any]:
        # What is signed is what will be written: 80, where 80.00 yuan are meant.
        written = signing.texts(payload.loads(to_json(result)))
        return super().success({**result, "sign": signing.md5(written, current_state().settings.tickets_sign_key)})
