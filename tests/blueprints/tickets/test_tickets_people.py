"""The calls of ``tickets`` about people: login, account, contacts, phone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from tickets_data import PASSENGER, Caller, agency, login, on_sqlite
from wxservices import WxServices, signing
from wxservices.services.tickets import accounts, contacts, phones
from wxservices.wechat import sandbox

CONTACT = {**PASSENGER, "linkmanType": "成人", "indentityType": "身份证"}
DONE = {"code": "0000", "msg": "成功", "data": {}}


# 登陆


def test_login_makes_an_account_at_first_sight(agency_app: Flask) -> None:
    first, again = login(agency_app), login(agency_app)
    assert first.user_id == again.user_id
    assert first.key != again.key
    assert accounts.find(first.user_id).openid == sandbox.openid_of("demo-customer")
    assert first.call("getUserInfo")["data"]["userStatus"] == "authened"
    assert login(agency_app, "m", "business").call("getUserInfo")["data"]["userStatus"] == "wait_authen"


# 获取个人信息


def test_user_info(customer: Caller) -> None:
    data = customer.call("getUserInfo", sign=False)["data"]
    names = (
        "userId userPhoneno amount coolAmount userImage userName userWxno userStatus userBirthday userIdentity "
        "realName benefitRate customerAccount sign"
    )
    assert list(data) == names.split()
    assert data["userId"] == str(customer.user_id)
    assert (data["amount"], data["coolAmount"]) == (0, 0)


# 添加联系人接口, 查询联系人接口


def test_contacts(agency_app: Flask, customer: Caller) -> None:
    assert customer.call("selectContacts")["data"] == []
    assert customer.call("addContacts", CONTACT) == DONE
    again = {**CONTACT, "name": "胡小超"}
    assert customer.call("addContacts", again)["code"] == "0025"
    assert customer.call("addContacts", {**CONTACT, "indentity": "11010119900307002x"}) == DONE
    assert customer.call("selectContacts", sign=False)["data"] == [
        {"userId": str(customer.user_id), "indentity": "110101199003075613", "name": "胡超", "status": "1"},
        {"userId": str(customer.user_id), "indentity": "11010119900307002X", "name": "胡超", "status": "1"},
    ]
    other = login(agency_app, "somebody else")
    assert other.call("selectContacts")["data"] == []
    assert other.call("addContacts", CONTACT) == DONE


@on_sqlite
@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        *[("indentity", value, "0023") for value in ("110101199003075614", "123", "x" * 200, "99999999999999999X")],
        *[("indentity", value, "0013") for value in (..., None, "", [], True, "1\x00")],
        *[("name", value, "0023") for value in ("张", "12345", "张三!", "·", "😀😀")],
        *[("name", value, "0013") for value in (..., "", " ", "张\x00三", {}, "x" * 300)],
        *[("linkmanType", value, "0013") for value in (..., "老人", 1)],
        *[("indentityType", value, "0013") for value in (..., "护照")],
    ],
)
def test_a_contact_that_cannot_be(customer: Caller, field: str, value: Any, code: str) -> None:
    contact = {name: kept for name, kept in {**CONTACT, field: value}.items() if kept is not ...}
    reply = customer.call("addContacts", contact)
    assert reply["code"] == code
    if code == "0013":
        assert reply["msg"].startswith(f"缺少参数 {field} ")
    assert customer.call("selectContacts")["data"] == []


def test_foreign_names_are_names(customer: Caller) -> None:
    assert customer.call("addContacts", {**CONTACT, "name": "买买提·艾力"}) == DONE
    assert customer.call("selectContacts")["data"][0]["name"] == "买买提·艾力"


def test_the_list_of_contacts_is_bounded(customer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contacts, "MOST", 1)
    assert customer.call("addContacts", CONTACT) == DONE
    assert customer.call("addContacts", {**CONTACT, "indentity": "11010119900307002X"})["code"] == "0024"


# 发送验证码, 校验验证码


def test_a_phone_is_bound_by_its_code(customer: Caller) -> None:
    sent = customer.call("sendPhoneCode", {"phoneNo": 13800138000})
    assert sent["code"] == "0000"
    assert sent["data"]["phoneNo"] == "13800138000"
    code = sent["data"]["smsCode"]
    assert re.fullmatch(r"\d{6}", code)
    assert sent["data"]["sign"] == signing.md5({"phoneNo": "13800138000", "smsCode": code}, "319ceidcbweifbwi")
    asked = {"phoneNo": "13800138000", "smsCode": code}
    assert customer.call("checkPhoneCode", asked) == DONE
    assert customer.call("getUserInfo")["data"]["userPhoneno"] == "13800138000"
    assert customer.call("checkPhoneCode", asked)["code"] == "0020", "a code is good once"


def test_a_burnt_code_counts_as_expired(customer: Caller) -> None:
    code = customer.call("sendPhoneCode", {"phoneNo": "13800138000"})["data"]["smsCode"]
    wrong = {"phoneNo": "13800138000", "smsCode": "000000" if code != "000000" else "000001"}
    assert [customer.call("checkPhoneCode", wrong)["code"] for _ in range(6)] == ["0021"] * 5 + ["0020"]
    assert customer.call("getUserInfo")["data"]["userPhoneno"] == ""


def test_outside_the_sandbox_the_code_is_not_told(database_uri: str) -> None:
    class Sender:
        sent: list[Any] = []  # noqa: RUF012

        def send(self, message: Any) -> None:
            self.sent.append(message)

    with agency(database_uri, WXSERVICES_SANDBOX=False, extension=WxServices(sms_sender=Sender())):
        told = phones.send(phoneNo="13800138000", address="10.0.0.1")
        assert told == {"smsCode": "", "phoneNo": "13800138000"}
        assert Sender.sent[0].code
