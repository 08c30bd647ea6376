"""How a document dresses what a call answers: one subclass of :class:`Envelope` for each document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from .errors import ServiceError

SYSTEM_FAULT = "系统异常，请稍后再试"


class Envelope:
    """Turns results and errors into the document's reply.

    ``codes`` maps exception classes to the document's codes.  The nearest class in the error's ancestry counts;
    ``Exception`` must be there, for everything that nobody foresaw.
    """

    codes: ClassVar[Mapping[type[Exception], Any]]

    def success(self, result: Any) -> Any:
        """The reply to a call that answered *result* (JSON-able, or None)."""
        raise NotImplementedError

    def failure(self, code: Any, message: str) -> Any:
        """The reply to a call that was refused with *code*."""
        raise NotImplementedError

    def error(self, error: Exception) -> Any:
        """The reply for *error*.  What is not a :class:`ServiceError` shows nothing of itself."""
        code = next(self.codes[kind] for kind in type(error).__mro__ if kind in self.codes)
        return self.failure(code, error.message if isinstance(error, ServiceError) else SYSTEM_FAULT)

    def unwrap(self, body: dict[str, Any]) -> dict[str, Any]:
        """The call's own parameters within the request's body."""
        return body
