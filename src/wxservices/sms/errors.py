"""What can go wrong with a code.

::

    Conflict
    └── CodeRefused         the code is of no use
        ├── CodeWrong       it is not the one that was sent
        └── CodeExpired     there is none to check against: never sent, too old, used already
            └── CodeBurnt   or guessed at too often
    TooMany
    └── TooManyCodes        asked for too often
    UpstreamError
    └── SendFailed          the provider did not take it
"""

from __future__ import annotations

from ..errors import Conflict, TooMany, UpstreamError

WRONG_PHONE = "手机号码有误，请重新输入"


class CodeRefused(Conflict):
    default_message = "验证码操作失败，请重试"


class CodeWrong(CodeRefused):
    default_message = "验证码错误，请重新输入"


class CodeExpired(CodeRefused):
    default_message = "验证码已失效，请重新获取"


class CodeBurnt(CodeExpired):
    default_message = "验证码错误次数过多，请重新获取"


class TooManyCodes(TooMany):
    default_message = "获取验证码太频繁，请稍后再试"


class SendFailed(UpstreamError):
    default_message = "短信发送失败，请稍后再试"
