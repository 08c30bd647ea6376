"""Nothing is given twice, and the proof that these tests would notice: the same load without the guard."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
import sqlalchemy as sa

from charging_data import OFFLINE, PILE, Rider, books_are_right, pay, rider, station
from races import race
from wxservices import clock, db
from wxservices.models.charging import Card, Ledger, Number, Order, Plug, Recharge, User
from wxservices.models.payments import PaymentRow
from wxservices.payments import applying
from wxservices.piles import Swiped, simulated
from wxservices.services.charging import balances, cards, ledger, orders, plugs, starting, swipes

HERE = Path(__file__)
pytestmark = pytest.mark.race
guarded = pytest.mark.parametrize("guard", [True, False], ids=["guarded", "without the guard"])


def _race(uri: str, name: str, guard: bool, *, processes: int = 2, threads: int = 10, **arguments: object) -> list[str]:
    return race(
        f"{HERE.stem}:{name}",
        uri,
        path=HERE,
        processes=processes,
        threads=threads,
        mount=("charging",),
        guard=guard,
        **arguments,
    )


def _count(model: type[db.Base], *where: sa.ColumnElement[bool]) -> int:
    return int(db.Query(sa.select(sa.func.count()).select_from(model).where(*where)).scalar())


def reserve(number: int, users: list[int], guard: bool) -> str:
    if not guard:
        plugs.take = _take_unguarded
        plugs.numbers.new = lambda: str(secrets.randbelow(10**18))  # so that no lock is held before the look
    return plugs.reserve(user_id=users[number], deviceNo=PILE, plug="01")


def _take_unguarded(device_no: str, plug_no: str, *, user_id: int, order_no: str, until: object) -> None:
    this = (Plug.device_no == device_no, Plug.plug_no == plug_no)
    if db.session().scalar(sa.select(Plug.order_no).where(*this)) is not None:
        raise plugs.PlugTaken
    db.execute(sa.update(Plug).where(*this).values(order_no=order_no, user_id=user_id, held_until=until))


@guarded
def test_one_plug_fifty_callers_one_number(rowless_uri: str, guard: bool) -> None:
    with station(rowless_uri):
        with db.transaction():
            now = clock.now()
            users = [
                db.insert(User, {"phone": str(n), "wxname": str(n), "balance": 0, "orders": 0, "created_at": now})
                for n in range(52)
            ]
        outcomes = _race(rowless_uri, "reserve", guard, processes=4, threads=13, users=users)
        got = [each for each in outcomes if each.isdigit()]
        if guard:
            assert len(got) == 1 == _count(Order)
            assert outcomes.count("PlugTaken") == 51
        else:
            assert len(got) > 1


def start(number: int, user_id: int, order_no: str, guard: bool) -> str:
    if not guard:
        starting.claim = lambda order_no, fen: True
        orders.move = lambda *args, **values: None
    original = simulated.SimulatedDriver.start

    def counted(self: simulated.SimulatedDriver, **command: object) -> None:
        with db.transaction():
            db.insert(Number, {"created_at": clock.now()})
        original(self, **command)

    if original.__name__ == "start":
        simulated.SimulatedDriver.start = counted
    starting.pay(user_id=user_id, deviceNo=PILE, plug="01", orderNo=order_no, amount=101)
    return "started"


@guarded
def test_one_order_twenty_callers_one_start_on_the_wire(rowless_uri: str, guard: bool) -> None:
    with station(rowless_uri) as app:
        zhang = rider(app)
        order_no = zhang.number()
        pay(order_no, 101)
        before = _count(Number)
        outcomes = _race(rowless_uri, "start", guard, user_id=zhang.user_id, order_no=order_no)
        starts = _count(Number) - before
        if guard:
            assert outcomes == ["started"] * 20
            assert starts == 1
            assert books_are_right()
        else:
            assert starts > 1


def add(number: int, phone: str, order_no: str, guard: bool) -> str:
    if not guard:
        this = PaymentRow.out_trade_no == sa.bindparam("number")
        applying._to_paid = sa.update(PaymentRow).where(this).values(state="paid", **applying._money)
        of_number = Recharge.order_no == sa.bindparam("number")
        balances._credit = sa.update(Recharge).where(of_number).values(state="credited", amount=sa.bindparam("fen"))
        post = ledger.post
        ledger.post = lambda order_no, entry, lines: post(order_no, secrets.token_hex(4), lines)
    balances.add(user_id=0, phone=phone, amount=1000, orderNo=order_no)
    return "credited"


@guarded
def test_one_recharge_twenty_callers_credited_once(rowless_uri: str, guard: bool) -> None:
    with station(rowless_uri) as app:
        zhang = rider(app)
        order_no = zhang.call("getBalanceOrderNo", phone=zhang.phone, amount=10)["data"]
        pay(order_no, 1000)
        outcomes = _race(rowless_uri, "add", guard, phone=zhang.phone, order_no=order_no)
        if guard:
            assert outcomes == ["credited"] * 20
            assert ledger.of(zhang.user_id) == 1000
            assert books_are_right()
        else:
            assert ledger.of(zhang.user_id) > 1000


def bind(number: int, users: list[int], guard: bool) -> str:
    if not guard:
        cards._bind = (
            sa.update(Card).where(Card.card_no == sa.bindparam("number")).values(user_id=sa.bindparam("rider"))
        )
    cards.bind(user_id=users[number % len(users)], cardNo="111111786")
    return str(users[number % len(users)])


@guarded
def test_two_riders_one_virtual_card(rowless_uri: str, guard: bool) -> None:
    with station(rowless_uri) as app:
        users = [rider(app).user_id, rider(app, "13700137000").user_id]
        outcomes = _race(rowless_uri, "bind", guard, users=users)
        winners = {each for each in outcomes if each.isdigit()}
        assert len(winners) == (1 if guard else 2)
        if guard:
            assert _count(Card, Card.user_id == int(winners.pop())) == 1


def swipe(number: int, guard: bool) -> str:
    if not guard:
        ledger._move = (
            sa.update(User).where(User.id == sa.bindparam("rider")).values(balance=User.balance + sa.bindparam("fen"))
        )
    plug = f"{number % 8 + 1:02}"
    event = Swiped(device_no=(PILE, OFFLINE)[number % 2], plug_no=plug, card_no="34345799", msg_id="x", at=clock.now())
    return "started" if swipes.start(event) else "repeated"


@guarded
def test_a_card_at_many_plugs_with_money_for_one(rowless_uri: str, guard: bool) -> None:
    with station(rowless_uri) as app:
        zhang: Rider = rider(app)
        zhang.call("bindCard", cardNo="34345799")
        zhang.recharge(150)
        simulated.connect(OFFLINE, True)
        outcomes = _race(rowless_uri, "swipe", guard, threads=4)
        if guard:
            assert outcomes.count("started") == 1
            assert ledger.of(zhang.user_id) == 50
            assert books_are_right()
        else:
            assert outcomes.count("started") > 1
            assert ledger.of(zhang.user_id) < 0
        assert _count(Ledger, Ledger.entry == "swipe", Ledger.account == "held") == outcomes.count("started")
