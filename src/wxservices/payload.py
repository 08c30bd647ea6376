"""The parameters of a call, from whatever body a client sends.

JSON, urlencoded or multipart form; what the bytes look like counts for more than the ``Content-Type``, because
clients often send JSON under the wrong one.  PHP bracket names in a form (``list[0][aisle_id]=AI59``) mean the
nested value.  The query string is not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal, DecimalException
from io import BytesIO
from typing import Any, NoReturn, Self
from urllib.parse import parse_qsl, quote_plus

import qs_codec
from flask import Request
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from .errors import BadParameter
from .validators import is_unicode

MAX_DEPTH = 20
"""Objects and arrays inside each other that a JSON text may have."""

BODY = "body"
"""The field that errors name when no single parameter is at fault."""

BOM = b"\xef\xbb\xbf"

BRACKETS = qs_codec.DecodeOptions(
    list_limit=200, parameter_limit=2000, depth=5, strict_depth=True, raise_on_limit_exceeded=True
)

_plain_name = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Number(Decimal):
    """A JSON number with a fraction or an exponent (or ``-0``).  ``str()`` gives it back as it was written, which
    is what a signature is made of: ``80.00``, ``1E2``, ``-0.0``.  Other whole numbers are plain ``int``.
    """

    __slots__ = ("_literal",)
    _literal: str

    def __new__(cls, literal: str) -> Self:
        number = Decimal.__new__(cls, literal)
        number._literal = literal
        return number

    def __str__(self) -> str:
        return self._literal


def read(request: Request, *, max_body: int) -> dict[str, Any]:
    """The parameters in the body of *request*; ``{}`` for an empty one.

    :param max_body: largest body in bytes; the request's own limit (``MAX_CONTENT_LENGTH``) holds where it is smaller.
    :returns: values are ``str``, ``int``, :class:`Number`, ``bool``, ``None``, ``list`` and ``dict``; those of a form
        are ``str``, ``list`` and ``dict``.  A name that a form repeats without brackets gives a list.
    :raises BadParameter: whatever is wrong with the body; ``field`` is ``body`` or the parameter's name.
    """
    try:
        raw = _bytes(request, max_body)
        if request.mimetype == "multipart/form-data" or not raw:
            return _from_items(_form_items(request, raw))
    except RequestEntityTooLarge:
        raise BadParameter(BODY, "请求体过大") from None
    except HTTPException:
        raise BadParameter(BODY, "请求体不完整") from None
    text = _decoded(raw.removeprefix(BOM)).strip(" \t\r\n")
    if not text:
        return {}
    if text[0] in "{[" or request.is_json:
        parameters = loads(text)
        if not isinstance(parameters, dict):
            raise BadParameter(BODY, "应为JSON对象")
        return parameters
    return _from_urlencoded(text)


def loads(text: str, *, field: str = BODY) -> Any:
    """*text* as JSON, strictly: no NaN or Infinity, at most :data:`MAX_DEPTH` levels, no lone surrogates.

    :param field: the parameter that *text* is the value of, for the error.
    :returns: numbers are ``int`` or :class:`Number`, never ``float``.
    :raises BadParameter: it is not such a text.  ``field`` names the member at fault where that is known.
    """
    try:
        value = _decoder.decode(text)
        _check(value, 1)
    except _Fault as fault:
        raise BadParameter(fault.path(field), "含有无效字符") from None
    except RecursionError:
        raise BadParameter(field, "嵌套层数过多") from None
    except (ValueError, DecimalException):
        raise BadParameter(field, "不是有效的JSON") from None
    return value


def _integer(literal: str) -> int | Number:
    return Number(literal) if literal == "-0" else int(literal)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


_decoder = json.JSONDecoder(parse_int=_integer, parse_float=Number, parse_constant=_refuse)


class _Fault(Exception):
    """A text inside a JSON value is no text; the steps to it are added on the way out."""

    def __init__(self) -> None:
        self.steps: list[str | int] = []

    def path(self, field: str) -> str:
        path = "" if field == BODY else field
        for step in reversed(self.steps):
            if isinstance(step, int):
                path = f"{path or BODY}[{step}]"
            elif _plain_name.fullmatch(step):
                path += f".{step}" if path else step
            else:  # no document has such a name: it is not repeated to the client
                break
        return path or BODY


def _check(value: object, depth: int) -> None:
    step: str | int = 0
    if isinstance(value, str):
        if not is_unicode(value):
            raise _Fault
    elif isinstance(value, dict | list):
        if depth > MAX_DEPTH:
            raise RecursionError
        try:
            if isinstance(value, list):
                for step, item in enumerate(value):  # noqa: B007
                    _check(item, depth + 1)
            else:
                for step, item in value.items():
                    _check(step, depth)
                    _check(item, depth + 1)
        except _Fault as fault:
            fault.steps.append(step)
            raise


def _bytes(request: Request, max_body: int) -> bytes:
    limit = request.max_content_length
    limit = max_body if limit is None else min(limit, max_body)
    request.max_content_length = limit + 1  # a chunked body is cut off there without a word
    raw = request.get_data()
    if len(raw) > limit:
        raise RequestEntityTooLarge
    if raw and len(raw) < (request.content_length or 0):
        raise ClientDisconnected
    return raw


def _form_items(request: Request, raw: bytes) -> list[tuple[str, str]]:
    if raw:
        parser = request.make_form_data_parser()
        parser.silent = False
        parser.stream_factory = _memory
        try:
            _, form, _ = parser.parse(BytesIO(raw), request.mimetype, len(raw), request.mimetype_params)
        except ValueError:
            raise BadParameter(BODY, "不是有效的表单") from None
    else:
        # Nothing was sent, or the host has parsed the form before us (a CSRF guard does) and used the stream up.
        form = request.form
    items = [(name or "", value) for name, value in form.items(multi=True)]
    for name, value in items:
        if "\ufffd" in name + value:  # what werkzeug puts in the place of bytes that are not UTF-8
            raise BadParameter(name if _plain_name.fullmatch(name) else BODY, "不是有效的UTF-8")
    return items


def _memory(*args: object, **kwargs: object) -> BytesIO:
    """Where the content of an uploaded file goes, to be forgotten: no temporary file is made for it."""
    return BytesIO()


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BadParameter(BODY, "不是有效的UTF-8") from None


def _from_urlencoded(text: str) -> dict[str, Any]:
    try:
        items = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=int(BRACKETS.parameter_limit))
    except UnicodeDecodeError:
        raise BadParameter(BODY, "不是有效的UTF-8") from None
    except ValueError:
        raise BadParameter(BODY, "参数过多") from None
    return _from_items(items)


def _from_items(items: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Names and values as the nested value that the names mean."""
    # Quoted anew, so that "]=" in a value is not taken for the end of a name.
    query = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in items)
    try:
        return qs_codec.decode(query, BRACKETS)
    except (ValueError, IndexError):
        raise BadParameter(BODY, "参数过多或嵌套层数过多") from None
