"""A card held to a pile: charged to its owner's balance, which never falls below 0, then started."""

from __future__ import annotations

import logging
from datetime import timedelta

from ... import clock, db
from ...errors import ServiceError
from ...piles import Swiped
from ...retrying import on_deadlock
from . import cards, ledger, orders, plugs, starting, tariffs
from .errors import PileOffline

log = logging.getLogger(__name__)

OLDEST = timedelta(minutes=5)
"""A swipe that comes later than this has nobody waiting at the pile."""


def swiped(event: Swiped) -> None:
    """Charge and start, once however often it is told.  A refusal is logged: the document has nobody to tell."""
    try:
        start(event)
    except ServiceError as error:
        log.info("A swipe at %s/%s is refused: %s", event.device_no, event.plug_no, type(error).__name__)


def start(event: Swiped) -> str | None:
    """The number of the order that a swipe began; None if it was told before, is too old, or the card is nobody's.

    :raises NoSuchPile, PileOffline, PlugTaken: it can't charge there.
    :raises TooLittle: the balance is not enough.
    """
    db.outside_transaction("Telling a pile")
    owner = cards.owner(event.card_no)
    now = clock.now()
    if owner is None or not now - OLDEST <= event.at <= now + OLDEST:
        log.info("A swipe at %s/%s is of nobody's card, or too old", event.device_no, event.plug_no)
        return None
    if not plugs.is_online(plugs.pile(event.device_no)):
        raise PileOffline
    fen = tariffs.of_pile(event.device_no).swipe if event.fen is None else event.fen
    # As in the document: the pile's number and milliseconds, by the pile's clock, so that it is the same when repeated.
    order_no = f"{event.device_no}{int(event.at.timestamp() * 1000)}"
    if not _keep(order_no, owner, event, fen):
        return None
    starting.tell(orders.find(order_no))
    return order_no


@on_deadlock
def _keep(order_no: str, owner: int, event: Swiped, fen: int) -> bool:
    """Take the plug and the money, and write the order down.  The number is the guard against the same swipe twice."""
    now = clock.now()
    if orders.find(order_no) is not None:
        return False
    try:
        with db.transaction():
            plugs.take(event.device_no, event.plug_no, user_id=owner, order_no=order_no, until=None)
            orders.keep(
                owner,
                order_no=order_no,
                device_no=event.device_no,
                plug_no=event.plug_no,
                card_no=event.card_no,
                tag=orders.CARD,
                state="starting",
                cmd_status=orders.TOLD,
                amount=fen,
                next_try=now + orders.LOOK_AGAIN,
            )
            ledger.post(order_no, "swipe", {ledger.balance(owner): -fen, ledger.HELD: fen})
    except db.Duplicate:
        return False
    return True
