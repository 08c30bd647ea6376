"""``purge``, and the commands of ``traffic``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import time_machine
from click.testing import Result
from flask import Flask

from traffic_data import EARLY, OFFICE, ZHANG, book
from wxservices import db, fields, nonces, tokens
from wxservices.services.traffic import booking, drafts, operator, slots

Run = Callable[..., Result]


def load_office() -> None:
    with db.transaction():
        list(operator.apply(fields.load(operator.TrafficData(), OFFICE)))


def test_purge_deletes_what_is_over_and_counts_it(host: Flask, run: Run) -> None:
    nothing = "codes: 0\nnonces: 0\nlimits: 0\ntokens: 0\ntraffic: 0\n"
    with host.app_context():
        booking.send_code(phone="13800138000", address="10.0.0.1")
        nonces.use("test", "a", timedelta(minutes=1))
        tokens.issue("test", "someone", timedelta(minutes=1))
        tokens.issue("test", "someone", timedelta(days=9))
        drafts.keep(openid="o", busitype="0", phone="138")
    assert run("purge").output == nothing
    with time_machine.travel(EARLY, tick=False) as traveller:
        traveller.shift(timedelta(days=3))
        lines = dict(line.split(": ") for line in run("purge").output.splitlines())
        assert int(lines.pop("limits")) > 0
        assert lines == {"codes": "1", "nonces": "1", "tokens": "1", "traffic": "1"}
        assert run("purge").output == nothing


def test_cancel_frees_the_place(host: Flask, run: Run) -> None:
    with host.app_context():
        load_office()
        book(ZHANG)
        (order,) = booking.orders(openid=f"o-{ZHANG['phone']}")["orderlist"]
    done = run("traffic", "cancel", order["ordernum"])
    assert (done.exit_code, done.output) == (0, f"{order['ordernum']}: cancelled.\n")
    with host.app_context():
        (order,) = booking.orders(openid=f"o-{ZHANG['phone']}")["orderlist"]
        assert order["status"] == "1"
        assert all(row["status"] == "0" for row in slots.times(date=slots.clock.today(), busitype="0")["timelist"])
    again = run("traffic", "cancel", order["ordernum"])
    assert (again.exit_code, again.output) == (1, "Error: 预约已取消或已取号\n")
    assert run("traffic", "cancel", "none").output == "Error: 预约不存在\n"
