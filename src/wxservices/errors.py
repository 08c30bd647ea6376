"""Every error this library raises on purpose, as one tree.

::

    WxServicesError
    ├── ConfigurationError        the host application is set up wrongly
    └── ServiceError              the caller of a document's call is refused; ``str(error)`` is for people
        ├── BadParameter          a field is missing, malformed or out of range
        ├── NotAuthenticated      nobody is logged in
        ├── NotAllowed            somebody is, but this is not theirs
        ├── NotFound              no such thing
        ├── Conflict              the thing is in another state: taken, full, sold out, done
        ├── TooMany               a limit on tries is used up
        └── UpstreamError         WeChat, an SMS provider or a pile
            ├── UpstreamRefused   answered no
            └── UpstreamSilent    did not answer, or not in its language

A document's envelope maps these classes to the document's codes; a service that needs a finer code
subclasses the nearest one.
"""

from __future__ import annotations


class WxServicesError(Exception):
    """Base of all errors raised by wxservices."""


class ConfigurationError(WxServicesError):
    """The host application lacks a setting, or has one that cannot be used.  The message names it."""


class ServiceError(WxServicesError):
    """A call is refused.  ``str(error)`` is a message for people (Chinese, safe to show)."""

    default_message = "操作失败"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.default_message)

    @property
    def message(self) -> str:
        return str(self)


class BadParameter(ServiceError):
    """A parameter is missing, malformed or out of range.

    ``field`` is the documented name of the field (``list[0].goods_num`` for a nested one), ``reason``
    what is wrong with it; the message is both.
    """

    def __init__(self, field: str, reason: str = "参数错误") -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


class NotAuthenticated(ServiceError):
    default_message = "未登录"


class NotAllowed(ServiceError):
    default_message = "无权操作"


class NotFound(ServiceError):
    default_message = "数据不存在"


class Conflict(ServiceError):
    default_message = "当前状态不允许该操作"


class TooMany(ServiceError):
    default_message = "操作太频繁，请稍后再试"


class UpstreamError(ServiceError):
    """Something outside did not do what was asked.  ``code`` is its own error code, where it gave one."""

    default_message = "外部服务异常，请稍后再试"

    def __init__(self, message: str | None = None, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class UpstreamRefused(UpstreamError):
    """It answered, and the answer is no."""


class UpstreamSilent(UpstreamError):
    """It did not answer in time, or answered something that is not in its documentation."""
