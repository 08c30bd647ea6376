"""``sms-codes``."""

from __future__ import annotations

import json
from collections.abc import Callable

from click.testing import Result
from flask import Flask

from apps import make_app
from wxservices.services.traffic import booking

Run = Callable[..., Result]


def test_codes_are_printed_newest_first_one_object_a_line(host: Flask, run: Run) -> None:
    assert run("sms-codes").output == ""
    with host.app_context():
        for phone in ("13800138000", "13900139000"):
            booking.send_code(phone=phone, address="10.0.0.1")
    newest, oldest = map(json.loads, run("sms-codes").output.splitlines())
    assert [newest["phone"], oldest["phone"]] == ["13900139000", "13800138000"]
    assert set(newest) == {"phone", "service", "purpose", "code", "expires_at"}
    assert newest["code"].isdigit()
    (line,) = run("sms-codes", "13800138000").output.splitlines()
    assert json.loads(line) == oldest
    assert run("sms-codes", "13700137000").output == ""


def test_outside_the_sandbox_there_are_no_codes_to_show() -> None:
    runner = make_app("sqlite://", WXSERVICES_SANDBOX=False).test_cli_runner()
    result = runner.invoke(args=["wxservices", "sms-codes"])
    assert result.exit_code == 1
    assert result.output == "Error: sms-codes works in the sandbox only: WXSERVICES_SANDBOX is not on.\n"
