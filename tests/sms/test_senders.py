from __future__ import annotations

import subprocess
import sys

import pytest

from apps import make_app
from wxservices import sms
from wxservices.errors import ConfigurationError
from wxservices.settings import load
from wxservices.sms import senders

ACCOUNT = {
    "WXSERVICES_SMS_SIGN_NAME": "车管所",
    "WXSERVICES_SMS_TEMPLATE": "SMS_1",
    "WXSERVICES_SMS_ACCESS_KEY_ID": "an id",
    "WXSERVICES_SMS_ACCESS_KEY_SECRET": "a secret",
    "WXSERVICES_SMS_TENCENT_SDK_APP_ID": 1400006666,
}


class Own:
    def send(self, message: sms.Message) -> None:
        print(message.code)


def app_with(**config: object):
    return make_app("sqlite://", WXSERVICES_SANDBOX=False, **config)


@pytest.mark.parametrize(
    ("config", "lacking"),
    [
        ({}, ["SENDER"]),
        ({"SENDER": ""}, ["SENDER"]),
        ({"SENDER": "tencent"}, ["SIGN_NAME", "TEMPLATE", "ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "TENCENT_SDK_APP_ID"]),
        ({"SENDER": "aliyun"}, ["SIGN_NAME", "TEMPLATE", "ACCESS_KEY_ID", "ACCESS_KEY_SECRET"]),
        ({"SENDER": "aliyun", "TEMPLATE": "SMS_1", "ACCESS_KEY_ID": "x"}, ["SIGN_NAME", "ACCESS_KEY_SECRET"]),
    ],
)
def test_what_is_lacking_is_named(config: dict[str, str], lacking: list[str]) -> None:
    full = {f"WXSERVICES_SMS_{name}": value for name, value in config.items()}
    names = [f"WXSERVICES_SMS_{name}" for name in lacking]
    assert load(full).lacks("traffic", {"openid_loader"}) == names
    with app_with(**full).app_context(), pytest.raises(ConfigurationError) as caught:
        senders.current_sender()
    assert all(name in str(caught.value) for name in names)


@pytest.mark.parametrize("name", ["tencent", "aliyun"])
def test_a_complete_account_lacks_nothing(name: str) -> None:
    assert load({**ACCOUNT, "WXSERVICES_SMS_SENDER": name}).lacks("traffic", {"openid_loader"}) == []


@pytest.mark.parametrize(("name", "reason"), [("twilio", "'twilio'"), ("Tencent", "'Tencent'"), ("sandbox", "SANDBOX")])
def test_what_is_no_sender_here_is_refused_by_name(name: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=f"WXSERVICES_SMS_SENDER.*{reason}"):
        load({**ACCOUNT, "WXSERVICES_SMS_SENDER": name})


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"WXSERVICES_SMS_SENDER": "tencent"}, "Tencent"),
        ({"WXSERVICES_SMS_SENDER": "aliyun"}, "Aliyun"),
        ({"WXSERVICES_SANDBOX": True}, "Sandbox"),
        ({"WXSERVICES_SANDBOX": True, "WXSERVICES_SMS_SENDER": "tencent"}, "Tencent"),
    ],
)
def test_the_sender_is_made_once_for_an_application(config: dict[str, object], kind: str) -> None:
    config = {"WXSERVICES_SANDBOX": False, **ACCOUNT, **config}
    app, other = make_app("sqlite://", **config), make_app("sqlite://", **config)
    with app.app_context():
        sender = senders.current_sender()
        assert type(sender).__name__ == kind
    with app.app_context():
        assert senders.current_sender() is sender
    with other.app_context():
        assert senders.current_sender() is not sender


def test_the_hosts_own_sender_goes_first_and_needs_no_settings() -> None:
    app, own = app_with(), Own()
    app.extensions["wxservices"].hooks["sms_sender"] = own
    with app.app_context():
        assert senders.current_sender() is own


@pytest.mark.parametrize(
    ("name", "package"), [("tencent", "tencentcloud"), ("aliyun", "alibabacloud_dysmsapi20170525")]
)
def test_a_missing_package_is_named(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, f"wxservices.sms.{name}", raising=False)
    for module in [module for module in sys.modules if module.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    app = app_with(**ACCOUNT, WXSERVICES_SMS_SENDER=name)
    with app.app_context(), pytest.raises(ConfigurationError, match=rf"pip install 'wxservices\[{name}\]'"):
        senders.current_sender()


def test_importing_the_package_imports_no_provider() -> None:
    program = (
        "import sys, wxservices.sms, wxservices.throttle\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('tencentcloud', 'Tea', 'darabonba', 'requests')"
        " or name.startswith('alibaba')])"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output == "[]\n"
