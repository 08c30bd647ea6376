"""The example ``examples/frontdesk`` in Chromium: rows light up when someone signs in."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Flask

from appointment_data import LI, ZHANG
from apps import running
from chromium import Page, expect, launched, nameless, pale, served, visitors
from servers import until
from wxservices import clock, db
from wxservices.models.appointment import Appointment
from wxservices.services.appointment import booking, signin

EXAMPLE = Path(__file__).parents[3] / "examples" / "frontdesk" / "app.py"
pytestmark = pytest.mark.browser

DESK = {"viewport": {"width": 1024, "height": 768}, "is_mobile": False, "has_touch": False}
SCRIPT = "<script>alert(1)</script>"


def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("frontdesk_app", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)  # where Flask looks for its folders
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app = example().create_app(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/desk.db", TESTING=True)
    with running(app, "appointment"):
        yield app


@pytest.fixture
def page(app: Flask) -> Iterator[Page]:
    """The desk's screen before the login."""
    with launched() as browser, served(app) as url, visitors(browser, url, tolerated="403") as visit:
        page = visit(**DESK)
        page.goto("/")
        yield page
    until(lambda: not signin.channel()._receivers, "the screen is still listening")


def booked(person: dict[str, str], hour: int) -> int:
    """An appointment of today, whatever time it is."""
    with db.transaction():
        values = {"day": clock.today(), "minute": hour * 60, "live": 1, "created_at": datetime.now(UTC)}
        return int(db.insert(Appointment, {**person, **values}))


def log_in(page: Page, password: str = "desk") -> None:
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


def row(page: Page, name: str) -> Any:
    return page.get_by_role("row").filter(has_text=name)


def test_a_row_lights_up_when_someone_signs_in(app: Flask, page: Page) -> None:
    zhang, li = booked(ZHANG, 9), booked(LI | {"name": SCRIPT}, 10)
    booking.revoke(appointment_id=booked(ZHANG | {"name": "王五"}, 11))
    signin.sign_in(appointment_id=li)
    log_in(page, "wrong")
    expect(page.get_by_role("alert")).to_have_text("密码错误")
    log_in(page)
    expect(page.get_by_role("status")).to_have_text("在线")
    expect(row(page, "张三")).to_contain_text("09:00")
    expect(row(page, "张三")).to_contain_text("未签到")
    expect(row(page, "王五")).to_contain_text("已取消")
    expect(row(page, SCRIPT)).to_have_class("came")  # before this screen was there: not new
    assert pale(page) == []

    app.test_client().post("/v1/sign-in", json={"appintment_id": zhang})
    expect(row(page, "张三")).to_have_class("came new", timeout=1000)
    expect(row(page, "张三")).to_contain_text("已签到")
    expect(page.locator("#came")).to_have_text("2")


def test_what_was_missed_while_the_line_was_down_is_shown(app: Flask, page: Page) -> None:
    zhang, li = booked(ZHANG, 9), booked(LI, 10)
    log_in(page)
    expect(page.get_by_role("status")).to_have_text("在线")
    for inbox in list(signin.channel()._receivers):
        inbox.sock.shutdown(2)
    expect(page.get_by_role("status")).to_have_text("连接断开，正在重连")
    signin.sign_in(appointment_id=zhang)
    expect(row(page, "张三")).to_have_class("came new")
    expect(page.get_by_role("status")).to_have_text("在线")
    signin.sign_in(appointment_id=li)
    expect(row(page, "李四")).to_have_class("came new")


def test_who_is_not_logged_in_sees_nothing(app: Flask, page: Page) -> None:
    expect(page.get_by_role("heading", name="前台登录")).to_be_visible()
    assert nameless(page) == []
    closed = page.evaluate(
        """() => new Promise((resolve) => {
            new WebSocket(location.origin.replace("http", "ws") + "/ws/signin-notify").onclose = (event) => resolve(
                [event.code, event.reason]);
        })"""
    )
    assert closed == [4401, "需要管理员权限"]
