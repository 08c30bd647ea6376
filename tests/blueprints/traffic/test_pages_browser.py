"""The pages of ``traffic`` in Chromium, on a phone of 360 by 740 points, against a real server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from chromium import Page, expect, launched, nameless, outline, pale, served, visitors
from traffic_data import OFFICE, book, office, person, timeid
from wxservices import db
from wxservices.models.traffic import Booking
from wxservices.services.traffic import booking, drafts
from wxservices.sms import sandbox

pytestmark = pytest.mark.browser

SCRIPT = "<script>alert(1)</script>"
SLOTS = [("0", "0900", "1000", 50), ("0", "1000", "1030", 1), ("1", "1400", "1500", 50)]
TOMORROW = datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=1)
PAGES = ["orderselect", "infoinput", "infoinput?busitype=1", "busiselect", "timeselect", "orderresult", "orderquery"]
PAGES += ["infoinput?busitype=9"]  # a fault

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Flask, str]]:
    """A browser, and an office that is open tomorrow alone, whatever day that is, mounted under a prefix."""
    data = {
        "businesses": [*OFFICE["businesses"], {"busiid": "3", "businame": SCRIPT, "busitips": SCRIPT}],
        "slots": [{"busitype": t, "starttime": a, "endtime": b, "capacity": n} for t, a, b, n in SLOTS],
        "days": [{"day": str(TOMORROW + timedelta(days=n)), "working": n == 0} for n in range(-1, 7)],
    }
    uri = f"sqlite:///{tmp_path_factory.mktemp('pages')}/test.db"
    with launched() as browser, office(uri, data, prefix="/mp") as app, served(app) as url:
        yield browser, app, f"{url}/mp/wx/"


@pytest.fixture
def open_page(site: tuple[Any, Flask, str]) -> Iterator[Open]:
    """Opens a page as *openid*, or as nobody yet."""
    browser, app, url = site
    with visitors(browser, url, tolerated="status of 400") as visit:

        def open_page(openid: str | None = None, **options: Any) -> Page:
            page, client = visit(**options), app.test_client()
            if openid:
                with client.session_transaction() as session:
                    session["wxservices"] = {"openid": openid}
                page.context.add_cookies([{"name": "session", "value": client.get_cookie("session").value, "url": url}])
            return page

        yield open_page


def button(page: Page, name: str) -> Any:
    return page.get_by_role("button", name=name)


def fault(page: Page, field: str) -> Any:
    """The message beside *field*."""
    return page.locator(f"#fault-{field}")


def choose(page: Page) -> None:
    """From infoinput to the two pages of choices, and back."""
    button(page, "办理业务").click()
    page.get_by_text("检验", exact=True).click()
    page.get_by_label("年检").check()
    button(page, "确定").click()
    button(page, "预约时间").click()
    page.get_by_label("09:00–10:00").check()
    button(page, "确定").click()
    expect(button(page, "办理业务")).to_contain_text("年检")
    expect(button(page, "预约时间")).to_contain_text(f"{TOMORROW.month}月{TOMORROW.day}日")
    expect(button(page, "预约时间")).to_contain_text("09:00–10:00")


def chosen(openid: str, busiid: str = "111") -> str:
    """*openid*, who has made those choices before."""
    drafts.keep(openid=openid, busitype="0", busiid=busiid, timeid=timeid(day=TOMORROW))
    return openid


def fill(page: Page, typed: dict[str, str]) -> None:
    for field, text in typed.items():
        page.locator(f"#{field}").fill(text)


def get_code(page: Page, phone: str) -> None:
    """Press for a code, and type the one that the sandbox shows."""
    button(page, "获取验证码").click()
    expect(page.get_by_role("status")).to_have_text(f"验证码已发送至 {phone[:3]}****{phone[-4:]}")
    expect(page.locator("#verifycode")).to_be_focused()
    page.keyboard.type(str(sandbox.recent(phone)[0]["code"]))


def test_a_window_is_booked_from_the_menu_to_the_list(open_page: Open) -> None:
    page, someone = open_page(), person(1)
    page.goto("orderselect")
    page.get_by_role("link", name="车管业务").click()
    fill(page, someone)
    choose(page)
    expect(page.get_by_text("带行驶证")).to_be_visible()
    get_code(page, someone["phone"])
    button(page, "确认预约").click()
    expect(page).to_have_url(re.compile("/orderresult$"))
    page.get_by_role("link", name="我的预约").click()
    order = page.get_by_role("listitem")
    expect(order).to_contain_text(f"{TOMORROW.year}年{TOMORROW.month}月{TOMORROW.day}日 09:00")
    expect(order).to_contain_text("已预约")
    booking.cancel(ordernum=order.get_by_text(re.compile(r"^\d{13}$")).text_content())
    page.reload()
    expect(order).to_contain_text("已取消")
    page.goto("infoinput")
    expect(page.locator("#username")).to_have_value("")
    expect(button(page, "办理业务")).to_contain_text("请选择")


def test_what_was_typed_survives_a_trip_a_reload_and_the_back_button(open_page: Open) -> None:
    page = open_page("o-typed")
    typed = {"username": "欧阳𠮷", "userid": "1101", "phone": "138", "verifycode": "123"}

    def all_there() -> None:
        for field, text in typed.items():
            expect(page.locator(f"#{field}")).to_have_value(text)

    page.goto("infoinput")
    fill(page, typed)
    page.reload()
    all_there()
    button(page, "预约时间").click()
    expect(page).to_have_url(re.compile("timeselect"))
    page.go_back()
    all_there()
    choose(page)
    all_there()
    typed["username"] = "欧阳"
    fill(page, typed)
    page.goto("orderselect")
    page.go_back()
    all_there()
    page = page.context.new_page()  # another tab has only what the server keeps, and that is not the code
    page.goto("infoinput")
    typed |= {"username": "欧阳𠮷", "verifycode": ""}
    all_there()


def test_the_verify_button_counts_a_minute_down_over_a_reload(open_page: Open) -> None:
    page, someone = open_page("o-count"), person(2)
    page.clock.install()
    page.goto("infoinput?busitype=1")
    fill(page, someone)
    get_code(page, someone["phone"])
    verify = page.locator("#verify")
    expect(verify).to_have_text(re.compile("^(60|5[5-9])秒后重发$"))
    page.clock.fast_forward(20_000)
    page.reload()
    expect(verify).to_be_disabled()
    expect(verify).to_have_text(re.compile("^(40|3[0-9])秒后重发$"))
    page.clock.fast_forward(41_000)
    expect(verify).to_be_enabled()
    verify.click()  # the server has its own clock
    expect(fault(page, "verifycode")).to_have_text("获取验证码太频繁，请稍后再试")


def test_pressed_twice_it_books_once(open_page: Open) -> None:
    page, someone, held = open_page(chosen("o-twice")), person(3), []
    page.goto("infoinput")
    fill(page, someone)
    get_code(page, someone["phone"])
    page.route("**/orderconfirm", lambda route: held.append(route))
    confirm = button(page, "确认预约")
    confirm.dblclick()
    expect(confirm).to_be_disabled()
    expect(confirm).to_have_attribute("aria-busy", "true")
    turning = "getComputedStyle(document.getElementById('confirm'), '::before').animationName"
    assert page.evaluate(turning) == "turn"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(turning) == "none"
    page.keyboard.press("Enter")
    assert len(held) == 1
    held[0].continue_()
    expect(page).to_have_url(re.compile("orderresult"))
    assert len(booking.orders(openid="o-twice")["orderlist"]) == 1


def test_faults_stand_beside_their_fields(open_page: Open) -> None:
    page, someone = open_page("o-faults"), person(4)
    page.goto("infoinput")
    page.get_by_label("姓名").press("Enter")  # means the page's own button, not the first one
    for field in ("busiid", "timeid", "username", "userid", "phone", "verifycode"):
        expect(fault(page, field)).to_have_text(re.compile("^请(填写|选择)"))
    expect(button(page, "办理业务")).to_be_focused()
    chosen("o-faults")
    page.reload()
    book(someone, openid="o-other", timeid=timeid(day=TOMORROW))
    for field, text, message in [
        ("phone", "12345678901", "手机号码格式不正确"),
        ("userid", "110101199003070021", "身份证号格式不正确"),
    ]:
        fill(page, someone | {"verifycode": "000000", field: text})
        button(page, "确认预约").click()
        expect(fault(page, field)).to_have_text(message)
        expect(page.locator(f"#{field}")).to_be_focused()
        expect(page.locator(f"#{field}")).to_have_attribute("aria-invalid", "true")
    fill(page, someone | {"phone": "12345678901"})
    expect(fault(page, "userid")).to_have_text("")
    button(page, "获取验证码").click()
    expect(fault(page, "phone")).to_have_text("手机号码格式不正确")
    fill(page, someone)
    button(page, "确认预约").click()
    expect(page.get_by_role("alert")).to_have_text("您当天已有该类业务的预约")
    fill(page, person(5))
    button(page, "确认预约").click()
    expect(fault(page, "verifycode")).to_have_text(re.compile("^验证码"))
    page.route("**/orderconfirm", lambda route: route.fulfill(body="<html>"))
    button(page, "确认预约").click()
    expect(page.get_by_role("alert")).to_have_text("网络异常，请稍后再试")
    expect(button(page, "确认预约")).to_be_enabled()


def test_days_and_times_are_chosen_with_the_keyboard(open_page: Open) -> None:
    book(person(6), openid="o-other", timeid=timeid(1, TOMORROW))
    page = open_page("o-keys")
    page.goto("timeselect")
    days = page.locator("[name=date]")
    expect(days.nth(1)).to_be_checked()  # the only one that is worked
    expect(page.get_by_role("radio", name="10:00–10:30 约满")).to_be_disabled()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(days.nth(2)).to_be_checked()
    expect(page.get_by_text("休息日，暂无可预约时间")).to_be_visible()
    button(page, "确定").press("Enter")
    expect(page.get_by_role("alert")).to_have_text("请选择时间段")
    days.nth(2).press("ArrowLeft")
    page.get_by_label("09:00–10:00").press("Space")
    page.keyboard.press("Enter")
    expect(button(page, "预约时间")).to_contain_text("09:00–10:00")
    button(page, "办理业务").press("Enter")
    button(page, "确定").press("Enter")
    expect(page.get_by_role("alert")).to_have_text("业务不能为空")


def test_markup_in_names_is_text(open_page: Open) -> None:
    page, someone = open_page(chosen("o-markup", busiid="3")), person(7)
    drafts.keep(openid="o-markup", busitype="0", username=SCRIPT)
    book(someone, openid="o-other", busiid="3", timeid=timeid(day=TOMORROW))
    page.goto("infoinput")
    expect(page.get_by_text(SCRIPT)).to_have_count(2)  # the business and its tips
    expect(page.get_by_label("姓名")).to_have_value(SCRIPT)
    page.goto("busiselect")
    expect(page.get_by_label(SCRIPT)).to_be_checked()
    other = open_page("o-other")
    other.goto("orderquery")
    expect(other.get_by_role("heading", name=SCRIPT)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_small_phone_and_can_be_read_by_anybody(open_page: Open, scheme: str) -> None:
    for number, status in ((8, "0"), (9, "1"), (10, "2")):
        someone = person(number + 10 * (scheme == "dark"))
        book(someone, openid=f"o-{scheme}", timeid=timeid(day=TOMORROW))
        with db.transaction():
            db.changed(sa.update(Booking).where(Booking.userid == someone["userid"]).values(status=status))
    page = open_page(chosen(f"o-{scheme}"), color_scheme=scheme)
    for name in PAGES:
        page.goto(name)
        if name == "infoinput":
            button(page, "确认预约").click()  # with its faults
        if name == "timeselect":
            expect(page.locator("[name=timeid]")).to_have_count(2)
        assert outline(page) == {"lang": "zh-CN", "titles": 1, "headings": 1, "width": 360}, name
        assert nameless(page) == [], name
        assert pale(page) == [], name
    page.get_by_role("link", name="重新打开").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("车管业务预约")


def test_without_scripts_pages_can_be_read_and_choices_made(open_page: Open) -> None:
    page = open_page("o-plain", java_script_enabled=False)
    page.goto("infoinput")
    page.get_by_label("姓名").fill("张三")
    button(page, "办理业务").click()
    expect(page.get_by_text("机动车业务")).to_be_visible()
    page.get_by_text("检验", exact=True).click()
    page.get_by_label("年检").check()
    button(page, "确定").click()
    expect(button(page, "办理业务")).to_contain_text("年检")
    expect(page.get_by_label("姓名")).to_have_value("张三")
    button(page, "预约时间").click()
    expect(page.get_by_text(f"{TOMORROW.month}月{TOMORROW.day}日")).to_be_visible()
    expect(page.get_by_role("radio")).to_have_count(8)
