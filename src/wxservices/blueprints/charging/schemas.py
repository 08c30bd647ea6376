"""Parameters of the calls of ``charging``, under the document's names."""

from __future__ import annotations

import re

from ...fields import Integer, Money, Parameters, Phone, Text


class Plug(Text):
    """A plug: two digits."""

    def checked(self, text: str) -> str:
        if not re.fullmatch("[0-9]{2}", text):
            raise self.make_error("format")
        return text


class Nothing(Parameters):
    pass


class SendValidateCode(Parameters):
    phone = Phone(required=True)
    codeType = Text(max_length=32, required=True)


class Login(Parameters):
    phone = Phone(required=True)
    code = Text(max_length=16, required=True)


class Register(Login):
    wxname = Text(max_length=64, required=True)


class OfCard(Parameters):
    cardNo = Text(max_length=32, required=True)


class OfPile(Parameters):
    deviceNo = Text(max_length=32, required=True)


class OfPlug(OfPile):
    plug = Plug(required=True)


class MobilePaymentCharging(OfPlug):
    orderNo = Text(max_length=32, load_default=None)
    amount = Money(min_fen=1, load_default=None)


class GetBalanceOrderNo(Parameters):
    phone = Phone(required=True)
    amount = Money(min_fen=1, required=True)


class AddBalance(GetBalanceOrderNo):
    orderNo = Text(max_length=32, load_default=None)
    deviceNo = Text(max_length=32, load_default=None)


class GetOrderRecord(Parameters):
    pageNum = Integer(min=1, max=10**9, required=True)
    pageSize = Integer(min=1, max=100, required=True)
