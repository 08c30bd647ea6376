from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from flask import Flask

from sms_data import MINE, NOON, PHONE, Recorder, change_settings, check, other_than, rows, send
from wxservices import db, sms, throttle
from wxservices.errors import UpstreamRefused, UpstreamSilent


def refused(**what: str) -> bool:
    try:
        send(**what)
    except sms.TooManyCodes:
        return True
    return False


def test_a_phone_gets_one_a_minute_for_a_purpose(app: Flask, sender: Recorder, traveller) -> None:
    send()
    with pytest.raises(sms.TooManyCodes, match="获取验证码太频繁，请稍后再试"):
        send()
    assert not refused(purpose="login")
    assert not refused(service="tickets")
    assert not refused(phone="13800138001")
    traveller.shift(59)
    assert refused()
    traveller.shift(1)
    assert not refused()
    assert len(sender.messages) == 5
    assert len(rows()) == 5


def test_a_phone_gets_ten_a_day_for_a_purpose(app: Flask, sender: Recorder, traveller) -> None:
    for _ in range(10):
        assert not refused()
        traveller.shift(timedelta(hours=2))
    assert refused()
    assert not refused(purpose="login")
    traveller.move_to(NOON + timedelta(days=1))
    assert not refused()


def test_an_address_gets_thirty_an_hour_whatever_the_phones(app: Flask, sender: Recorder, traveller) -> None:
    for number in range(30):
        assert not refused(phone=f"138001380{number:02}", address="2001:db8:0:1::1")
    assert refused(phone="13900139000", address="2001:db8:0:1::2")
    assert not refused(phone="13900139000", address="2001:db8:0:2::1")  # nor was the refusal held against the phone
    traveller.shift(timedelta(hours=1))
    assert not refused(address="2001:db8:0:1::1")


def test_all_together_get_what_the_operator_pays_for(app: Flask, sender: Recorder, traveller, caplog) -> None:
    change_settings(app, sms_per_day_total=3)
    for number in range(3):
        assert not refused(phone=f"1380013800{number}")
    assert refused(phone="13900139000")
    assert "the limit 3 per 1 day of sms-total is used up" in caplog.text
    traveller.shift(timedelta(days=1))
    assert not refused(phone="13900139000")


def test_what_one_limit_refuses_no_other_counts(app: Flask, sender: Recorder, traveller) -> None:
    send()
    for _ in range(40):
        assert refused()
    assert throttle.DatabaseStorage().get(throttle.per_hour("sms-address", 30).key_for("192.0.2.1")) == 1
    assert throttle.DatabaseStorage().get(throttle.per_day("sms-phone", 10).key_for(*MINE.values())) == 1


@pytest.mark.parametrize(
    ("failure", "message", "code"),
    [
        (UpstreamRefused("手机号码有误", code="isv.X"), "手机号码有误", "isv.X"),
        (UpstreamSilent(code="ReadTimeout"), "短信发送失败，请稍后再试", "ReadTimeout"),
        (ValueError(f"no {PHONE} 123456"), "短信发送失败，请稍后再试", ""),
    ],
)
def test_a_failure_leaves_no_code_and_may_be_tried_again_at_once(
    app: Flask, sender: Recorder, failure: Exception, message: str, code: str
) -> None:
    sender.failure = failure
    for _ in range(2):
        with pytest.raises(sms.SendFailed, match=message) as caught:
            send()
        assert caught.value.code == code
    assert rows() == []
    assert not sms.alive(**MINE)
    sender.failure = None
    assert check(send())
    assert refused()


def test_a_failure_leaves_the_code_that_was_sent_before(app: Flask, sender: Recorder, traveller) -> None:
    code = send()
    traveller.shift(60)
    sender.failure = UpstreamSilent()
    with pytest.raises(sms.SendFailed):
        send()
    assert check(code)


@pytest.mark.parametrize(("failure", "counted"), [(UpstreamRefused(), 0), (UpstreamSilent(), 1), (OSError(), 1)])
def test_only_what_may_have_been_sent_counts_for_the_phones_day(
    app: Flask, sender: Recorder, failure: Exception, counted: int
) -> None:
    sender.failure = failure
    with pytest.raises(sms.SendFailed):
        send()
    assert throttle.DatabaseStorage().get(throttle.per_day("sms-phone", 10).key_for(*MINE.values())) == counted


def test_failures_do_count_for_the_address(app: Flask, sender: Recorder) -> None:
    sender.failure = UpstreamRefused()
    for _ in range(30):
        with pytest.raises(sms.SendFailed):
            send()
    assert refused()
    assert len(sender.messages) == 30


def test_no_transaction_is_open_while_the_sender_works(app: Flask, sender: Recorder) -> None:
    seen = []
    sender.send = lambda message: seen.append((db.in_transaction(), db.engine().pool.checkedout()))
    send()
    assert seen == [(False, 0)]


@pytest.mark.parametrize("failure", [None, UpstreamRefused(code="X"), UpstreamSilent(), ValueError("123456")])
def test_neither_code_nor_phone_is_logged(
    app: Flask, sender: Recorder, caplog: pytest.LogCaptureFixture, failure: Exception | None
) -> None:
    caplog.set_level(logging.DEBUG)
    sender.failure = failure
    try:
        code = send()
        with pytest.raises(sms.CodeWrong):
            check(other_than(code))
        with pytest.raises(sms.TooManyCodes):
            send()
    except sms.SendFailed as error:
        code = sender.messages[0].code
        assert "<Message traffic book to 138****8000> failed" in caplog.text
        logging.getLogger("a host").error("it failed", exc_info=error)
    assert PHONE not in caplog.text
    assert code not in caplog.text
    assert "123456" not in caplog.text
    assert PHONE not in repr(sender.messages)
    assert code not in repr(sender.messages)
