"""Events a host may listen to (blinker), each sent after the commit of what it tells.

The sender is the Flask application; the keyword arguments are named beside each signal.
A receiver that raises is logged and does not undo anything.
"""

from __future__ import annotations

from typing import Any

from blinker import NamedSignal, Namespace
from flask import current_app

from . import db

_signals = Namespace()

traffic_booked = _signals.signal("traffic-booked")
"""A window was booked: ``booking_id``, ``ordernum``, ``openid``."""

traffic_cancelled = _signals.signal("traffic-cancelled")
"""A booking was cancelled: ``booking_id``, ``ordernum``, ``openid``."""

traffic_checked_in = _signals.signal("traffic-checked-in")
"""A kiosk found a booking for the first time and its number is taken: ``booking_id``, ``ordernum``, ``openid``."""


vending_sold = _signals.signal("vending-sold")
"""A machine's sale was recorded: ``order_id``, ``vendor_id``, ``shop_id``."""

vending_sold_out = _signals.signal("vending-sold-out")
"""A sale took the last of a lane: ``aisle_id``, ``vendor_id``, ``shop_id``, ``goods_id``."""

vending_refunded = _signals.signal("vending-refunded")
"""A sale was refunded: ``order_id``, ``vendor_id``, ``shop_id``."""

vending_replenished = _signals.signal("vending-replenished")
"""A machine was replenished: ``record_id``, ``vendor_id``, ``shop_id``."""

vending_returned = _signals.signal("vending-returned")
"""A return is back in the store: ``return_id``, ``shop_id``."""

vending_fault_reported = _signals.signal("vending-fault-reported")
"""A fault was opened: ``fault_id``, ``vendor_id``, ``shop_id``, ``kind`` (``stock``, ``machine`` or ``staff``)."""

vending_fault_dispatched = _signals.signal("vending-fault-dispatched")
"""A fault was given to somebody, or to somebody else: ``fault_id``, ``deal_name``, ``deal_phone``."""

vending_fault_reminded = _signals.signal("vending-fault-reminded")
"""Somebody asks for a fault to be seen to: ``fault_id``, ``reminders`` (how often, so far)."""

vending_fault_done = _signals.signal("vending-fault-done")
"""A fault is finished: ``fault_id``."""

appointment_booked = _signals.signal("appointment-booked")
"""A minute was booked: ``appointment_id``, ``open_id``."""

appointment_cancelled = _signals.signal("appointment-cancelled")
"""An appointment was cancelled: ``appointment_id``, ``open_id``."""

appointment_signed_in = _signals.signal("appointment-signed-in")
"""Someone has come: ``appointment_id``."""


wxpay_paid = _signals.signal("wxpay-paid")
"""A payment was paid: ``service``, ``out_trade_no``, ``amount`` (fen)."""

wxpay_closed = _signals.signal("wxpay-closed")
"""A payment can no longer be paid: ``service``, ``out_trade_no``."""

wxpay_late = _signals.signal("wxpay-late")
"""Money came for a closed payment and goes back: ``service``, ``out_trade_no``, ``amount`` (fen)."""

wxpay_refunded = _signals.signal("wxpay-refunded")
"""Money went back: ``service``, ``out_refund_no``, ``out_trade_no``, ``amount`` (fen)."""

wxpay_refund_failed = _signals.signal("wxpay-refund-failed")
"""WeChat refuses a refund for good: ``service``, ``out_refund_no``, ``out_trade_no``, ``err_code``."""

tickets_moved = _signals.signal("tickets-moved")
"""An order was made or moved to another state: ``order_no``, ``source`` (``""`` for a new one), ``target``."""

charging_started = _signals.signal("charging-started")
"""A pile charges: ``order_no``, ``device_no``, ``plug_no``."""

charging_finished = _signals.signal("charging-finished")
"""An order is settled: ``order_no``, ``seconds``, ``energy`` (0.01 kWh), ``cost`` (fen)."""

charging_failed = _signals.signal("charging-failed")
"""Nothing came of an order, its money goes back: ``order_no``, ``state`` (``released`` or ``failed``)."""

charging_credited = _signals.signal("charging-credited")
"""A balance was topped up: ``order_no``, ``user_id``, ``amount`` (fen)."""

charging_pile_lost = _signals.signal("charging-pile-lost")
"""A pile said good-bye, or its last will did: ``device_no``."""

charging_alarm = _signals.signal("charging-alarm")
"""A pile raised an alarm: ``device_no``, ``plug_no`` (or ``""``), ``code``, ``text``."""


def send_after_commit(signal: NamedSignal, **what: Any) -> None:
    """Send *signal* from the current application once the current transaction is committed."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    db.after_commit(lambda: signal.send(app, **what))
