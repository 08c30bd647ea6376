"""Parameters of the calls, pages and forms of ``traffic``, under the document's names."""

from __future__ import annotations

from ...fields import Choice, DateText, IdentityNumber, Parameters, Phone, Plate, Text


class BusiType(Parameters):
    busitype = Choice("0", "1", load_default="0", label="业务类型")


class GetVerify(Parameters):
    phone = Phone(required=True, label="手机号码")


class Draft(BusiType):
    """What may be typed so far: nothing of it need be right yet."""

    phone = Text(max_length=64, load_default="")
    username = Text(max_length=64, load_default="")
    userid = Text(max_length=64, load_default="")
    carnumber = Text(max_length=64, load_default="")


class BusiSelectEnd(Parameters):
    busiid = Text(max_length=32, required=True, label="业务")


class GetOrderTime(Parameters):
    date = DateText("YYYYMMDD", required=True, label="日期")
    busitype = Choice("0", "1", required=True, label="业务类型")


class TimeSelectEnd(Parameters):
    timeid = Text(max_length=64, required=True, label="预约时间")


class OrderConfirm(Parameters):
    phone = Phone(required=True, label="手机号码")
    verifycode = Text(max_length=16, required=True, label="验证码")
    username = Text(max_length=64, required=True, label="姓名")
    userid = IdentityNumber(required=True, label="身份证号")
    busitype = Choice("0", "1", required=True, label="业务类型")
    busiid = Text(max_length=32, load_default=None, label="业务")
    carnumber = Plate(load_default=None, label="车牌号")
    timeid = Text(max_length=64, required=True, label="预约时间")


class CheckOrder(Parameters):
    ywlx = Choice("01", required=True, label="业务类型")
    idnum = IdentityNumber(required=True, label="身份证号")
    name = Text(max_length=64, required=True, label="姓名")
