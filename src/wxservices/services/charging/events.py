"""What piles tell, each to who decides it."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from ... import clock, db, signals
from ...models.charging import Pile
from ...piles import Alarm, Event, Finished, PlugStatus, Progress, Refused, Started, Status, Swiped
from . import plugs, settling, swipes

log = logging.getLogger(__name__)

_this = Pile.device_no == sa.bindparam("device")
_not_older = sa.or_(Pile.session.is_(None), Pile.session <= sa.bindparam("of", type_=Pile.session.type))
_there = {"online": True, "lost_at": None}
_come = sa.update(Pile).where(_this).values(**_there, session=None, heard_at=None)
_gone = sa.update(Pile).where(_this, Pile.online).values(online=False, lost_at=sa.bindparam("now"))
_heard = (
    sa.update(Pile)
    .where(_this, _not_older, sa.or_(Pile.heard_at.is_(None), Pile.heard_at <= sa.bindparam("at")))
    .values(**_there, session=sa.bindparam("of"), heard_at=sa.bindparam("at"))
)


def take(event: Event) -> None:
    """Take what a pile tells.  The same again, or something older than is known, changes nothing."""
    match event:
        case Status():
            status(event)
        case PlugStatus():
            with db.transaction():
                plugs.put_status(event.device_no, event.plug_no, event.status, min(event.at, clock.now()))
        case Started():
            settling.started(event)
        case Refused():
            settling.refused(event)
        case Progress():
            settling.progress(event)
        case Finished():
            settling.finished(event)
        case Swiped():
            swipes.swiped(event)
        case Alarm():
            _alarm(event)


def status(event: Status) -> None:
    """A pile is there, or not.  The last will of a connection before its present one says nothing."""
    now = clock.now()
    params = {"device": event.device_no, "of": event.session, "now": now, "at": min(event.at, now)}
    with db.transaction():
        if event.online:
            known = db.changed(_come if event.session is None else _heard, params)
        else:
            known = db.changed(_gone if event.session is None else _gone.where(_not_older), params)
        if known and not event.online:
            signals.send_after_commit(signals.charging_pile_lost, device_no=event.device_no)


def _alarm(event: Alarm) -> None:
    log.warning("Pile %s: alarm %s %s", event.device_no, event.code, event.plug_no)
    about = {"device_no": event.device_no, "plug_no": event.plug_no, "code": event.code, "text": event.text}
    signals.send_after_commit(signals.charging_alarm, **about)
