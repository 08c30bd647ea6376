"""The id of the request being served, for a document whose replies carry one and for the log.

It is the client's own (``X-Request-ID``) where that is a UUID, so that a call can be followed through several systems,
and else a new one.
"""

from __future__ import annotations

import re
import uuid

from flask import request

HEADER = "X-Request-ID"
_KEY = "wxservices.request_id"
_uuid = re.compile("[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def current() -> str:
    """The id: a UUID in its usual form, the same for the whole request."""
    known = request.environ.get(_KEY)
    if known is None:
        sent = request.headers.get(HEADER, "")
        known = request.environ[_KEY] = sent if _uuid.fullmatch(sent) else str(uuid.uuid4())
    return str(known)
