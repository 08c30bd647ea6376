"""Parameters of the calls of ``tickets``, the members of ``data``, under the document's names."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from ... import payload
from ...errors import BadParameter
from ...fields import Choice, DateText, IdentityNumber, Integer, List, Money, Nested, Parameters, Phone, Text


class Address(Text):
    """An IP address, as ``str``."""

    def checked(self, text: str) -> str:
        try:
            return str(ip_address(text))
        except ValueError:
            raise self.make_error("format") from None


class Rows(List):
    """An array, or the JSON text of one."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, str):
            try:
                value = payload.loads(value)
            except BadParameter:
                raise self.make_error("format") from None
        return super()._deserialize(value, attr, data, **kwargs)


class Bare(Parameters):
    """A call whose table lists no ``sign``: one may come all the same, and a nonce with it."""

    nonceStr = Text(max_length=32, load_default=None)


class Signed(Parameters):
    nonceStr = Text(max_length=32, required=True)


class Login(Signed):
    code = Text(max_length=512, required=True)


class AddContacts(Signed):
    indentity = Text(required=True)
    name = Text(required=True)
    linkmanType = Choice("成人", "儿童", "学生", required=True)
    indentityType = Choice("身份证", required=True)


class SendPhoneCode(Signed):
    phoneNo = Phone(required=True)


class CheckPhoneCode(SendPhoneCode):
    smsCode = Text(max_length=16, required=True)


class Journey(Parameters):
    seatType = Text(max_length=64, required=True)
    departureDate = DateText("YYYY-MM-DD", required=True)
    trainNum = Text(max_length=64, required=True)


class CreateOrder(Signed):
    ticketIdentity = IdentityNumber(required=True)
    ticketName = Text(max_length=64, required=True)
    fromSite = Text(max_length=64, required=True)
    toSite = Text(max_length=64, required=True)
    ticketDetails = Rows(Nested(Journey), min_items=1, max_items=10, required=True)
    orderAmount = Money(min_fen=1, required=True)
    termIp = Address(max_length=45, required=True)


class GetOrderList(Signed):
    pageNum = Integer(min=1, max=10**9, required=True)
    pageSize = Integer(min=1, max=100, required=True)


class OfOrder(Bare):
    id = Integer(min=1, required=True)


class PayOrder(Bare):
    id = Integer(min=1, load_default=None)
    orderNo = Text(max_length=32, load_default=None)


class AppConfig(Bare):
    keyType = Text(max_length=64, required=True)
