"""Whatever goes wrong, the rider is charged and served, or has the money back; and the books are right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from charging_data import PILE, Rider, books_are_right, pay, reconcile, refunds, state
from wxservices import clock, payments
from wxservices.errors import UpstreamSilent
from wxservices.piles import Finished, PlugStatus, Progress, Refused, Started, Status, simulated, tell
from wxservices.services.charging import settling, starting
from wxservices.wechat import pay_sandbox


class Dies(BaseException):
    """The process is killed here: nothing after this line happens, and nobody handles it."""


def later(**delta: float) -> time_machine.travel:
    """So long after the number was asked for."""
    return time_machine.travel(clock.now() + timedelta(**delta))


def _die(*args: object, **kwargs: object) -> None:
    raise Dies


def _dies_after(function: Callable[..., object]) -> Callable[..., object]:
    def run(*args: object, **kwargs: object) -> None:
        function(*args, **kwargs)
        raise Dies

    return run


CRASHES: list[tuple[str, str, bool, str, bool]] = [
    # where, function, after it has done its work; the order's end, money back
    ("wxservices.services.charging.confirming", "confirm", False, "failed", True),
    ("wxservices.services.charging.confirming", "confirm", True, "failed", True),
    ("wxservices.services.charging.starting", "tell", False, "failed", True),
    ("wxservices.services.charging.starting", "tell", True, "charging", False),
    ("wxservices.services.charging.starting", "_wait", False, "charging", False),
]


@pytest.mark.parametrize(("module", "name", "after", "end", "back"), CRASHES)
def test_a_worker_that_dies(
    zhang: Rider, monkeypatch: pytest.MonkeyPatch, module: str, name: str, after: bool, end: str, back: bool
) -> None:
    number = zhang.number()
    pay(number, 101)
    with monkeypatch.context() as patch:
        target = __import__(module, fromlist=["*"])
        patch.setattr(target, name, _dies_after(getattr(target, name)) if after else _die)
        with pytest.raises(Dies):
            starting.pay(user_id=zhang.user_id, deviceNo=PILE, plug="01", orderNo=number, amount=101)
    with later(seconds=300):
        reconcile()
        assert state(number) == end
        assert refunds(number) == ([101] if back else [])
        reconcile()
        assert refunds(number) == ([101] if back else [])
        assert books_are_right()


def test_who_pays_and_never_comes_back_has_the_money_back(zhang: Rider) -> None:
    for plug, prepaid, notified in (("01", False, False), ("02", True, False), ("03", True, True)):
        number = zhang.number(plug)
        if prepaid:
            zhang.client.post("/wxpay/prepay", json={"orderNo": number, "code": "zhang"})
        message = pay_sandbox.pay(number, 101)
        if notified:
            assert "SUCCESS" in payments.notified(message)
        assert refunds(number) == []
        with later(minutes=6):
            reconcile()
        with later(minutes=10):
            reconcile()
            assert state(number) == "released"
            assert refunds(number) == [101]
    assert books_are_right()


def test_who_pays_after_the_reservation_is_over_has_the_money_back(zhang: Rider) -> None:
    number = zhang.number()
    zhang.client.post("/wxpay/prepay", json={"orderNo": number, "code": "zhang"})
    with later(minutes=4):
        reconcile()
        assert state(number) == "released"
        payments.notified(pay_sandbox.pay(number))
        reconcile()
        assert refunds(number) == [101]
    assert books_are_right()


def test_money_that_wechat_did_not_tell_of_in_time_goes_back(zhang: Rider, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(**kwargs: object) -> None:
        raise UpstreamSilent

    number = zhang.number()
    pay(number, 101)
    with monkeypatch.context() as patch:
        patch.setattr("wxservices.wechat.pay.query", silent)
        assert zhang.start(number) == 4000
    assert state(number) == "failed"
    with later(minutes=2):
        reconcile()
        assert refunds(number) == [101]
    assert books_are_right()


def test_a_reservation_that_is_let_go_gives_its_money_back(zhang: Rider) -> None:
    number = zhang.number()
    zhang.client.post("/wxpay/prepay", json={"orderNo": number, "code": "zhang"})
    payments.notified(pay_sandbox.pay(number))
    assert zhang.code("mobilePaymentCharging", deviceNo=PILE, plug="01") == 200
    assert refunds(number) == [101]
    assert books_are_right()


def test_a_silent_pile_costs_nothing_and_is_told_to_stop(zhang: Rider, station_app: Flask) -> None:
    simulated.behave(PILE, "silent")
    number = zhang.number()
    pay(number, 101)
    state_ = station_app.extensions["wxservices"]
    object.__setattr__(state_.settings, "charging_start_timeout", timedelta(seconds=0.2))
    assert zhang.start(number) == 4000
    assert refunds(number) == [101]
    # It has started all the same, and says so too late.
    stopped: list[str] = []
    state_.hooks["pile_driver"] = type("Heard", (), {"stop": lambda self, **of: stopped.append(of["order_no"])})()
    tell(Started(device_no=PILE, plug_no="01", order_no=number, at=clock.now()))
    assert stopped == [number]
    assert state(number) == "failed"
    assert books_are_right()


@pytest.mark.parametrize(
    ("seconds", "cost"), [(0, 0), (1, 13), (1800, 13), (1801, 25), (4 * 3600, 100), (4 * 3600 + 1, 101), (86400, 101)]
)
def test_what_was_not_used_goes_back(zhang: Rider, seconds: int, cost: int) -> None:
    number = zhang.charging()
    simulated.finish(number, seconds=seconds)
    assert state(number) == "finished"
    assert refunds(number) == ([101 - cost] if cost < 101 else [])
    assert books_are_right()


def test_a_report_settles_once_and_only_its_own_piles(zhang: Rider) -> None:
    number = zhang.charging()
    about = {"plug_no": "01", "order_no": number, "at": clock.now(), "seconds": 60}
    tell(Finished(device_no="014441AC54", **about))
    tell(Finished(device_no=PILE, **{**about, "plug_no": "02"}))
    tell(Finished(device_no=PILE, **{**about, "order_no": "201911210000000001"}))
    assert state(number) == "charging"
    for _ in range(3):
        tell(Finished(device_no=PILE, **about))
    tell(Finished(device_no=PILE, **{**about, "seconds": 86400}))
    tell(Started(device_no=PILE, plug_no="01", order_no=number, at=clock.now()))
    tell(Refused(device_no=PILE, plug_no="01", order_no=number, at=clock.now()))
    assert state(number) == "finished"
    assert refunds(number) == [101 - 13]
    assert books_are_right()


def test_finished_may_come_before_started(zhang: Rider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "started", lambda event: None)
    monkeypatch.setattr("wxservices.services.charging.starting._wait", lambda order: None)
    number = zhang.number()
    pay(number, 101)
    zhang.start(number)
    assert state(number) == "starting"
    tell(Finished(device_no=PILE, plug_no="01", order_no=number, at=clock.now(), seconds=3600))
    assert state(number) == "finished"
    assert books_are_right()


@pytest.mark.parametrize(("rule", "seconds", "back"), [("last", 3600, 76), ("last", 0, 101), ("refund", 3600, 101)])
def test_a_vanished_pile_is_settled_by_rule(
    zhang: Rider, station_app: Flask, rule: str, seconds: int, back: int
) -> None:
    object.__setattr__(station_app.extensions["wxservices"].settings, "charging_vanished", rule)
    number = zhang.charging()
    tell(Progress(device_no=PILE, plug_no="01", order_no=number, at=clock.now(), seconds=seconds))
    simulated.connect(PILE, False)
    with later(minutes=119):
        reconcile()
        assert state(number) == "charging"
    with later(minutes=121):
        assert reconcile() == ["order finished"]
        assert refunds(number) == [back]
        # The report comes at last, and changes nothing.
        tell(Finished(device_no=PILE, plug_no="01", order_no=number, at=clock.now(), seconds=86400))
        assert refunds(number) == [back]
        assert books_are_right()


def test_a_vanished_pile_that_comes_back_settles_itself(zhang: Rider) -> None:
    number = zhang.charging()
    simulated.connect(PILE, False)
    with later(minutes=30):
        simulated.connect(PILE, True)
        simulated.finish(number, seconds=1700)
    with later(minutes=300):
        assert reconcile() == []
    assert refunds(number) == [101 - 13]


def test_a_session_that_is_never_reported_ends_by_rule(zhang: Rider) -> None:
    number = zhang.charging()
    with later(days=2):
        reconcile()
        assert state(number) == "finished"
        assert refunds(number) == [101]
    assert books_are_right()


def test_the_operator_stops(zhang: Rider) -> None:
    number = zhang.charging()
    with later(minutes=61):
        settling.stop(order_no=number)
        assert state(number) == "finished"
        assert zhang.records()[0]["elapsedTime"].startswith("1小时")
    assert refunds(number) == [101 - 38]


def test_a_heartbeat_that_is_late_is_offline_at_once(zhang: Rider) -> None:
    tell(Status(device_no=PILE, online=True, session=5, at=clock.now()))
    status = lambda: zhang.call("getPileStatus", deviceNo=PILE)["data"]["status"]  # noqa: E731
    with later(seconds=170):
        assert status() == 1
    with later(seconds=190):
        assert status() == 0
        assert zhang.code("getOrderNo", deviceNo=PILE, plug="01") == 3004
        tell(Status(device_no=PILE, online=True, session=5, at=clock.now()))
        assert status() == 1
        tell(Status(device_no=PILE, online=False, session=4, at=clock.now()))
        assert status() == 1, "the last will of an older connection"
        tell(Status(device_no=PILE, online=False, session=5, at=clock.now()))
        assert status() == 0


def test_what_a_plug_said_before_is_not_taken_for_new(zhang: Rider) -> None:
    now = clock.now()
    tell(PlugStatus(device_no=PILE, plug_no="01", status=2, at=now))
    tell(PlugStatus(device_no=PILE, plug_no="01", status=0, at=now - timedelta(days=1)))
    assert zhang.code("getOrderNo", deviceNo=PILE, plug="01") == 3005
