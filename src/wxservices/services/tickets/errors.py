"""What can go wrong with a ticket order, beside the common errors.

::

    NotFound
    └── NoSuchOrder             no such order, or another's
    BadParameter
    └── BadPassenger            the name or the identity number of a contact
    Conflict
    ├── MoveRefused             the order is in another state, or was moved by another in the same moment
    │   ├── RobRefused          by a merchant who wanted it
    │   ├── HandInRefused       by the merchant who has it
    │   └── ConfirmRefused      by its customer, who has the tickets
    ├── UnfreezeRefused         the merchant's frozen balance does not hold what is to be moved
    └── ContactExists
    UpstreamRefused
    └── LoginRefused            WeChat does not take the code of ``wx.login``
    NotKept                     the data base does not take what must be kept
    ├── AccountNotKept          a new account
    ├── ProfileNotKept          a change to one
    ├── ContactNotKept
    ├── DetailsNotKept          the journeys of an order
    └── CodeNotChecked          the tries of an SMS code
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from ...errors import BadParameter, Conflict, NotFound, ServiceError, UpstreamRefused

log = logging.getLogger(__name__)


class NoSuchOrder(NotFound):
    default_message = "该订单不存在"


class BadPassenger(BadParameter):
    """``field`` is ``name`` or ``indentity``."""


class MoveRefused(Conflict):
    default_message = "订单当前状态不允许该操作"


class RobRefused(MoveRefused):
    default_message = "商户抢单失败"


class HandInRefused(MoveRefused):
    default_message = "商户下单失败"


class ConfirmRefused(MoveRefused):
    default_message = "订单确认失败"


class UnfreezeRefused(Conflict):
    default_message = "解冻金额失败"


class ContactExists(Conflict):
    default_message = "该联系人已存在"


class LoginRefused(UpstreamRefused):
    default_message = "调用微信获取openid失败"


class NotKept(ServiceError):
    default_message = "保存失败，请稍后再试"


class AccountNotKept(NotKept):
    pass


class ProfileNotKept(NotKept):
    pass


class ContactNotKept(NotKept):
    pass


class DetailsNotKept(NotKept):
    pass


class CodeNotChecked(NotKept):
    pass


@contextmanager
def kept_or(error: type[NotKept]) -> Iterator[None]:
    """Turn a fault of the data base into *error*, for which the document has a code of its own; it is logged."""
    try:
        yield
    except sa.exc.SQLAlchemyError as fault:
        log.error("%s", error.__name__, exc_info=fault)
        raise error from fault
