"""What a person has typed and chosen before confirming (document ``traffic``, sections 2 and 3).

A draft belongs to an openid and a type, and lives a day.  The verification code is not part of it: codes are
never kept in clear.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from ... import clock, db
from ...errors import ServiceError
from ...models.traffic import Draft
from . import businesses, slots

LIFETIME = timedelta(days=1)
TYPED = ("phone", "username", "userid", "carnumber")

_draft = db.Query(
    sa.select(*Draft.__table__.c).where(
        Draft.openid == sa.bindparam("openid"),
        Draft.busitype == sa.bindparam("busitype"),
        Draft.updated_at > sa.bindparam("since"),
    )
)


def keep(*, openid: str, busitype: str, **fields: str) -> None:
    """Keep what was typed or chosen: any of phone, username, userid, carnumber, busiid, timeid."""
    values = {name: value for name, value in fields.items() if value is not None}
    values_now = {**values, "updated_at": clock.now()}
    with db.transaction():
        db.insert_once(Draft, {"openid": openid, "busitype": busitype, **_EMPTY, **values_now})
        db.changed(sa.update(Draft).where(Draft.openid == openid, Draft.busitype == busitype).values(values_now))


_EMPTY = dict.fromkeys((*TYPED, "busiid", "timeid"), "")


def choose_business(*, openid: str, busiid: str) -> dict[str, str]:
    """``/wx/busiselectend``: answers the page data ``{"busiid", "businame", "busitips"}``.

    :raises BadParameter: unknown, or not a leaf.
    """
    chosen = businesses.find(busiid)
    keep(openid=openid, busitype="0", busiid=busiid)
    return {"busiid": chosen.busiid, "businame": chosen.businame, "busitips": chosen.busitips}


def choose_time(*, openid: str, timeid: str) -> dict[str, str]:
    """``/wx/timeselectend``: answers the page data ``{"timeid", "starttime", "endtime"}``.

    :raises BadParameter: not on offer.
    """
    period = slots.find(timeid)
    keep(openid=openid, busitype=period.busitype, timeid=timeid)
    return {"timeid": timeid, "starttime": period.starttime, "endtime": period.endtime}


def chosen(*, openid: str, busitype: str) -> dict[str, str]:
    """Page data of ``/wx/infoinput``: what was chosen so far, as the two select pages answered it.

    What is no longer on offer counts as not chosen.
    """
    draft = _read(openid, busitype)
    data: dict[str, str] = {}
    try:
        if draft["busiid"] and busitype == "0":
            business = businesses.find(draft["busiid"])
            data |= {"busiid": business.busiid, "businame": business.businame, "busitips": business.busitips}
    except ServiceError:
        pass
    try:
        if draft["timeid"]:
            period = slots.find(draft["timeid"])
            data |= {"timeid": period.timeid, "starttime": period.starttime, "endtime": period.endtime}
    except ServiceError:
        pass
    return data


def typed(*, openid: str, busitype: str) -> dict[str, Any]:
    """What the page shows beside its documented data: ``busitype``; ``typed``, the fields' texts; ``busiid`` and
    ``timeid`` as chosen before, or ``""``; ``day``, the date of ``timeid``, or None.
    """
    draft = _read(openid, busitype)
    return {
        "busitype": busitype,
        "typed": {name: draft[name] for name in TYPED},
        "busiid": draft["busiid"],
        "timeid": draft["timeid"],
        "day": slots.day_of(draft["timeid"]) if draft["timeid"] else None,
    }


def forget(*, openid: str) -> None:
    """Throw the drafts of *openid* away."""
    with db.transaction() as session:
        session.execute(sa.delete(Draft).where(Draft.openid == openid))


def purge() -> int:
    """Delete drafts that are over, and answer how many."""
    with db.transaction():
        return db.changed(sa.delete(Draft).where(Draft.updated_at <= clock.now() - LIFETIME))


def _read(openid: str, busitype: str) -> dict[str, str]:
    row = _draft.first(openid=openid, busitype=busitype, since=clock.now() - LIFETIME)
    return dict(row._mapping) if row else dict(_EMPTY)
