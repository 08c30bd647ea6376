"""Signatures over sorted ``name=value`` pairs, as WeChat Pay v2 has them and as the tickets document has them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

Method = Literal["MD5", "HMAC-SHA256"]
"""The methods, by the names that WeChat's ``sign_type`` gives them."""


def pairs(params: Mapping[str, str]) -> str:
    """What is signed, the key apart: ``a=1&b=2``, names in ASCII order, without ``sign`` and empty values."""
    return "&".join(f"{name}={value}" for name, value in sorted(params.items()) if value != "" and name != "sign")


def md5(params: Mapping[str, str], key: str) -> str:
    """The MD5 signature of *params*, in capitals."""
    return hashlib.md5(_keyed(params, key), usedforsecurity=False).hexdigest().upper()


def hmac_sha256(params: Mapping[str, str], key: str) -> str:
    """The HMAC-SHA256 signature of *params*, in capitals."""
    return hmac.new(key.encode(), _keyed(params, key), hashlib.sha256).hexdigest().upper()


def sign(params: Mapping[str, str], key: str, method: Method) -> str:
    """The signature of *params* by *method*, in capitals."""
    return (md5 if method == "MD5" else hmac_sha256)(params, key)


def verify(params: Mapping[str, str], key: str, signature: str, method: Method) -> bool:
    """Whether *signature* is that of *params*, in small or capital letters; takes the same time wherever it differs.

    :param method: the one agreed on, never one that the message names.
    """
    # Bytes: their upper() is ASCII only (str.upper makes "FF" of a ligature), and any text has some.
    given = signature.encode("utf-8", "replace").upper()
    return hmac.compare_digest(given, sign(params, key, method).encode())


def _keyed(params: Mapping[str, str], key: str) -> bytes:
    return f"{pairs(params)}&key={key}".encode()


def texts(data: Mapping[str, Any]) -> dict[str, str]:
    """The members of a JSON object as the texts that are signed; those that count as empty are left out."""
    return {name: text for name, value in data.items() if (text := text_of(value)) is not None}


def text_of(value: object) -> str | None:
    """A JSON value as the text that is signed.

    A string as it is, a number as it was written (see :class:`wxservices.payload.Number`), a truth value in small
    letters, an array or object as compact JSON with its members in the order sent.  ``None`` for null and ``""``.

    :raises TypeError: not a value that our JSON reader makes; a ``float`` is none.
    """
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else _compact(value)


def _compact(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return str(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return f"[{','.join(map(_compact, value))}]"
        case dict():
            return f"{{{','.join(f'{_compact(name)}:{_compact(item)}' for name, item in value.items())}}}"
    raise TypeError(f"{type(value).__name__} cannot be signed")
