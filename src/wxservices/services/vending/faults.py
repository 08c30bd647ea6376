"""Faults: reported, sent to somebody, seen to (document ``vending``, 1.1 and 7)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ... import clock, db, signals
from ...errors import Conflict, NotFound
from ...models.vending import Fault, Vendor
from . import machines
from .goods import pattern
from .ids import FAULT, SHOP, VENDOR, written
from .paging import page

STOCK, MACHINE, STAFF = "stock", "machine", "staff"
"""Who found it: the lanes are empty, the machine says so, a person says so."""

REPORTED, SENT, DONE = 1, 2, 3

_vendor = db.Query(sa.select(Vendor.shop_id).where(Vendor.id == sa.bindparam("vendor_id")))
_by_key = db.Query(sa.select(Fault.id).where(Fault.open_key == sa.bindparam("open_key")))
_joined = sa.select(
    *Fault.__table__.c, Vendor.num.label("vendor_num"), Vendor.name.label("vendor_name"), Vendor.address
).join(Vendor, Vendor.id == Fault.vendor_id)
_one = db.Query(_joined.where(Fault.id == sa.bindparam("fault_id")))
_wanted = _joined.where(
    Fault.shop_id == sa.bindparam("shop_id"),
    Fault.status.in_(sa.bindparam("statuses", expanding=True)),
    Fault.is_send.in_(sa.bindparam("sent", expanding=True)),
    sa.or_(
        sa.func.lower(Vendor.name).like(sa.bindparam("pattern"), escape="/"),
        sa.func.lower(Vendor.num).like(sa.bindparam("pattern"), escape="/"),
    ),
)
_page = db.Query(
    _wanted.order_by(Fault.fault_time.desc(), Fault.id.desc())
    .limit(sa.bindparam("rows"))
    .offset(sa.bindparam("skipped"))
)
_count = db.Query(
    sa.select(sa.func.count()).select_from(_wanted.with_only_columns(Fault.id, maintain_column_froms=True).subquery())
)
_open_counts = db.Query(
    sa.select(Fault.status, sa.func.count().label("number"))
    .where(Fault.shop_id == sa.bindparam("shop_id"), Fault.status.in_([REPORTED, SENT]))
    .group_by(Fault.status)
)

_open = sa.update(Fault).where(Fault.id == sa.bindparam("number"), Fault.status.in_([REPORTED, SENT]))
_dispatch = _open.values(
    status=SENT,
    is_send=True,
    deal_name=sa.bindparam("name"),
    deal_phone=sa.bindparam("phone"),
    send_time=sa.bindparam("now"),
)
_remind = _open.values(reminders=Fault.reminders + 1)
_finish = _open.values(
    status=DONE, open_key=None, deal_remark=sa.bindparam("remark_on_it"), deal_time=sa.bindparam("now")
)
_keep_remark = _open.values(deal_remark=sa.bindparam("remark_on_it"))


def report(*, vendor_id: int, remark: str = "", kind: str = MACHINE, code: str = "") -> int:
    """Open a fault of a machine, unless it has the same one open, and answer its number.

    :param kind: ``machine``, ``staff`` or ``stock``.
    :param code: what tells faults of one kind apart, at most 64 characters.
    :raises NotFound: no such machine.
    """
    shop_id = _vendor.scalar(vendor_id=vendor_id)
    if shop_id is None:
        raise NotFound("vendor_id 不存在")
    open_key = f"{vendor_id}:{kind}:{code}"
    try:
        with db.transaction():
            fault_id = db.insert(
                Fault,
                {
                    "shop_id": shop_id,
                    "vendor_id": vendor_id,
                    "kind": kind,
                    "open_key": open_key,
                    "remark": remark,
                    "fault_time": clock.now(),
                    "status": REPORTED,
                    "is_send": False,
                    "reminders": 0,
                },
            )
            signals.send_after_commit(
                signals.vending_fault_reported, fault_id=fault_id, vendor_id=vendor_id, shop_id=shop_id, kind=kind
            )
            return int(fault_id)
    except db.Duplicate:
        known = _by_key.scalar(open_key=open_key)
        # None: it was finished at this moment, and the next one is another.
        return int(known) if known else report(vendor_id=vendor_id, remark=remark, kind=kind, code=code)


def report_stock(*, vendor_id: int) -> None:
    """``save_vendor_status``: the machine is out of stock.  It has one such fault open at a time."""
    report(vendor_id=vendor_id, remark="断货", kind=STOCK)


def send(*, fault_id: int, deal_name: str, name: str) -> None:
    """``is_send_fault``: give the fault to *deal_name*, whose phone is *name*; again gives it to another.

    :raises NotFound: no such fault.
    :raises Conflict: it is finished.
    """
    with db.transaction():
        _change(_dispatch, fault_id, name=deal_name, phone=name, now=clock.now())
        signals.send_after_commit(
            signals.vending_fault_dispatched, fault_id=fault_id, deal_name=deal_name, deal_phone=name
        )


def remind(*, fault_id: int) -> None:
    """``is_reminder`` of ``fault_save.php``: count a reminder.

    :raises NotFound: no such fault.
    :raises Conflict: it is finished.
    """
    with db.transaction():
        _change(_remind, fault_id)
        row = _one.first(fault_id=fault_id)
        signals.send_after_commit(
            signals.vending_fault_reminded, fault_id=fault_id, reminders=row.reminders if row else 0
        )


def deal(*, fault_id: int, deal_status: int, deal_remark: str | None = None) -> None:
    """``save_deal``: 3 it is done; 1 it can't be done, and stays open with the remark.

    :raises NotFound: no such fault.
    :raises Conflict: it is finished.
    """
    with db.transaction():
        if deal_status == DONE:
            _change(_finish, fault_id, remark_on_it=deal_remark, now=clock.now())
            signals.send_after_commit(signals.vending_fault_done, fault_id=fault_id)
        else:
            _change(_keep_remark, fault_id, remark_on_it=deal_remark)


def listed(
    *,
    shop_id: int,
    is_send: int | None = None,
    deal_status: int | None = None,
    vendor_name: str | None = None,
    page_size: int = 10,
    page_no: int = 1,
) -> dict[str, Any]:
    """``get_fault_list``: a page of a shop's faults, newest first.

    :param deal_status: 1 all that is not finished, 3 what is.
    :param vendor_name: in the machine's name or number.
    """
    filters = {
        "shop_id": shop_id,
        "statuses": {None: [REPORTED, SENT, DONE], 1: [REPORTED, SENT], 3: [DONE]}[deal_status],
        "sent": [False, True] if is_send is None else [bool(is_send)],
        "pattern": pattern(vendor_name),
    }
    rows = _page.all(**filters, **page(page_no, page_size))
    states = machines.states(shop_id=shop_id, vendors={row.vendor_id for row in rows}) if rows else {}
    return {
        "fault_list": [
            {
                "fault_id": written(FAULT, row.id),
                "fault_time": int(row.fault_time.timestamp()),
                "vendor_num": row.vendor_num,
                "vendor_name": row.vendor_name,
                "address": row.address,
                "vendor_status": states[row.vendor_id],
                "deal_name": row.deal_name,
            }
            for row in rows
        ],
        "total": _count.scalar(**filters),
        "page_size": page_size,
        "page_no": page_no,
    }


def progress(*, fault_id: int) -> dict[str, Any]:
    """``get_fault_info``: ``{"fault_info": {...}}``; ``deal_status`` 1 reported, 2 sent, 3 done.

    :raises NotFound: no such fault.
    """
    return {"fault_info": _progress(_find(fault_id))}


def details(*, fault_id: int) -> dict[str, Any]:
    """``is_reminder`` of ``fault_get.php`` (7.4): ``{"fault_info": {...}}`` with all that is known.

    :raises NotFound: no such fault.
    """
    row = _find(fault_id)
    return {
        "fault_info": {
            "fault_id": written(FAULT, row.id),
            "shop_id": written(SHOP, row.shop_id),
            "vendor_id": written(VENDOR, row.vendor_id),
            "vendor_num": row.vendor_num,
            "vendor_name": row.vendor_name,
            "address": row.address,
            "vendor_status": machines.states(shop_id=row.shop_id, vendors=[row.vendor_id])[row.vendor_id],
            "fault_remark": row.remark,
            "is_send": int(row.is_send),
            **_progress(row),
            "deal_time": int(row.deal_time.timestamp()) if row.deal_time else None,
            "deal_remark": row.deal_remark,
            "reminder_num": row.reminders,
        }
    }


def open_counts(*, shop_id: int) -> tuple[int, int]:
    """How many faults of a shop are not sent, and how many are sent and not done."""
    counts = {row.status: row.number for row in _open_counts.all(shop_id=shop_id)}
    return counts.get(REPORTED, 0), counts.get(SENT, 0)


def _progress(row: Any) -> dict[str, Any]:
    return {
        "deal_name": row.deal_name,
        "name_phone": int(row.deal_phone) if row.deal_phone else None,
        "send_time": int(row.send_time.timestamp()) if row.send_time else None,
        "fault_time": int(row.fault_time.timestamp()),
        "now_time": int(clock.now().timestamp()),
        "deal_status": row.status,
    }


def _find(fault_id: int) -> Any:
    row = _one.first(fault_id=fault_id)
    if row is None:
        raise NotFound("fault_id 不存在")
    return row


def _change(statement: sa.Update, fault_id: int, **values: object) -> None:
    """Change an open fault: a finished one takes nothing more."""
    if not db.changed(statement, {"number": fault_id, **values}):
        _find(fault_id)
        raise Conflict("该故障已处理完成")
