"""People (document ``tickets``, 登陆, 获取个人信息): login, what is known of them, what an operator says of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from ... import clock, db, tokens
from ...errors import BadParameter, NotFound, UpstreamRefused
from ...models.tickets import User
from ...service import Account
from ...state import current_state
from ...wechat import login as wechat_login
from .errors import AccountNotKept, LoginRefused, kept_or

SERVICE = "tickets"
CUSTOMER, BUSINESS = "customer", "business"
ROLES = (CUSTOMER, BUSINESS)
WAITING, AUTHENTICATED = "wait_authen", "authened"

_of_openid = db.Query(
    sa.select(User.id).where(User.openid == sa.bindparam("openid"), User.role == sa.bindparam("role"))
)
_user = db.Query(sa.select(*User.__table__.c).where(User.id == sa.bindparam("id")))
_merchants = db.Query(
    sa.select(User.id, User.status, User.real_name, User.benefit_rate, User.amount, User.cool_amount, User.orders)
    .where(User.role == BUSINESS)
    .order_by(User.id)
)


def mini_program() -> Account:
    """The mini program whose users log in and pay."""
    settings = current_state().settings
    return Account(settings.tickets_appid, settings.tickets_secret)


def subject(user_id: object, role: str) -> str:
    """Whose a ``loginKey`` is: of this user in this role and no other."""
    return f"{user_id}:{role}"


def login(*, code: str, role: str) -> dict[str, Any]:
    """``login``: ``{"userId", "loginKey"}`` of the account of (openid, *role*), made at first sight.

    :raises LoginRefused: WeChat does not take *code*.
    :raises UpstreamSilent: WeChat does not answer.
    :raises AccountNotKept: the data base does not take it.
    """
    try:
        openid = wechat_login.mini_program(code, mini_program()).openid
    except UpstreamRefused as error:
        raise LoginRefused(code=error.code) from None
    with kept_or(AccountNotKept):
        user_id = account(openid=openid, role=role)
        key = tokens.issue(SERVICE, subject(user_id, role), current_state().settings.tickets_login_lifetime)
    return {"userId": str(user_id), "loginKey": key}


def account(*, openid: str, role: str) -> int:
    """The id of the account of (*openid*, *role*), which is made if there is none."""
    found = _of_openid.scalar(openid=openid, role=role)
    if found is None:
        row = {
            "openid": openid,
            "role": role,
            "status": WAITING if role == BUSINESS else AUTHENTICATED,
            "created_at": clock.now(),
        }
        with db.transaction():
            db.insert_once(User, row)  # of two first logins at once, one makes it
        found = _of_openid.scalar(openid=openid, role=role)
    return int(found)


def user_info(*, user_id: int) -> dict[str, Any]:
    """``getUserInfo``.  What nobody has told yet is ``""``; ``benefitRate`` a fraction with four decimals."""
    user = find(user_id)
    return {
        "userId": str(user.id),
        "userPhoneno": user.phone,
        "amount": db.yuan(user.amount),
        "coolAmount": db.yuan(user.cool_amount),
        "userImage": user.image,
        "userName": user.name,
        "userWxno": user.wxno,
        "userStatus": user.status,
        "userBirthday": user.birthday.isoformat() if user.birthday else "",
        "userIdentity": user.identity,
        "realName": user.real_name,
        "benefitRate": f"{user.benefit_rate // 10_000}.{user.benefit_rate % 10_000:04d}",
        "customerAccount": user.customer_account,
    }


def find(user_id: int) -> Any:
    """The row of a user.

    :raises NotFound: no such user.
    """
    user = _user.first(id=user_id)
    if user is None:
        raise NotFound("用户不存在")
    return user


def logout(*, user_id: int) -> int:
    """End every login of a user (an operator's work), and answer how many there were."""
    return tokens.revoke_all(SERVICE, subject(user_id, find(user_id).role))


def authenticate(
    *, merchant_id: int, benefit_rate: int, real_name: str = "", identity: str = "", birthday: date | None = None
) -> None:
    """Let a merchant work (an operator's word).

    :param benefit_rate: what the agency keeps of each of the merchant's orders, in 1/10,000.
    :raises NotFound: no such merchant.
    :raises BadParameter: a rate that is none.
    """
    if not 0 <= benefit_rate <= 10_000:
        raise BadParameter("benefitRate", "应在0到10000之间")
    told = {"real_name": real_name, "identity": identity, "birthday": birthday}
    values = {"status": AUTHENTICATED, "benefit_rate": benefit_rate, **{k: v for k, v in told.items() if v}}
    with db.transaction():
        if not db.changed(sa.update(User).where(User.id == merchant_id, User.role == BUSINESS).values(values)):
            raise NotFound("商户不存在")


def merchants() -> list[dict[str, Any]]:
    """All merchants: ``id``, ``status``, ``name``, ``rate`` (1/10,000), ``amount`` and ``coolAmount`` (yuan),
    ``orders`` (how many they robbed).
    """
    return [
        {
            "id": row.id,
            "status": row.status,
            "name": row.real_name,
            "rate": row.benefit_rate,
            "amount": db.yuan(row.amount),
            "coolAmount": db.yuan(row.cool_amount),
            "orders": row.orders,
        }
        for row in _merchants.all()
    ]
