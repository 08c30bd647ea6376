from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from itsdangerous import URLSafeSerializer

from wxservices import clock, db, tokens
from wxservices.errors import NotAuthenticated
from wxservices.models.common import Token

DAY = timedelta(days=1)


@pytest.fixture
def statements(app: Flask) -> list[str]:
    """What is sent to the data base from here on."""
    seen: list[str] = []
    sa.event.listen(db.engine(), "before_cursor_execute", lambda *args: seen.append(args[2]))
    return seen


def rows() -> int:
    return db.Query(sa.select(sa.func.count()).select_from(Token)).scalar()


def test_a_token_tells_whose_it_is_and_what_was_said(app: Flask) -> None:
    token = tokens.issue("tickets", "42", DAY, role="customer", 店=["甲", 1])

    verified = tokens.verify("tickets", token)

    assert (verified.subject, verified.claims) == ("42", {"role": "customer", "店": ["甲", 1]})
    assert verified.id == db.Query(sa.select(Token.id)).scalar()
    assert token.isascii()


def test_two_tokens_of_one_subject_are_two(app: Flask) -> None:
    first, second = (tokens.verify("tickets", tokens.issue("tickets", "42", DAY)) for _ in range(2))

    assert first.id != second.id


def test_verifying_costs_one_read(app: Flask, statements: list[str]) -> None:
    token = tokens.issue("tickets", "42", DAY)
    statements.clear()

    tokens.verify("tickets", token)

    assert len(statements) == 1


def test_a_wrong_signature_costs_no_read(app: Flask, statements: list[str]) -> None:
    token = tokens.issue("tickets", "42", DAY)
    forged = URLSafeSerializer("a guess", salt="wxservices.token.tickets").dumps(
        {"id": tokens.verify("tickets", token).id, "claims": {}}
    )
    other = tokens.issue("charging", "42", DAY)
    statements.clear()

    for wrong in (other, forged, token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "A" + token):
        with pytest.raises(NotAuthenticated):
            tokens.verify("tickets", wrong)
    assert statements == []


@pytest.mark.parametrize(
    "garbage",
    [
        None,
        "",
        ".",
        "..",
        "a.b.c",
        "令牌",
        "x" * 1_000_000,
        "x." * 100_000,
        "\x00",
        "\ud800",
        ".eJw.AAAA",
        "%00",
        "null",
    ],
)
def test_garbage_is_nobody(app: Flask, garbage: str | None) -> None:
    with pytest.raises(NotAuthenticated):
        tokens.verify("tickets", garbage)
    assert tokens.revoke("tickets", garbage) is False


def test_all_that_is_wrong_looks_the_same(app: Flask) -> None:
    revoked = tokens.issue("tickets", "42", DAY)
    tokens.revoke("tickets", revoked)
    wrong = {
        "other service": tokens.issue("charging", "42", DAY),
        "expired": tokens.issue("tickets", "42", timedelta(0)),
        "revoked": revoked,
        "garbage": "garbage",
    }

    messages = set()
    for token in wrong.values():
        with pytest.raises(NotAuthenticated) as caught:
            tokens.verify("tickets", token)
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_a_row_of_another_service_does_not_count(app: Flask) -> None:
    """Even where someone with the key signs for it: the row decides."""
    other = tokens.verify("charging", tokens.issue("charging", "42", DAY))
    signed = URLSafeSerializer("a key for tests", salt="wxservices.token.tickets").dumps({"id": other.id, "claims": {}})

    with pytest.raises(NotAuthenticated):
        tokens.verify("tickets", signed)


def test_a_token_expires(app: Flask) -> None:
    with time_machine.travel("2026-11-20T00:00:00Z", tick=False) as travel:
        token = tokens.issue("tickets", "42", timedelta(minutes=30))
        travel.shift(timedelta(minutes=30) - timedelta(microseconds=1))
        assert tokens.verify("tickets", token).subject == "42"

        travel.shift(timedelta(microseconds=1))
        with pytest.raises(NotAuthenticated):
            tokens.verify("tickets", token)
        assert tokens.revoke("tickets", token) is False


def test_revoking_ends_this_token_once(app: Flask) -> None:
    token, other = tokens.issue("tickets", "42", DAY), tokens.issue("tickets", "42", DAY)

    assert tokens.revoke("charging", token) is False
    assert tokens.revoke("tickets", token) is True
    assert tokens.revoke("tickets", token) is False
    with pytest.raises(NotAuthenticated):
        tokens.verify("tickets", token)
    assert tokens.verify("tickets", other).subject == "42"


def test_revoking_all_ends_those_of_one_subject_in_one_service(app: Flask) -> None:
    mine = [tokens.issue("tickets", "42", DAY) for _ in range(3)]
    tokens.issue("tickets", "42", timedelta(0))
    tokens.revoke("tickets", mine[0])
    others = {"tickets": tokens.issue("tickets", "43", DAY), "charging": tokens.issue("charging", "42", DAY)}

    assert tokens.revoke_all("tickets", "42") == 2
    for token in mine:
        with pytest.raises(NotAuthenticated):
            tokens.verify("tickets", token)
    for service, token in others.items():
        assert tokens.verify(service, token)


def test_a_token_issued_in_a_transaction_that_is_rolled_back_is_none(app: Flask) -> None:
    with db.transaction() as session:
        token = tokens.issue("tickets", "42", DAY)
        assert tokens.verify("tickets", token).subject == "42"
        session.rollback()

    with pytest.raises(NotAuthenticated):
        tokens.verify("tickets", token)


def test_purging_deletes_what_has_expired(app: Flask) -> None:
    living = tokens.issue("tickets", "42", DAY)
    for _ in range(2):
        tokens.issue("tickets", "42", timedelta(0))

    assert tokens.purge() == 2
    assert rows() == 1
    assert tokens.verify("tickets", living)


def test_a_token_outlives_a_rotation_of_the_key(app: Flask) -> None:
    token = tokens.issue("tickets", "42", DAY)

    app.config.update(SECRET_KEY="a new key", SECRET_KEY_FALLBACKS=["a key for tests"])
    assert tokens.verify("tickets", token).subject == "42"
    newer = tokens.issue("tickets", "42", DAY)

    app.config.update(SECRET_KEY_FALLBACKS=[])
    assert tokens.verify("tickets", newer).subject == "42"
    with pytest.raises(NotAuthenticated):
        tokens.verify("tickets", token)


@pytest.mark.parametrize(
    ("fallbacks", "keys"),
    [
        (None, ["a key for tests"]),
        (["oldest", b"old"], ["oldest", b"old", "a key for tests"]),
        ("old", ["old", "a key for tests"]),
    ],
)
def test_the_newest_key_is_last(app: Flask, fallbacks: object, keys: list[str | bytes]) -> None:
    app.config["SECRET_KEY_FALLBACKS"] = fallbacks

    assert tokens.secret_keys() == keys


def test_the_lifetime_is_kept_to_the_microsecond(app: Flask) -> None:
    with time_machine.travel("2026-11-20T00:00:00.123456Z", tick=False):
        tokens.issue("tickets", "42", DAY)

        assert db.Query(sa.select(Token.expires_at)).scalar() == clock.now() + DAY
