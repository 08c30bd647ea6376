"""Which sender an application has."""

from __future__ import annotations

from typing import cast

from ..errors import ConfigurationError
from ..settings import PREFIX
from ..state import State, current_state
from .message import Sender

SETTING = f"{PREFIX}SMS_SENDER"
HOOK = "sms_sender"
"""Under which the host's own sender is registered."""


def current_sender() -> Sender:
    """The sender of the current application, made when it is first asked for.

    :raises ConfigurationError: a setting or an installed package is missing.
    """
    state = current_state()
    sender = state.parts.get("sms.sender") or state.parts.setdefault("sms.sender", _make(state))
    return cast(Sender, sender)


def _make(state: State) -> Sender:
    if HOOK in state.hooks:
        return cast(Sender, state.hooks[HOOK])
    settings = state.settings
    if lacking := settings.lacks(settings.sms_sender) if settings.sms_sender else [SETTING]:
        raise ConfigurationError(f"SMS cannot be sent: {', '.join(lacking)} not set.")
    if settings.sms_sender == "sandbox":
        from .sandbox import Sandbox

        return Sandbox()
    try:
        if settings.sms_sender == "tencent":
            from .tencent import Tencent

            return Tencent(settings)
        from .aliyun import Aliyun

        return Aliyun(settings)
    except ImportError as error:
        raise ConfigurationError(
            f"{SETTING} is {settings.sms_sender}: pip install 'wxservices[{settings.sms_sender}]'"
        ) from error
