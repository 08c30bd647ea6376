"""Every code of the appendix: how it is raised, or why it never is.  The page of the documentation says the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tickets_data import KEY, ORDER, PASSENGER, URL, Caller, bring, login, newest, on_sqlite, signed, status
from wxservices import db
from wxservices.blueprints.tickets.envelopes import PAY_CODES, TEXTS, Reply
from wxservices.errors import ServiceError
from wxservices.models.tickets import User
from wxservices.services.tickets import merchants
from wxservices.wechat import pay_sandbox

DOCS = Path(__file__).parents[3] / "docs" / "tickets.md"
PHONE = "13800138000"
CONTACT = {**PASSENGER, "linkmanType": "成人", "indentityType": "身份证"}

NEVER = {
    "0002": "the document has no password",
    "0009": "there is no table of WeChat's data apart from the account, whose codes are 0001 and 0003",
    "0015": "the document has no call that tops a wallet up",
}


def _sql(*statements: str) -> None:
    with db.engine().begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def _login(customer: Caller, code: str) -> Any:
    body = {"userRole": "customer", "appCode": "XCX", "data": signed({"code": code})}
    return customer.client.post(f"{URL}/login", json=body).get_json()


def _sent_code(customer: Caller) -> str:
    return str(customer.call("sendPhoneCode", {"phoneNo": PHONE})["data"]["smsCode"])


def _check_code(customer: Caller, code: str) -> Any:
    return customer.call("checkPhoneCode", {"phoneNo": PHONE, "smsCode": code})


def _code_of(function: Callable[[], object]) -> Any:
    """The reply that a call would give for the error that *function* raises."""
    with pytest.raises(ServiceError) as raised:
        function()
    return Reply().error(raised.value)


def _done(customer: Caller, business: Caller) -> Any:
    return customer.call("appConfig", {"keyType": "refuel_bag"})


def _fault(customer: Caller, business: Caller) -> Any:
    _sql("DROP TABLE wx_tickets_bag")
    return customer.call("appConfig", {"keyType": "refuel_bag"})


def _account_not_kept(customer: Caller, business: Caller) -> Any:
    _sql("DROP TABLE wx_tickets_user")
    return _login(customer, "someone")


def _profile_not_kept(customer: Caller, business: Caller) -> Any:
    code = _sent_code(customer)
    _sql("ALTER TABLE wx_tickets_user RENAME COLUMN phone TO telephone")
    return _check_code(customer, code)


def _rob_refused(customer: Caller, business: Caller) -> Any:
    order = bring(customer, business, "robing")
    return _code_of(lambda: merchants.rob(merchant_id=business.user_id, order_no=order.order_no))


def _hand_in_refused(customer: Caller, business: Caller) -> Any:
    order = bring(customer, business, "order_audit")
    return _code_of(lambda: merchants.hand_in(merchant_id=business.user_id, order_no=order.order_no, note="E2"))


def _not_logged_in(customer: Caller, business: Caller) -> Any:
    return customer.call("getUserInfo", userId=business.user_id)


def _no_login_key(customer: Caller, business: Caller) -> Any:
    customer.key = ""
    return customer.call("getUserInfo")


def _confirm_refused(customer: Caller, business: Caller) -> Any:
    return customer.call("confirmeOrder", {"id": customer.order().id})


def _unfreeze_refused(customer: Caller, business: Caller) -> Any:
    order = bring(customer, business, "wait_confirme")
    with db.transaction():
        db.changed(sa.update(User).values(cool_amount=0))
    reply = customer.call("confirmeOrder", {"id": order.id})
    assert status(order.order_no) == "wait_confirme"
    return reply


def _cancel_refused(customer: Caller, business: Caller) -> Any:
    return customer.call("cancleOrder", {"id": bring(customer, business, "wait_rob").id})


def _sms_failed(customer: Caller, business: Caller) -> Any:
    _sent_code(customer)
    return customer.call("sendPhoneCode", {"phoneNo": PHONE})


def _code_expired(customer: Caller, business: Caller) -> Any:
    return _check_code(customer, "123456")


def _code_wrong(customer: Caller, business: Caller) -> Any:
    code = _sent_code(customer)
    return _check_code(customer, "000000" if code != "000000" else "000001")


def _code_not_checked(customer: Caller, business: Caller) -> Any:
    _sql("DROP TABLE wx_common_sms_code")
    return _check_code(customer, "123456")


def _contact_not_kept(customer: Caller, business: Caller) -> Any:
    _sql("DROP TABLE wx_tickets_contact")
    return customer.call("addContacts", CONTACT)


def _contact_exists(customer: Caller, business: Caller) -> Any:
    assert customer.call("addContacts", CONTACT)["code"] == "0000"
    return customer.call("addContacts", CONTACT)


def _details_not_kept(customer: Caller, business: Caller) -> Any:
    _sql("DROP TABLE wx_tickets_detail")
    reply = customer.call("createOrder", ORDER)
    assert db.Query(sa.text("SELECT COUNT(*) FROM wx_tickets_order")).scalar() == 0  # type: ignore[arg-type]
    return reply


def _already_paid(customer: Caller, business: Caller) -> Any:
    return customer.call("payOrder", {"id": bring(customer, business, "wait_rob").id})


def _closed(customer: Caller, business: Caller) -> Any:
    order = customer.order()
    assert customer.call("cancleOrder", {"id": order.id})["code"] == "0000"
    return customer.call("payOrder", {"orderNo": order.order_no})


def _hangs(customer: Caller, business: Caller) -> Any:
    pay_sandbox.hang()
    return customer.call("createOrder", ORDER)


def _another_amount(customer: Caller, business: Caller) -> Any:
    from wxservices import payments

    order = customer.order()
    pay_sandbox.pay(order.order_no, 1)
    reply = _code_of(lambda: payments.ask(out_trade_no=order.order_no))
    assert status(order.order_no) == "wait_pay"
    return reply


def _refused(err_code: str) -> Callable[[Caller, Caller], Any]:
    def raised(customer: Caller, business: Caller) -> Any:
        pay_sandbox.refuse(err_code)
        reply = customer.call("createOrder", ORDER)
        if reply["code"] not in ("1004", "1005"):
            assert customer.call("payOrder", {"id": newest().id})["code"] == "0000", "the order stays payable"
        return reply

    return raised


RAISED: dict[str, Callable[[Caller, Caller], Any]] = {
    "0000": _done,
    "9999": _fault,
    "0001": _account_not_kept,
    "0003": _profile_not_kept,
    "0004": _rob_refused,
    "0005": _hand_in_refused,
    "0006": _not_logged_in,
    "0007": _no_login_key,
    "0008": lambda customer, business: customer.call("getUserInfo", userId=""),
    "0010": _confirm_refused,
    "0011": _unfreeze_refused,
    "0012": _cancel_refused,
    "0013": lambda customer, business: customer.call("payOrder", {}),
    "0016": lambda customer, business: customer.call("getUserInfo", appCode="APP"),
    "0017": lambda customer, business: customer.call("addContacts", {**CONTACT, "sign": "0" * 32}, sign=False),
    "0018": lambda customer, business: customer.call("addContacts", CONTACT, sign=False),
    "0019": _sms_failed,
    "0020": _code_expired,
    "0021": _code_wrong,
    "0022": _code_not_checked,
    "0023": lambda customer, business: customer.call("addContacts", {**CONTACT, "indentity": "110101199003075614"}),
    "0024": _contact_not_kept,
    "0025": _contact_exists,
    "0026": _details_not_kept,
    "0027": lambda customer, business: customer.call("getOrderDetails", {"id": 999}),
    "1000": lambda customer, business: _login(customer, "invalid"),
    "1001": _hangs,
    "1004": _already_paid,
    "1005": _closed,
    "1017": _another_amount,
    **{code: _refused(err_code) for err_code, code in reversed(PAY_CODES.items()) if code not in ("1004", "1005")},
}


def test_every_code_is_raised_or_has_its_reason() -> None:
    assert sorted([*RAISED, *NEVER]) == sorted(TEXTS)


@pytest.mark.parametrize("code", RAISED)
def test_the_code_is_raised(agency_app: Flask, customer: Caller, business: Caller, code: str) -> None:
    reply = RAISED[code](customer, business)
    assert reply["code"] == code
    assert reply["msg"].startswith(TEXTS[code])
    if code != "0013":
        assert reply["msg"] == TEXTS[code]
    assert list(reply) == ["code", "msg", "data"]


@on_sqlite
@pytest.mark.parametrize(("err_code", "code"), PAY_CODES.items())
def test_what_wechat_pay_refuses_has_a_code(
    agency_app: Flask, customer: Caller, business: Caller, err_code: str, code: str
) -> None:
    assert _refused(err_code)(customer, business)["code"] == code
    assert status(newest().order_no) == "wait_pay"


def test_an_err_code_without_a_code_counts_as_no_answer(customer: Caller) -> None:
    pay_sandbox.refuse("SYSTEMERROR")
    assert customer.call("createOrder", ORDER)["code"] == "1001"
    assert customer.call("payOrder", {"id": newest().id})["code"] == "0000"


def test_login_at_a_wechat_that_does_not_answer(customer: Caller) -> None:
    assert _login(customer, "timeout") == {"code": "1001", "msg": "微信调用通讯失败", "data": {}}


def test_the_documentation_has_each_code() -> None:
    rows = dict(re.findall(r"^\| (\d{4}) \| ([^|]+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    assert rows == TEXTS
    for code, reason in NEVER.items():
        assert re.search(
            rf"^\| {code} \|[^|]+\| never: {re.escape(reason)} \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE
        )


def test_the_documents_key_is_the_sandboxs(agency_app: Flask) -> None:
    assert agency_app.extensions["wxservices"].settings.tickets_sign_key == KEY
    assert login(agency_app).user_id == login(agency_app).user_id
