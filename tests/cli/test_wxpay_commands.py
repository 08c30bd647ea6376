"""``reconcile``, ``worker`` and ``sandbox …`` as an operator runs them."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from click.testing import Result
from flask import Flask

from shop import SERVICE, events, open_shop, order, refund_state, state
from wxservices import clock, db, leases, payments
from wxservices.cli import worker as worker_module
from wxservices.errors import UpstreamSilent
from wxservices.models.common import Nonce
from wxservices.wechat import pay, pay_sandbox

TESTS = Path(__file__).parents[1]


@pytest.fixture
def app(database_uri: str) -> Iterator[Flask]:
    with open_shop(database_uri) as app:
        yield app


def run(app: Flask, *command: str) -> Result:
    return app.test_cli_runner().invoke(args=["wxservices", *command])


def prepaid(number: str = "SHOP1000") -> str:
    order(number)
    payments.prepay(out_trade_no=number)
    return number


def test_the_payer_pays(app: Flask) -> None:
    result = run(app, "sandbox", "pay", prepaid())
    assert result.exit_code == 0
    assert "SHOP1000: paid, notified: <xml><return_code><![CDATA[SUCCESS]]>" in result.output
    assert events() == [("paid", "SHOP1000", 1250)]
    again = run(app, "sandbox", "pay", "SHOP1000")
    assert again.exit_code == 1
    assert "SHOP1000 is paid or closed already" in again.output


def test_the_payer_pays_another_amount(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    result = run(app, "sandbox", "pay", prepaid(), "--fen", "1251")
    assert "FAIL" in result.output
    assert "1017" in caplog.text
    assert state("SHOP1000") == "open"


def test_a_number_that_was_never_prepaid(app: Flask) -> None:
    order()
    assert "--fen" in run(app, "sandbox", "pay", "SHOP1000").output
    assert "SUCCESS" in run(app, "sandbox", "pay", "SHOP1000", "--fen", "1250").output
    assert state("SHOP1000") == "paid"
    assert "FAIL" in run(app, "sandbox", "pay", "NOBODYS1", "--fen", "1").output


def test_a_lost_notification_is_found(app: Flask) -> None:
    assert "not notified" in run(app, "sandbox", "pay", prepaid(), "--no-notify").output
    assert state("SHOP1000") == "open"
    result = run(app, "reconcile")
    assert (result.exit_code, result.output) == (
        0,
        "payment SHOP1000: paid\n1 settled, 0 waiting, 0 left open.\n",
    )
    assert run(app, "reconcile").output == "0 settled, 0 waiting, 0 left open.\n"


def test_wechat_refuses_and_hangs(app: Flask) -> None:
    order()
    assert run(app, "sandbox", "refuse", "NOTENOUGH").exit_code == 0
    with pytest.raises(payments.orders.UpstreamRefused) as refusal:
        payments.prepay(out_trade_no="SHOP1000")
    assert refusal.value.code == "NOTENOUGH"
    assert run(app, "sandbox", "timeout").exit_code == 0
    with pytest.raises(UpstreamSilent):
        payments.prepay(out_trade_no="SHOP1000")
    payments.prepay(out_trade_no="SHOP1000")


@pytest.mark.parametrize("command", [["pay", "SHOP1000"], ["refuse", "NOAUTH"], ["timeout"]])
def test_sandbox_commands_are_for_the_sandbox(sqlite_uri: str, command: list[str]) -> None:
    with open_shop(sqlite_uri, WXSERVICES_SANDBOX=False) as app:
        result = run(app, "sandbox", *command)
        assert result.exit_code == 1
        assert "works in the sandbox only" in result.output


def test_an_order_that_can_still_be_paid_is_not_left_open(app: Flask) -> None:
    prepaid()
    result = run(app, "reconcile")
    assert (result.exit_code, result.output) == (0, "0 settled, 1 waiting, 0 left open.\n")


def test_what_is_left_open_is_the_exit_code(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(**fields: object) -> None:
        raise UpstreamSilent

    prepaid()
    monkeypatch.setattr(pay, "query", silent)
    result = run(app, "reconcile")
    assert result.exit_code == 1
    assert "payment SHOP1000: open, UpstreamSilent" in result.output
    assert "1 left open" in result.output
    assert run(app, "reconcile", "--due").exit_code == 0, "it is not due again yet"


def test_a_bill_that_does_not_agree(app: Flask, tmp_path: Path) -> None:
    names = "交易时间,商户订单号,交易状态,订单金额,商户退款单号,申请退款金额"
    bill = tmp_path / "bill.csv"
    bill.write_text(f"{names}\n`2026-11-20 10:00:00,`SHOP7000,`SUCCESS,`0.01,`0,`0\n总交易单数\n`1\n", "utf-8-sig")
    result = run(app, "reconcile", "--bill", str(bill))
    assert result.exit_code == 1
    assert "bill: SHOP7000: 1 fen in the bill, unknown here" in result.output
    bill.write_bytes(b"\xff\xfe")
    assert "bill is not UTF-8" in run(app, "reconcile", "--bill", str(bill)).output


def test_one_round_of_the_worker(app: Flask) -> None:
    number = prepaid()
    pay_sandbox.pay(number)
    with db.transaction():
        db.insert(Nonce, {"scope": "s", "value": "v", "expires_at": clock.now()})
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        result = run(app, "worker", "--once")
    assert result.exit_code == 0
    assert "payment SHOP1000: paid" in result.output
    assert "purged nonces: 1" in result.output
    assert leases.hold("worker", "another", timedelta(minutes=1)), "the lease is given back"


def test_a_worker_beside_another_does_nothing(app: Flask) -> None:
    number = prepaid()
    pay_sandbox.pay(number)
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        assert leases.hold("worker", "another", timedelta(minutes=5))
        assert run(app, "worker", "--once").output == "Stopped.\n"
    assert state(number) == "open"


def test_a_round_that_fails_is_not_the_end(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object, **more: object) -> bool:
        raise sa.exc.OperationalError("", {}, Exception("gone"))

    with monkeypatch.context() as trouble:
        trouble.setattr(worker_module.leases, "hold", broken)
        assert run(app, "worker", "--once").exit_code == 0
    assert "A round of the worker failed" in caplog.text


def test_the_worker_ends_at_sigterm(app: Flask, database_uri: str) -> None:
    """A real process: it does its rounds, and stops between two of them."""
    number = prepaid()
    pay_sandbox.pay(number)
    with db.transaction():  # due at once
        db.execute(sa.text("UPDATE wx_common_payment SET next_try = created_at"))
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from apps import make_app; from shop import SERVICE;"
        "from wxservices.state import state_of; app = make_app(sys.argv[2]); state_of(app).mount(SERVICE);"
        "app.test_cli_runner().app.cli.main(['wxservices', 'worker', '--interval', '1'], obj=__import__('flask.cli')"
        ".cli.ScriptInfo(create_app=lambda: app))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(TESTS), database_uri],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        while state(number) == "open" and process.poll() is None:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate()
    finally:
        watchdog.cancel()
    assert process.returncode == 0, errors
    assert output == "payment SHOP1000: paid\nStopped.\n"


def test_refund_from_order_to_done(app: Flask) -> None:
    run(app, "sandbox", "pay", prepaid())
    with db.transaction():
        number = payments.refund(out_trade_no="SHOP1000")
    assert f"refund {number}: done" in run(app, "reconcile").output
    assert refund_state(number) == "done"
    assert SERVICE.payments is not None
    assert events() == [("paid", "SHOP1000", 1250), ("refunded", number, 1250)]
