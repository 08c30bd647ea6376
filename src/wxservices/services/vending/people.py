"""Who may do what: logins, passwords, and the shops somebody belongs to (document ``vending``, 8.0)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from werkzeug.security import check_password_hash, generate_password_hash

from ... import db, throttle, tokens
from ...errors import NotAllowed, NotAuthenticated, NotFound, TooMany
from ...models.vending import (
    Aisle,
    Category,
    Fault,
    Goods,
    Member,
    Order,
    Record,
    Return,
    Shop,
    Staff,
    Vendor,
)
from ...state import current_state
from .ids import AISLE, CATEGORY, FAULT, GOODS, ORDER, RECORD, RETURN, SHOP, VENDOR, written

SERVICE = "vending"

_NOBODY = f"scrypt:32768:8:1$nobody${'0' * 128}"
"""Checked where there is no such phone, so that this takes as long as a wrong password."""

_OWNED: dict[str, Any] = {
    SHOP: sa.select(Shop.id, Shop.id.label("shop_id")),
    VENDOR: sa.select(Vendor.id, Vendor.shop_id),
    AISLE: sa.select(Aisle.id, Aisle.shop_id),
    GOODS: sa.select(Goods.id, Goods.shop_id),
    CATEGORY: sa.select(Category.id, Category.shop_id),
    ORDER: sa.select(Order.id, Order.shop_id),
    RECORD: sa.select(Record.id, Record.shop_id),
    RETURN: sa.select(Return.id, Return.shop_id),
    FAULT: sa.select(Fault.id, Fault.shop_id),
}
"""Whose each thing is that an id can name."""

_by_phone = db.Query(sa.select(Staff.id, Staff.password).where(Staff.phone == sa.bindparam("phone")))
_of_staff = db.Query(
    sa.select(Staff.id, Staff.name, Member.shop_id, Shop.name.label("shop_name"), Shop.logo)
    .outerjoin(Member, Member.staff_id == Staff.id)
    .outerjoin(Shop, Shop.id == Member.shop_id)
    .where(Staff.id == sa.bindparam("staff_id"))
    .order_by(Member.shop_id)
)
_set_password = sa.update(Staff).where(Staff.phone == sa.bindparam("of_phone")).values(password=sa.bindparam("hashed"))


@dataclass(frozen=True)
class Known:
    """Somebody who is logged in."""

    staff_id: int
    name: str
    shops: tuple[int, ...]


@dataclass(frozen=True)
class Named:
    """An id that a call names: the field's path, the prefix and the number."""

    field: str
    prefix: str
    number: int


def login(*, phone: str, password_md5: str, address: str) -> tuple[str, dict[str, Any]]:
    """``login_mp``: a token, and the reply ``{"shop_list": [{"shop_id", "shop_name", "shop_logo"}]}``.

    An unknown phone and a wrong password take the same time and are refused in the same words.  Failures are limited
    by phone and by *address*.

    :param password_md5: what the client sends, whatever it is.
    :raises NotAuthenticated: no such phone and password.
    :raises TooMany: too many failures in the hour, even if this one is right.
    """
    settings = current_state().settings
    limits = (
        (throttle.per_hour("vending-login-phone", settings.vending_tries_phone), phone),
        (throttle.per_hour("vending-login-address", settings.vending_tries_address), throttle.address_key(address)),
    )
    if any(throttle.spent(*limit) for limit in limits):
        raise TooMany("登录失败次数过多，请稍后再试")
    for limit in limits:  # counted before the slow check, so that a burst does not slip through
        if not throttle.hit(*limit):
            raise TooMany("登录失败次数过多，请稍后再试")
    row = _by_phone.first(phone=phone)
    right = check_password_hash(row.password if row and row.password else _NOBODY, password_md5)
    if row is None or not right:
        raise NotAuthenticated("账号或密码错误")
    for limit in limits:
        throttle.give_back(*limit)
    token = tokens.issue(SERVICE, str(row.id), settings.vending_session)
    return token, {
        "shop_list": [
            {"shop_id": written(SHOP, shop.shop_id), "shop_name": shop.shop_name, "shop_logo": shop.logo}
            for shop in _of_staff.all(staff_id=row.id)
            if shop.shop_name is not None
        ]
    }


def whose(token: str | None) -> Known:
    """Who bears *token*, with the shops of this moment.

    :raises NotAuthenticated: none, forged, expired or ended.
    """
    rows = _of_staff.all(staff_id=int(tokens.verify(SERVICE, token).subject))
    if not rows:
        raise NotAuthenticated
    return Known(rows[0].id, rows[0].name, tuple(row.shop_id for row in rows if row.shop_id is not None))


def check(*, shops: Iterable[int], named: Iterable[Named]) -> None:
    """Refuse a call that names what is not there or not in one of *shops*, or things of different shops.

    :raises NotFound: the first of *named* that is not there.
    :raises NotAllowed: it is in none of *shops*.
    """
    named = list(named)
    if not named:
        return
    numbers: dict[str, set[int]] = {}
    for each in named:
        numbers.setdefault(each.prefix, set()).add(each.number)
    rows = _owners(tuple(sorted(numbers))).all(**{prefix: list(those) for prefix, those in numbers.items()})
    owners = {(row.prefix, row.id): row.shop_id for row in rows}
    mine = set(shops)
    for each in named:
        shop = owners.get((each.prefix, each.number))
        if shop is None:
            raise NotFound(f"{each.field} 不存在")
        if shop not in mine:
            raise NotAllowed(f"{each.field} 不属于您的店铺")
    if len(set(owners.values())) > 1:
        first = owners[named[0].prefix, named[0].number]
        odd = next(each for each in named if owners[each.prefix, each.number] != first)
        raise NotFound(f"{odd.field} 不在{named[0].field}的店铺中")


@cache
def _owners(prefixes: tuple[str, ...]) -> db.Query:
    """The read of whose things are, for those kinds of ids."""
    parts = []
    for prefix in prefixes:
        things = _OWNED[prefix].subquery()
        chosen = things.c.id.in_(sa.bindparam(prefix, expanding=True))
        parts.append(sa.select(sa.literal(prefix).label("prefix"), things.c.id, things.c.shop_id).where(chosen))
    return db.Query(parts[0] if len(parts) == 1 else sa.union_all(*parts))


def set_password(*, phone: str, password_md5: str) -> None:
    """Set what *phone* logs in with, and end its sessions.

    :param password_md5: as the client will send it.
    :raises NotFound: nobody has that phone.
    """
    hashed = generate_password_hash(password_md5, "scrypt")
    with db.transaction():
        if not db.changed(_set_password, {"of_phone": phone, "hashed": hashed}):
            raise NotFound("没有该手机号的人员")
        end_sessions(phone=phone)


def end_sessions(*, phone: str) -> int:
    """End every session of *phone*, and answer how many there were.

    :raises NotFound: nobody has that phone.
    """
    row = _by_phone.first(phone=phone)
    if row is None:
        raise NotFound("没有该手机号的人员")
    return tokens.revoke_all(SERVICE, str(row.id))
