from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from apps import make_app
from races import race
from sms_data import MINE, NOON, PHONE, Recorder, change_settings, check, other_than, rows, send
from wxservices import clock, db, sms
from wxservices.models.common import SmsCode
from wxservices.sms import codes


def test_a_code_is_sent_checked_and_spent(app: Flask, sender: Recorder, traveller) -> None:
    code = send()
    assert sender.messages == [sms.Message(**MINE, code=code, expires_at=NOON + timedelta(minutes=5))]
    assert len(code) == 6
    assert code.isascii()
    assert code.isdigit()
    code_id = check(code)
    with db.transaction():
        sms.spend_code(code_id)
    with pytest.raises(sms.CodeExpired):
        check(code)


def test_codes_keep_their_leading_noughts_and_differ(app: Flask, sender: Recorder, monkeypatch) -> None:
    change_settings(app, sms_per_minute=100, sms_per_day=100, sms_per_hour_address=100)
    assert len({send() for _ in range(20)}) > 10
    monkeypatch.setattr("secrets.randbelow", lambda bound: 42)
    assert send() == "000042"
    assert check("000042")


def test_what_is_stored_does_not_tell_the_code(app: Flask, sender: Recorder) -> None:
    code = send()
    [row] = rows()
    assert len(row.digest) == 64
    assert code not in [str(value) for value in row]
    # Without the key nobody can try them all out, which takes a second.
    for text in (code, f"traffic\0book\0{PHONE}\0{code}", f"sms code\0traffic\0book\0{PHONE}\0{code}"):
        assert hashlib.sha256(text.encode()).hexdigest() != row.digest


def test_the_hash_depends_on_the_key_and_on_all_the_code_is_for(app: Flask) -> None:
    one = codes._digest("key", "traffic", "book", PHONE, "123456")
    others = [
        codes._digest("other", "traffic", "book", PHONE, "123456"),
        codes._digest("key", "tickets", "book", PHONE, "123456"),
        codes._digest("key", "traffic", "login", PHONE, "123456"),
        codes._digest("key", "traffic", "book", "13800138001", "123456"),
        codes._digest("key", "traffic", "book", PHONE, "123457"),
    ]
    assert len({one, *others}) == 6
    assert codes._digest(b"key", "traffic", "book", PHONE, "123456") == one


def test_a_code_from_before_a_change_of_keys_is_good_as_long_as_the_old_one_is_listed(
    app: Flask, sender: Recorder
) -> None:
    code = send()
    old = app.config["SECRET_KEY"]
    app.config["SECRET_KEY"] = "a new key"
    with pytest.raises(sms.CodeWrong):
        check(code)
    app.config["SECRET_KEY_FALLBACKS"] = [old]
    assert check(code)


@pytest.mark.parametrize("what", [{"service": "tickets"}, {"purpose": "login"}, {"phone": "13800138001"}])
def test_a_code_is_good_for_what_it_was_sent_for_and_nothing_else(app: Flask, sender: Recorder, what) -> None:
    code = send()
    with pytest.raises(sms.CodeExpired):
        check(code, **what)
    assert check(code)


def test_the_last_code_counts(app: Flask, sender: Recorder, traveller) -> None:
    first = send()
    traveller.shift(60)
    second = send()
    while second == first:
        traveller.shift(60)
        second = send()
    with pytest.raises(sms.CodeWrong):
        check(first)
    assert check(second)


@pytest.mark.parametrize("wrong", ["", "12345", "1234567", "１２３４５６", "\0", "\ud800", "x" * 10_000])
def test_whatever_is_not_the_code_is_wrong(app: Flask, sender: Recorder, wrong: str) -> None:
    send()
    with pytest.raises(sms.CodeWrong, match="验证码错误，请重新输入"):
        check(wrong)


def test_a_code_expires(app: Flask, sender: Recorder, traveller) -> None:
    code = send()
    traveller.shift(299)
    code_id = check(code)
    assert sms.alive(**MINE)
    traveller.shift(1)
    assert not sms.alive(**MINE)
    with pytest.raises(sms.CodeExpired, match="验证码已失效，请重新获取"):
        check(code)
    with pytest.raises(sms.CodeExpired):
        sms.spend_code(code_id)


def test_five_wrong_tries_burn_a_code(app: Flask, sender: Recorder) -> None:
    code = send()
    code_id = check(code)
    for _ in range(5):
        with pytest.raises(sms.CodeWrong):
            check(other_than(code))
    for guess in (code, other_than(code)):
        with pytest.raises(sms.CodeBurnt, match="验证码错误次数过多"):
            check(guess)
    with pytest.raises(sms.CodeExpired):
        sms.spend_code(code_id)
    assert not sms.alive(**MINE)


def test_the_right_code_is_refused_when_it_is_burnt_just_then(
    app: Flask, sender: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = send()

    def others_guess(last: object) -> None:
        """Between the look at the row and the lock on it."""
        monkeypatch.undo()
        for _ in range(5):
            with pytest.raises(sms.CodeWrong):
                check(other_than(code))

    monkeypatch.setattr(codes, "_why_dead", others_guess)
    with pytest.raises(sms.CodeExpired):
        check(code)


def test_right_tries_burn_nothing(app: Flask, sender: Recorder) -> None:
    code = send()
    for _ in range(4):
        with pytest.raises(sms.CodeWrong):
            check(other_than(code))
    assert len({check(code) for _ in range(10)}) == 1
    assert rows()[0].tries == 4


def test_a_wrong_try_counts_although_the_caller_fails(app: Flask, sender: Recorder) -> None:
    code = send()
    with pytest.raises(sms.CodeWrong):
        check(other_than(code))
    db.session().rollback()
    assert rows()[0].tries == 1


def test_a_code_is_unspent_again_when_the_callers_transaction_fails(app: Flask, sender: Recorder) -> None:
    code_id = check(send())
    with pytest.raises(ZeroDivisionError), db.transaction():
        sms.spend_code(code_id) or 1 / 0
    sms.spend_code(code_id)
    with pytest.raises(sms.CodeExpired):
        sms.spend_code(code_id)


def test_a_code_is_alive_until_it_is_spent(app: Flask, sender: Recorder) -> None:
    assert not sms.alive(**MINE)
    code_id = check(send())
    assert sms.alive(**MINE)
    assert not sms.alive(**MINE | {"purpose": "login"})
    sms.spend_code(code_id)
    assert not sms.alive(**MINE)


def test_neither_sending_nor_checking_is_done_inside_a_transaction(app: Flask, sender: Recorder) -> None:
    code = send()
    for job in (lambda: send(purpose="login"), lambda: check(code)):
        with pytest.raises(RuntimeError, match="inside a data base transaction"), db.transaction():
            job()
    assert len(sender.messages) == 1


def test_purging_deletes_expired_codes(app: Flask, sender: Recorder, traveller) -> None:
    send()
    traveller.shift(299)
    live = send(purpose="login")
    traveller.shift(1)
    assert sms.purge() == 1
    assert check(live, purpose="login")
    assert len(rows()) == 1


# Many at once


def write_code(code: str = "123456") -> int:
    key = make_app("sqlite://").config["SECRET_KEY"]
    row = {
        **MINE,
        "digest": codes._digest(key, *MINE.values(), code),
        "tries": 0,
        "created_at": clock.now(),
        "expires_at": clock.now() + timedelta(minutes=5),
    }
    with db.transaction():
        return int(db.insert(SmsCode, row))


def in_twenty_threads(target: str, uri: str, **arguments: int) -> list:
    return race(f"test_codes:{target}", uri, path=Path(__file__), processes=2, threads=10, **arguments)


def use(number: int) -> str:
    return spend(number, check("123456"))


def spend(number: int, code_id: int) -> str:
    with db.transaction():
        sms.spend_code(code_id)
    return "spent"


def spend_without_guard(number: int, code_id: int) -> str:
    codes._alive = lambda: ()
    return spend(number, code_id)


@pytest.mark.race
def test_of_twenty_with_the_right_code_one_can_use_it(app: Flask, rowless_uri: str) -> None:
    write_code()
    assert sorted(in_twenty_threads("use", rowless_uri)) == ["CodeExpired"] * 19 + ["spent"]


@pytest.mark.race
def test_of_twenty_who_have_checked_one_spends(app: Flask, rowless_uri: str) -> None:
    outcomes = in_twenty_threads("spend", rowless_uri, code_id=write_code())
    assert sorted(outcomes) == ["CodeExpired"] * 19 + ["spent"]


@pytest.mark.race
def test_without_the_guard_all_twenty_spend(app: Flask, rowless_uri: str) -> None:
    outcomes = in_twenty_threads("spend_without_guard", rowless_uri, code_id=write_code())
    assert outcomes == ["spent"] * 20


def guess(number: int) -> str:
    try:
        return str(check(f"{number:06}"))
    except sms.CodeExpired:  # burnt, for those who came early enough to see it happen
        return "too late"


def guess_without_guard(number: int) -> str:
    codes._alive = lambda: ()
    codes._why_dead = lambda code: None
    return guess(number)


@pytest.mark.race
def test_twenty_guesses_at_once_are_no_more_than_five(app: Flask, rowless_uri: str) -> None:
    write_code()
    assert sorted(in_twenty_threads("guess", rowless_uri)) == ["CodeWrong"] * 5 + ["too late"] * 15
    assert rows()[0].tries == 5


@pytest.mark.race
def test_without_the_guard_twenty_guesses_are_twenty(app: Flask, rowless_uri: str) -> None:
    write_code()
    assert in_twenty_threads("guess_without_guard", rowless_uri) == ["CodeWrong"] * 20
