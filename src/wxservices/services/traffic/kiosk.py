"""The lobby kiosk's check (document ``traffic``, section 5)."""

from __future__ import annotations

from ipaddress import ip_address

import sqlalchemy as sa

from ... import clock, db, signals, throttle
from ...errors import NotAllowed, NotFound, TooMany
from ...models.traffic import Booking
from ...settings import Network
from ...state import current_state

_of_person = db.Query(
    sa.select(
        Booking.id,
        Booking.status,
        Booking.endtime,
        Booking.phone,
        Booking.businame,
    )
    .where(
        Booking.userid == sa.bindparam("userid"),
        Booking.day == sa.bindparam("day"),
        Booking.username == sa.bindparam("username"),
        Booking.status.in_(["0", "2"]),
    )
    .order_by(Booking.starttime, Booking.id)
)

_check_in = (
    sa.update(Booking)
    .where(Booking.id == sa.bindparam("booking_id"), Booking.status == "0")
    .values(status="2", taken_at=sa.bindparam("now"))
)

_now_at = db.Query(sa.select(Booking.ordernum, Booking.openid, Booking.status).where(Booking.id == sa.bindparam("id")))


def check_order(*, idnum: str, name: str, address: str) -> dict[str, str]:
    """``/wx/checkorder``: today's booking of *idnum* and *name*: ``{"yy_tel", "yy_ywlx"}``.  Its number counts as
    taken from then on; asked again the same day, the answer is the same.

    A person with two bookings that day is answered the one whose time is running or next, else the last.

    :param address: of the client; misses are limited for each.
    :raises NotAllowed: *address* is not in a network of kiosks.
    :raises TooMany: too many misses from *address*.
    :raises NotFound: no such booking.
    """
    settings = current_state().settings
    if settings.traffic_kiosk_networks and not _within(address, settings.traffic_kiosk_networks):
        raise NotAllowed("该设备无权查询")
    misses = throttle.per_minute("traffic-checkorder", settings.traffic_checkorder_misses)
    caller = throttle.address_key(address)
    if throttle.exhausted(misses, caller):
        raise TooMany
    now = clock.local()
    rows = _of_person.all(userid=idnum, username=name, day=now.date())
    if not rows:
        throttle.hit(misses, caller)
        raise NotFound("未查询到今日预约")
    booking = next((row for row in rows if row.endtime > f"{now:%H%M}"), rows[-1])
    if booking.status == "0":
        _take_number(booking.id)
    return {"yy_tel": booking.phone, "yy_ywlx": booking.businame}


def _take_number(booking_id: int) -> None:
    with db.transaction():
        taken = db.changed(_check_in, {"booking_id": booking_id, "now": clock.now()})
        row = _now_at.first(id=booking_id)
        if row is None or row.status != "2":
            raise NotFound("未查询到今日预约")  # cancelled since it was read
        if taken:
            signals.send_after_commit(
                signals.traffic_checked_in, booking_id=booking_id, ordernum=row.ordernum, openid=row.openid
            )


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        client = ip_address(address)
    except ValueError:
        return False
    return any(client in network for network in networks)
