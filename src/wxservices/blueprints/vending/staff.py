"""Who is calling: the login's cookie, and the one place where what a call names is held against the caller's shops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, after_this_request, request
from marshmallow import Schema

from ...envelope import Envelope
from ...fields import List, Nested
from ...services.vending import people
from ...services.vending.ids import PrefixedId
from ...services.vending.people import Named
from ...state import current_state
from ..document import Call
from ..guards import own_site

COOKIE = "wxservices_vending"


def login(*, phone: str, password_md5: str, address: str) -> dict[str, Any]:
    """``login_mp``: the shops, and the cookie, which is ours alone, whatever the host's session is like."""
    token, reply = people.login(phone=phone, password_md5=password_md5, address=address)
    settings = current_state().settings

    @after_this_request
    def remember(response: Response) -> Response:
        response.set_cookie(
            COOKIE,
            token,
            max_age=settings.vending_session,
            httponly=True,
            samesite="Lax",
            secure=not settings.sandbox,
        )
        return response

    return reply


@dataclass(frozen=True)
class Action(Call):
    """A call of somebody who is logged in.  The service function may name ``shops``, ``staff_id`` and ``who``."""

    def arguments(self, envelope: Envelope, sent: dict[str, Any]) -> dict[str, Any]:
        own_site({})
        caller = people.whose(request.cookies.get(COOKIE))
        arguments = super().arguments(envelope, sent)
        if self._schema:
            people.check(shops=caller.shops, named=named(self._schema, arguments))
        return {**arguments, "shops": caller.shops, "staff_id": caller.staff_id, "who": caller.name}


def named(schema: Schema, loaded: Mapping[str, Any], path: str = "") -> Iterator[Named]:
    """Every id in *loaded*, by the fields of its *schema*, however deep."""
    for name, field in schema.fields.items():
        value, here = loaded.get(name), f"{path}{field.data_key or name}"
        if value is None:
            continue
        if isinstance(field, PrefixedId):
            yield Named(here, field.prefix, value)
        elif isinstance(field, List):
            for index, item in enumerate(value):
                if isinstance(field.inner, PrefixedId):
                    yield Named(f"{here}[{index}]", field.inner.prefix, item)
                elif isinstance(field.inner, Nested):
                    yield from named(field.inner.schema, item, f"{here}[{index}].")
