"""Cards: bound to a rider, and let go (document ``charging``, 4, 11, 12 and 14)."""

from __future__ import annotations

import sqlalchemy as sa

from ... import db
from ...errors import NotAllowed
from ...models.charging import Card
from .errors import HasVirtualCard, NoSuchCard, NotYourCard

_card = db.Query(sa.select(Card.virtual, Card.user_id).where(Card.card_no == sa.bindparam("card_no")))
_of_user = db.Query(sa.select(Card.card_no).where(Card.user_id == sa.bindparam("user_id")).order_by(Card.card_no))
_bind = (
    sa.update(Card)
    .where(Card.card_no == sa.bindparam("number"), Card.user_id.is_(None))
    .values(
        user_id=sa.bindparam("rider"),
        virtual_of=sa.case((Card.virtual, sa.bindparam("rider")), else_=None),
    )
)
_unbind = (
    sa.update(Card)
    .where(Card.card_no == sa.bindparam("number"), Card.user_id == sa.bindparam("rider"))
    .values(user_id=None, virtual_of=None)
)


def bind(*, user_id: int, cardNo: str) -> None:
    """``bindCard``: physical ones as many as wanted, one virtual one.  One's own again is as good.

    :raises NoSuchCard: the operator has given out none of that number.
    :raises NotAllowed: it is another rider's.
    :raises HasVirtualCard: it is a virtual one, and not the rider's first.
    """
    try:
        with db.transaction():
            bound = db.changed(_bind, {"number": cardNo, "rider": user_id})
    except sa.exc.IntegrityError:  # the key on virtual_of: one virtual card a rider
        raise HasVirtualCard from None
    if bound:
        return
    card = _card.first(card_no=cardNo)
    if card is None:
        raise NoSuchCard
    if card.user_id != user_id:
        raise NotAllowed("该卡已被其他用户绑定")


def unbind(*, user_id: int, cardNo: str) -> None:
    """``unbindCard``.

    :raises NoSuchCard: there is none of that number.
    :raises NotYourCard: it is not this rider's.
    """
    with db.transaction():
        if db.changed(_unbind, {"number": cardNo, "rider": user_id}):
            return
    raise NoSuchCard if _card.first(card_no=cardNo) is None else NotYourCard


def of_user(*, user_id: int) -> list[dict[str, str]]:
    """``getCardno``: ``[{"cardNo"}]``."""
    return [{"cardNo": row.card_no} for row in _of_user.all(user_id=user_id)]


def owner(card_no: str) -> int | None:
    """Whose card it is; None where there is no such card, or it is nobody's."""
    card = _card.first(card_no=card_no)
    return None if card is None else card.user_id
