"""Login tokens: signed, so that a forged one costs no read; listed, so that each can be ended before it expires.

A token is the id of a row in ``wx_common_token`` and the claims it was issued with, signed with ``SECRET_KEY``
(one from before a rotation is good as long as its key stands in ``SECRET_KEY_FALLBACKS``).  The row decides:
without one that lives, the best signature is worth nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from . import clock, db
from .errors import NotAuthenticated
from .models.common import Token

_SUBJECT = db.Query(
    sa.select(Token.subject).where(
        Token.id == sa.bindparam("id"),
        Token.service == sa.bindparam("service"),
        Token.expires_at > sa.bindparam("now"),
        Token.revoked_at.is_(None),
    )
)


@dataclass(frozen=True, slots=True)
class Verified:
    """A token that is good: whose it is, what was said when it was issued, and the id of its row."""

    subject: str
    claims: Mapping[str, Any]
    id: str


def secret_keys() -> list[str | bytes]:
    """The application's keys, the newest last, as itsdangerous takes them: it signs with the last, and
    accepts a signature of any.
    """
    older = current_app.config.get("SECRET_KEY_FALLBACKS") or []
    if isinstance(older, str | bytes):  # read as a list it would make a key of each letter
        older = [older]
    return [*older, current_app.config["SECRET_KEY"]]


def issue(service: str, subject: str, lifetime: timedelta, **claims: Any) -> str:
    """Give *subject* (at most 128 characters) a token of *service*: URL-safe ASCII.

    :param claims: JSON values that come back from :func:`verify`.  The bearer can read them, not change them.
    """
    row = {
        "id": secrets.token_hex(16),
        "service": service,
        "subject": subject,
        "expires_at": clock.now() + lifetime,
    }
    with db.transaction() as session:
        session.execute(sa.insert(Token).values(row))
    return _serializer(service).dumps({"id": row["id"], "claims": claims})


def verify(service: str, token: str | None) -> Verified:
    """Whose *token* it is.  One indexed read, and none when the signature is wrong.

    :raises NotAuthenticated: none, forged, expired, revoked, or of another service; the error does not tell which.
    """
    content = _content(service, token)
    subject = _SUBJECT.scalar(id=content["id"], service=service, now=clock.now())
    if subject is None:
        raise NotAuthenticated
    return Verified(subject, content["claims"], content["id"])


def revoke(service: str, token: str | None) -> bool:
    """End *token* (a logout).  Answers whether it was good until now."""
    try:
        content = _content(service, token)
    except NotAuthenticated:
        return False
    return _revoke(service, Token.id == content["id"]) == 1


def revoke_all(service: str, subject: str) -> int:
    """End every token of *subject*, and answer how many there were."""
    return _revoke(service, Token.subject == subject)


def purge() -> int:
    """Delete the rows of expired tokens, and answer how many there were."""
    return db.delete_batches(Token, Token.expires_at <= clock.now())


def _revoke(service: str, which: sa.ColumnElement[bool]) -> int:
    now = clock.now()
    living = (Token.service == service, Token.expires_at > now, Token.revoked_at.is_(None))
    with db.transaction():
        return db.changed(sa.update(Token).where(which, *living).values(revoked_at=now))


def _content(service: str, token: str | None) -> Mapping[str, Any]:
    # A lone surrogate cannot even be encoded to be checked.
    if not token or not token.isascii():
        raise NotAuthenticated
    try:
        content: Mapping[str, Any] = _serializer(service).loads(token)
    except BadData:
        raise NotAuthenticated from None
    return content


def _serializer(service: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_keys(), salt=f"wxservices.token.{service}")  # type: ignore[arg-type]
