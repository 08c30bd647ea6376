"""Who is calling: the token of the ``Authorization`` header, which the login's reply brought in the same."""

from __future__ import annotations

from typing import Any

from flask import Response, after_this_request, request

from ...services.charging import people

HEADER = "Authorization"


def login(*, phone: str, code: str) -> None:
    """``login``: the body is the documented one, the token is in the reply's header."""
    token = people.login(phone=phone, code=code)

    @after_this_request
    def put(response: Response) -> Response:
        response.headers[HEADER] = f"Bearer {token}"
        return response


def rider(params: dict[str, Any]) -> dict[str, int]:
    """Adds ``user_id``: of who is logged in with the token, sent with or without ``Bearer``.

    :raises NotAuthenticated: nobody is.
    """
    header = request.headers.get(HEADER, "").strip()
    scheme, _, rest = header.partition(" ")
    return {"user_id": people.whose(rest.strip() if scheme.lower() == "bearer" else header)}
