"""Passengers whom a user has noted down (document ``tickets``, 添加联系人接口, 查询联系人接口)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ... import clock, db, validators
from ...models.tickets import Contact
from .errors import BadPassenger, ContactExists, ContactNotKept, kept_or

MOST = 200
"""Contacts that a user may have; all of them fit into one answer."""

_of_user = db.Query(
    sa.select(Contact.identity, Contact.name, Contact.linkman_type, Contact.identity_type)
    .where(Contact.user_id == sa.bindparam("user_id"))
    .order_by(Contact.id)
    .limit(MOST)
)
_count = db.Query(sa.select(sa.func.count()).where(Contact.user_id == sa.bindparam("user_id")))
_one = db.Query(
    sa.select(Contact.linkman_type, Contact.identity_type).where(
        Contact.user_id == sa.bindparam("user_id"), Contact.identity == sa.bindparam("identity")
    )
)


def add(*, user_id: int, name: str, indentity: str, linkmanType: str, indentityType: str) -> None:
    """``addContacts``.

    :raises BadPassenger: a name or an identity number that cannot be.
    :raises ContactExists: this user has a contact with this number.
    :raises ContactNotKept: the list is full, or the data base does not take it.
    """
    number = validators.fold_identity_number(indentity)
    if not validators.is_identity_number(number, clock.today()):
        raise BadPassenger("indentity", "身份证号格式不正确")
    if not _is_name(name):
        raise BadPassenger("name", "姓名格式不正确")
    with kept_or(ContactNotKept):
        if _one.first(user_id=user_id, identity=number):
            raise ContactExists
        if _count.scalar(user_id=user_id) >= MOST:
            raise ContactNotKept("联系人数量已达上限")
        row = {
            "user_id": user_id,
            "identity": number,
            "identity_type": indentityType,
            "name": name,
            "linkman_type": linkmanType,
            "created_at": clock.now(),
        }
        with db.transaction():
            if not db.insert_once(Contact, row):
                raise ContactExists


def of_user(*, user_id: int) -> list[dict[str, Any]]:
    """``selectContacts``: ``[{"userId", "indentity", "name", "status"}]``, the oldest first.

    ``status``: ``"1"``, usable.
    """
    return [
        {"userId": str(user_id), "indentity": row.identity, "name": row.name, "status": "1"}
        for row in _of_user.all(user_id=user_id)
    ]


def kind_of(user_id: int, identity: str) -> tuple[str, str]:
    """(``identityType``, ``linkmanType``) of the user's contact with that number; an adult's where there is none."""
    row = _one.first(user_id=user_id, identity=identity)
    return (row.identity_type, row.linkman_type) if row else ("身份证", "成人")


def _is_name(name: str) -> bool:
    """Two characters or more, letters of any script, with dots between a foreign name's parts."""
    letters = name.replace("·", "").replace("•", "").replace(".", "").replace(" ", "")
    return len(letters) >= 2 and letters.isalpha()
