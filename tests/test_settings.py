"""The settings table: types, what is unknown, what is missing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from wxservices import settings
from wxservices.errors import ConfigurationError


def test_defaults_are_those_of_the_table() -> None:
    loaded = settings.load({})
    assert loaded.sandbox is False
    assert loaded.timezone.key == "Asia/Shanghai"
    assert loaded.sms_code_lifetime == timedelta(minutes=5)


def test_names_of_others_are_none_of_our_business() -> None:
    settings.load({"SECRET_KEY": "x", "WX_SOMETHING": 1})


def test_an_unknown_setting_is_an_error_that_suggests_the_near_one() -> None:
    with pytest.raises(
        ConfigurationError, match=r"Unknown setting WXSERVICES_TIMEZON\. Did you mean WXSERVICES_TIMEZONE\?"
    ):
        settings.load({"WXSERVICES_TIMEZON": "Asia/Shanghai"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SANDBOX", "yes"),
        ("SANDBOX", 1),
        ("TIMEZONE", "Mars/Olympus"),
        ("TIMEZONE", "../etc/passwd"),
        ("MAX_BODY", "1 MB"),
        ("MAX_BODY", -1),
        ("MAX_BODY", True),
        ("WECHAT_SECRET", 1e5),
        ("SMS_CODE_LIFETIME", "5 min"),
        ("TRAFFIC_KIOSK_NETWORKS", "10.0.0.1/8"),
        ("TRAFFIC_KIOSK_NETWORKS", 10),
    ],
)
def test_a_value_of_the_wrong_type_is_an_error_that_names_the_setting(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"WXSERVICES_{name}"):
        settings.load({f"WXSERVICES_{name}": value})


def test_values_are_parsed() -> None:
    loaded = settings.load(
        {
            "WXSERVICES_WECHAT_SECRET": 123456,  # what from_prefixed_env makes of a secret of digits
            "WXSERVICES_TRAFFIC_KIOSK_NETWORKS": "10.0.0.0/8, ::1/128",
            "WXSERVICES_SMS_TIMEOUT": 3,
        }
    )
    assert loaded.wechat_secret == "123456"
    assert [str(network) for network in loaded.traffic_kiosk_networks] == ["10.0.0.0/8", "::1/128"]
    assert loaded.sms_timeout == timedelta(seconds=3)


def test_what_a_service_lacks_is_named() -> None:
    lacks = ["WXSERVICES_WECHAT_APPID", "WXSERVICES_WECHAT_SECRET", "WXSERVICES_SMS_SENDER"]
    assert settings.load({}).lacks("traffic") == lacks
    assert settings.load({}).lacks("traffic", {"openid_loader", "sms_sender"}) == []
    tencent = settings.load({"WXSERVICES_SMS_SENDER": "tencent"})
    assert "WXSERVICES_SMS_TENCENT_SDK_APP_ID" in tencent.lacks("traffic")
    assert "WXSERVICES_SMS_TENCENT_SDK_APP_ID" not in tencent.lacks("traffic", {"sms_sender"})
    aliyun = settings.load({"WXSERVICES_SMS_SENDER": "aliyun"})
    assert "WXSERVICES_SMS_TENCENT_SDK_APP_ID" not in aliyun.lacks("traffic")


def test_the_sandbox_lacks_nothing() -> None:
    assert settings.load({"WXSERVICES_SANDBOX": True}).lacks("traffic") == []


def test_secrets_are_not_in_the_repr() -> None:
    secret = "do not print me"
    loaded = settings.load({"WXSERVICES_WECHAT_SECRET": secret, "WXSERVICES_SMS_ACCESS_KEY_SECRET": secret})
    assert secret not in repr(loaded)
    assert all(field.metadata["secret"] for name, field in settings.table() if "SECRET" in name or "PASSWORD" in name)


def test_every_setting_has_a_meaning() -> None:
    assert all(field.metadata["meaning"].endswith(".") for _, field in settings.table())


def test_the_table_in_the_documentation_is_up_to_date() -> None:
    page = (Path(__file__).parents[1] / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page.endswith("\n\n" + settings.markdown()), "the command that makes the table stands on the page"
