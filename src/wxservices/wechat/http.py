"""How WeChat's API is asked: one connection pool an application, time-outs, and no secret in any log.

The URLs carry the AppSecret in their query, so neither a URL nor the text of an exception that may hold one is
logged or passed on.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import db
from ..errors import UpstreamSilent
from ..state import current_state

if TYPE_CHECKING:
    import requests

log = logging.getLogger(__name__)

HOST = "https://api.weixin.qq.com"
TIMEOUT = (3, 10)
"""Seconds to wait for the connection, and for the next bytes of the answer."""
LONGEST = 64 * 1024
"""Bytes of the longest answer that is read; what WeChat sends has a few hundred."""


def get(path: str, params: Mapping[str, str]) -> dict[str, Any]:
    """GET *path* with *params* in the order given, and answer the JSON object that WeChat sends.

    :raises UpstreamSilent: no answer in time, a status other than 200, or anything but a JSON object.
    :raises RuntimeError: a data base transaction is open.
    """
    db.outside_transaction(f"A call of WeChat's {path}")
    answer = _fetch(path, params)
    if isinstance(answer, str):
        log.warning("WeChat %s: %s", path, answer)
        raise UpstreamSilent
    return answer


def _fetch(path: str, params: Mapping[str, str]) -> dict[str, Any] | str:
    """The JSON object, or a word on what was there instead.

    Nothing is raised from here: the exceptions of requests hold the URL, as text and as the context of any other.
    """
    import urllib3  # on first use, as requests: a fifth of a second that a process without WeChat need not spend

    try:
        with _session().get(
            HOST + path, params=params, timeout=TIMEOUT, allow_redirects=False, stream=True
        ) as response:
            if response.status_code != 200:
                return f"status {response.status_code}"
            body = bytearray()
            for chunk in response.iter_content(4096):
                body += chunk
                if len(body) > LONGEST:
                    return "an answer too long"
        answer = json.loads(body)
    except (OSError, ValueError, RecursionError, urllib3.exceptions.HTTPError) as error:
        return type(error).__name__  # requests' exceptions are OSErrors, a wrong JSON or encoding is a ValueError
    return answer if isinstance(answer, dict) else "no JSON object"


def _session() -> requests.Session:
    parts = current_state().parts
    if "wechat.http" not in parts:
        import requests

        logging.getLogger("urllib3.connectionpool").addFilter(_hide_query)
        parts["wechat.http"] = requests.Session()
    session: requests.Session = parts["wechat.http"]
    return session


def _hide_query(record: logging.LogRecord) -> bool:
    """At DEBUG, urllib3 logs the path of each request with its query: cut ours off."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            arg.partition("?")[0] if isinstance(arg, str) and arg.startswith("/sns/") else arg for arg in record.args
        )
    return True
