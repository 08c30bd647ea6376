"""What can be wrong with a payment.

::

    Conflict
    ├── AlreadyPaid      the money is here
    ├── PaymentClosed    it was closed, or its time is over
    └── AmountMismatch   WeChat tells of another amount, merchant or mini program than was asked for
"""

from __future__ import annotations

from ..errors import Conflict


class AlreadyPaid(Conflict):
    default_message = "商户订单已支付，无需重复操作"


class PaymentClosed(Conflict):
    default_message = "当前订单已关闭，请重新下单"


class AmountMismatch(Conflict):
    default_message = "实际付款金额与订单金额不等"
