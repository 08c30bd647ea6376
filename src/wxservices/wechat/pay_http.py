"""How WeChat Pay is asked: XML over POST, first at its main host, then at the spare one.

The messages hold keys' signatures and people's openids: neither they nor the answers are logged.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from .. import db
from ..errors import ConfigurationError, UpstreamSilent
from ..state import current_state
from .pay_xml import LONGEST

if TYPE_CHECKING:
    import requests

log = logging.getLogger(__name__)

HOSTS = ("https://api.mch.weixin.qq.com", "https://api2.mch.weixin.qq.com")
TIMEOUT = (3, 10)
"""Seconds to wait for the connection, and for the next bytes of the answer."""


def post(path: str, message: bytes, *, certificate: bool = False) -> bytes:
    """POST *message* to *path* and answer the body of the reply.

    :param certificate: show the merchant's client certificate.
    :raises UpstreamSilent: no host answered in time with a body that is short enough.
    :raises ConfigurationError: a file of the certificate is missing.
    :raises RuntimeError: a data base transaction is open.
    """
    db.outside_transaction(f"A call of WeChat Pay's {path}")
    cert = _certificate() if certificate else None
    for host in HOSTS:
        answer = _fetch(host + path, message, cert)
        if isinstance(answer, bytes):
            return answer
        log.warning("WeChat Pay %s at %s: %s", path, host, answer)
    raise UpstreamSilent


def _fetch(url: str, message: bytes, cert: tuple[str, str] | None) -> bytes | str:
    """The body, or a word on what was there instead."""
    import urllib3  # on first use, as requests

    try:
        with _session().post(
            url,
            data=message,
            headers={"Content-Type": "text/xml; charset=utf-8"},
            cert=cert,
            timeout=TIMEOUT,
            allow_redirects=False,
            stream=True,
        ) as response:
            if response.status_code != 200:
                return f"status {response.status_code}"
            body = bytearray()
            for chunk in response.iter_content(4096):
                body += chunk
                if len(body) > LONGEST:
                    return "an answer too long"
            return bytes(body)
    except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:  # requests' exceptions are OSErrors
        return type(error).__name__


def _certificate() -> tuple[str, str] | None:
    settings = current_state().settings
    if settings.sandbox:
        return None
    files = {"WXPAY_CERT_FILE": settings.wxpay_cert_file, "WXPAY_KEY_FILE": settings.wxpay_key_file}
    for name, file in files.items():
        if not file or not os.access(file, os.R_OK):
            raise ConfigurationError(f"WXSERVICES_{name} is not a file that can be read: refunds need it.")
    return settings.wxpay_cert_file, settings.wxpay_key_file


def _session() -> requests.Session:
    state = current_state()
    if "wechat.pay" not in state.parts:
        import requests

        session = requests.Session()
        if state.settings.sandbox:
            from .pay_sandbox import StandIn

            for host in HOSTS:
                session.mount(host, StandIn())
        state.parts["wechat.pay"] = session
    made: requests.Session = state.parts["wechat.pay"]
    return made
