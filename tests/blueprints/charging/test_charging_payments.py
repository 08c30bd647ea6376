"""What costs money in ``charging``: starting what is paid, and topping a balance up."""

from __future__ import annotations

from typing import Any

import pytest

from charging_data import OFFLINE, PILE, Rider, books_are_right, pay, refunds, state
from wxservices.piles import simulated
from wxservices.services.charging import ledger

DONE = {"success": True, "code": 200, "message": "成功"}


def test_paid_and_charged(zhang: Rider) -> None:
    number = zhang.number()
    pay(number, 25)
    sent = {"deviceNo": PILE, "plug": "01", "orderNo": number, "amount": 0.25}
    assert zhang.call("mobilePaymentCharging", **sent) == DONE
    assert zhang.call("mobilePaymentCharging", **sent) == DONE
    assert zhang.code("mobilePaymentCharging", **{**sent, "amount": 0.26}) == 403
    assert zhang.call("getPileStatus", deviceNo=PILE)["data"]["plugs"][0] == 1
    (row,) = zhang.records()
    assert row == {
        "orderNo": number,
        "deviceNo": PILE,
        "cardNo": None,
        "plugNo": "01",
        "orderTag": 1,
        "amount": 0.25,
        "cmdStatus": 2,
        "chargingStartTime": "2026年11月23日 12时00分",
        "chargingEndTime": "-",
        "elapsedTime": "-",
    }
    simulated.finish(number, seconds=3600)
    assert zhang.call("getPileStatus", deviceNo=PILE)["data"]["plugs"][0] == 0
    (row,) = zhang.records()
    assert (row["chargingEndTime"], row["elapsedTime"]) == ("2026年11月23日 13时00分", "1小时0分")
    assert zhang.start(number, amount=0.25) == 200
    assert refunds(number) == []
    assert books_are_right()


def test_prepaying_through_wxpay(zhang: Rider) -> None:
    number = zhang.number()
    prepaid = zhang.client.post("/wxpay/prepay", json={"orderNo": number, "code": "zhang"}).get_json()
    assert prepaid["package"].startswith("prepay_id=")
    pay(number, 101)
    assert zhang.start(number) == 200
    late = zhang.client.post("/wxpay/prepay", json={"orderNo": number, "code": "zhang"}).get_json()
    assert late["code"] == 409


@pytest.mark.parametrize("fen", [None, 24, 26])
def test_what_wechat_does_not_confirm_starts_nothing_and_goes_back(zhang: Rider, li: Rider, fen: int | None) -> None:
    number = zhang.number()
    if fen is not None:
        pay(number, fen)
    sent = {"deviceNo": PILE, "plug": "01", "orderNo": number, "amount": "0.25"}
    reply = zhang.call("mobilePaymentCharging", **sent)
    assert reply == {"success": False, "code": 4000, "message": f"订单号【{number}】开启失败，请联系客服"}
    assert zhang.call("mobilePaymentCharging", **sent)["code"] == (4000 if fen is None else 403)
    assert refunds(number) == ([] if fen is None else [fen])
    assert li.number()
    assert zhang.records()[0]["cmdStatus"] == 0
    assert books_are_right()


def test_money_is_back_when_the_pile_refuses(zhang: Rider, li: Rider) -> None:
    simulated.behave(PILE, "refuse")
    number = zhang.number()
    pay(number, 101)
    assert zhang.start(number) == 4000
    assert zhang.start(number) == 4000
    assert refunds(number) == [101]
    assert zhang.records()[0]["cmdStatus"] == 3
    assert li.number()
    assert books_are_right()


def test_a_pile_that_went_away_is_3004_and_the_number_stays(zhang: Rider) -> None:
    number = zhang.number()
    pay(number, 101)
    simulated.connect(PILE, False)
    assert zhang.start(number) == 3004
    simulated.connect(PILE, True)
    assert zhang.start(number) == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"orderNo": "201911210000000001"}, 403),
        ({"orderNo": ""}, 403),
        ({"amount": None}, 403),
        ({"plug": "02"}, 403),
        ({"plug": "1"}, 403),
        ({"deviceNo": OFFLINE}, 403),
        ({"deviceNo": "0000000000"}, 3003),
        ({"amount": 0}, 403),
        ({"amount": -1}, 403),
        ({"amount": "1.001"}, 403),
        ({"amount": "NaN"}, 403),
        ({"amount": 1000.01}, 403),
        ({"amount": True}, 403),
        ({"amount": [1]}, 403),
    ],
)
def test_bad_starts_change_nothing(zhang: Rider, change: dict[str, Any], code: int) -> None:
    number = zhang.number()
    sent = {"deviceNo": PILE, "plug": "01", "orderNo": number, "amount": 1.01, **change}
    assert zhang.code("mobilePaymentCharging", **sent) == code
    assert state(number) == "reserved"


def test_nobody_starts_anothers_order(zhang: Rider, li: Rider) -> None:
    number = zhang.number()
    pay(number, 101)
    assert li.start(number) == 403
    assert zhang.start(number) == 200


def test_balance(zhang: Rider) -> None:
    number = zhang.call("getBalanceOrderNo", phone=zhang.phone, amount=100.25)["data"]
    assert len(number) == 18
    sent = {"phone": zhang.phone, "amount": 100.25, "deviceNo": number}
    reply = zhang.call("addBalance", **sent)
    assert (reply["success"], reply["code"]) == (False, 402)
    pay(number, 10025)
    assert zhang.code("addBalance", phone=zhang.phone, amount=100.24, orderNo=number) == 402
    assert zhang.call("addBalance", **sent) == DONE
    assert zhang.call("addBalance", phone=zhang.phone, amount=100.25, orderNo=number) == DONE
    assert ledger.of(zhang.user_id) == 10025
    assert books_are_right()


def test_a_recharge_with_other_money_is_not_credited_and_goes_back(zhang: Rider) -> None:
    number = zhang.call("getBalanceOrderNo", phone=zhang.phone, amount=10)["data"]
    pay(number, 900)
    assert zhang.code("addBalance", phone=zhang.phone, amount=10, orderNo=number) == 402
    assert ledger.of(zhang.user_id) == 0
    assert refunds(number) == [900]
    assert books_are_right()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("getBalanceOrderNo", {"phone": "13600136000"}),
        ("getBalanceOrderNo", {"amount": 0}),
        ("getBalanceOrderNo", {"amount": 1000.01}),
        ("getBalanceOrderNo", {"amount": "1.999"}),
        ("addBalance", {"phone": "13600136000"}),
        ("addBalance", {"phone": "13700137000"}),
        ("addBalance", {"orderNo": None}),
        ("addBalance", {"orderNo": "201911210000000001"}),
        ("addBalance", {"amount": -3}),
    ],
)
def test_bad_recharges(zhang: Rider, li: Rider, name: str, change: dict[str, Any]) -> None:
    number = zhang.call("getBalanceOrderNo", phone=zhang.phone, amount=10)["data"]
    pay(number, 1000)
    assert zhang.code(name, **{"phone": zhang.phone, "amount": 10, "orderNo": number, **change}) == 403
    assert ledger.of(zhang.user_id) == ledger.of(li.user_id) == 0
