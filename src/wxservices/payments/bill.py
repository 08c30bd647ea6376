"""WeChat's own account of a day (对账单, CSV) compared with ours.

The file is what the merchant platform gives out or ``/pay/downloadbill`` with ``bill_type=ALL`` answers: a line of
names, a line for each trade and each refund with a backquote before every value, and at the end a summary.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from .. import db
from ..errors import BadParameter
from ..models.payments import PaymentRow
from ..wechat.pay import BEIJING
from . import rows

TIME, NUMBER, STATE = "交易时间", "商户订单号", "交易状态"
AMOUNTS = ("订单金额", "总金额")
"""What was paid; older files have the second name."""
REFUND_NUMBER, REFUNDS = "商户退款单号", ("申请退款金额", "退款金额")
SUMMARY = "总交易单数"

_yuan = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?")

_paid_between = db.Query(
    sa.select(PaymentRow.out_trade_no).where(
        PaymentRow.paid_at >= sa.bindparam("since"), PaymentRow.paid_at < sa.bindparam("until")
    )
)


def differences(text: str) -> Iterator[str]:
    """A line for each trade and refund on which the bill and our books do not agree.

    :param text: the file.
    :raises BadParameter: it is no such bill; ``field`` is ``bill``.
    """
    lines = list(_read(text))
    in_bill = set()
    for line in lines:
        if line.get(STATE) == "SUCCESS":
            in_bill.add(line[NUMBER])
            yield from _payment(line[NUMBER], _fen(line, AMOUNTS))
        elif line.get(REFUND_NUMBER, "0") not in ("", "0"):
            yield from _refund(line[REFUND_NUMBER], _fen(line, REFUNDS))
    for day in sorted({_day(line) for line in lines}):
        ours = _paid_between.all(since=day, until=day + timedelta(days=1))
        yield from (f"{row[0]}: paid here, not in the bill" for row in ours if row[0] not in in_bill)


def _payment(number: str, fen: int) -> Iterator[str]:
    row = rows.payment.first(number=number)
    if row is None:
        yield f"{number}: {fen} fen in the bill, unknown here"
    elif row.state not in ("paid", "late"):
        yield f"{number}: {fen} fen in the bill, {row.state} here"
    elif row.amount != fen:
        yield f"{number}: {fen} fen in the bill, {row.amount} here"


def _refund(number: str, fen: int) -> Iterator[str]:
    row = rows.refund.first(number=number)
    if row is None:
        yield f"refund {number}: {fen} fen in the bill, unknown here"
    elif row.amount != fen:
        yield f"refund {number}: {fen} fen in the bill, {row.amount} here"
    elif row.state == "failed":
        yield f"refund {number}: {fen} fen in the bill, failed here"


def _read(text: str) -> Iterator[Mapping[str, str]]:
    table = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    names = [name.strip() for name in next(table, [])]
    if not {TIME, NUMBER, STATE} <= set(names):
        raise BadParameter("bill", "is not a bill of WeChat Pay")
    for values in table:
        if values[:1] == [SUMMARY]:
            return
        if values:
            yield dict(zip(names, (value.strip().removeprefix("`") for value in values), strict=False))
    raise BadParameter("bill", "ends before its summary")


def _fen(line: Mapping[str, str], names: tuple[str, ...]) -> int:
    text = next((line[name] for name in names if name in line), "")
    if not _yuan.fullmatch(text):
        raise BadParameter("bill", f"has no amount for {line[NUMBER]}")
    return int(Decimal(text).scaleb(2))


def _day(line: Mapping[str, str]) -> datetime:
    try:
        return datetime.strptime(line[TIME][:10], "%Y-%m-%d").replace(tzinfo=BEIJING)
    except ValueError:
        raise BadParameter("bill", f"has no time for {line.get(NUMBER)}") from None
