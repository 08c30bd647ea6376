"""A document as a blueprint: a table of its URLs, and the one way a request takes through it.

::

    body or query  ->  guards  ->  schema  ->  service function  ->  envelope

A :class:`Call` answers JSON in the document's envelope, at HTTP status 200 whatever happened.  A :class:`Page` shows
a template, or the same data as JSON to a client that accepts it.  A :class:`Form` is what a page submits; a browser
is sent on to the next page, a client that accepts JSON gets that page's data.
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, ClassVar, cast

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request
from flask.blueprints import BlueprintSetupState
from flask.signals import got_request_exception
from werkzeug.exceptions import HTTPException

from .. import fields, masking, payload, request_id
from ..envelope import SYSTEM_FAULT, Envelope
from ..errors import BadParameter, ConfigurationError, ServiceError
from ..fields import Parameters
from ..service import Service
from ..state import current_state, state_of

log = logging.getLogger(__name__)

Guard = Callable[[dict[str, Any]], Mapping[str, Any] | None]
"""Looks at the request (and its parameters) before any work is done.  Raises a ``ServiceError``, aborts with a
response, or answers keyword arguments to add to those of the service function."""


@dataclass(frozen=True)
class Call:
    """One documented call.

    :param rule: the URL, letter by letter.
    :param schema: its parameters; None where it has none.
    :param function: the service function; of the loaded parameters and of what the guards add, it gets those that
        it names, as keyword arguments.
    :param envelope: where this call's reply differs from the document's others.
    :param flag: where several calls share a URL: the member of the body that, sent as 1, means this one.
    """

    rule: str
    schema: type[Parameters] | None
    function: Callable[..., Any]
    guards: tuple[Guard, ...] = ()
    envelope: Envelope | None = None
    flag: str = ""

    method = "POST"
    routing: ClassVar[Mapping[str, Any]] = {}
    """What its rule takes beside the method."""

    @property
    def endpoint(self) -> str:
        """Name for ``url_for``: the URL with ``_`` for what an endpoint's name can't hold."""
        return self.rule.strip("/").replace("/", "_").replace(".", "_")

    def respond(self, document: Document) -> Response:
        envelope = self.envelope or document.envelope
        try:
            document.check()
            reply = envelope.success(self.answer(envelope, _body()))
        except HTTPException:
            raise
        except Exception as error:
            report(error)
            reply = envelope.error(error)
        return json_response(reply)

    def answer(self, envelope: Envelope, sent: dict[str, Any]) -> Any:
        """What is answered to the body *sent*, without the envelope."""
        return self.run(self.arguments(envelope, sent))

    def arguments(self, envelope: Envelope, sent: dict[str, Any]) -> dict[str, Any]:
        """What is there to call the service function with."""
        params = envelope.unwrap(sent)
        added: dict[str, Any] = {}
        for guard in self.guards:
            added.update(guard(params) or {})
        return {**fields.load(self._schema, params), **added} if self._schema else added

    @cached_property
    def _schema(self) -> Parameters | None:
        """Built once: making a schema costs three times what using it does."""
        return self.schema() if self.schema else None

    def run(self, arguments: dict[str, Any]) -> Any:
        """What the service function answers."""
        return self.function(**_named_by(self.function, arguments))


@dataclass(frozen=True)
class Actions(Call):
    """The calls of one URL that a flag in the body tells apart."""

    calls: tuple[Call, ...] = ()

    def answer(self, envelope: Envelope, sent: dict[str, Any]) -> Any:
        params = envelope.unwrap(sent)
        meant = [call for call in self.calls if params.get(call.flag) not in (None, "")]
        if not meant:
            raise BadParameter("、".join(call.flag for call in self.calls), "须有其一")
        if len(meant) > 1:
            raise BadParameter(meant[0].flag, f"不能与{meant[1].flag}同时使用")
        if str(params[meant[0].flag]) != "1":
            raise BadParameter(meant[0].flag, "应为1")
        return meant[0].answer(envelope, sent)


@dataclass(frozen=True)
class Page(Call):
    """One documented page.

    :param template: file in ``templates/wxservices/<document>/``; it gets ``data`` (what ``function`` answers, the
        documented page data), ``error`` (a message or None) and what ``context`` answers.
    :param context: called like ``function`` when HTML is made: what the page shows beside the documented data.
    """

    template: str = ""
    context: Callable[..., dict[str, Any]] | None = None

    method = "GET"

    def respond(self, document: Document) -> Response:
        try:
            document.check()
            return self.show(document, request.args.to_dict())
        except HTTPException:
            raise
        except Exception as error:
            return failed_page(document, error)

    def show(self, document: Document, query: dict[str, Any], error: ServiceError | None = None) -> Response:
        """The page for *query*, with *error* on it."""
        arguments = self.arguments(document.envelope, query)
        data = self.run(arguments)
        if wants_json():
            return json_response(data if error is None else document.envelope.error(error))
        context = self.context(**_named_by(self.context, arguments)) if self.context else {}
        html = render_template(
            f"wxservices/{document.name}/{self.template}",
            data=data,
            error=_said(error) if error else None,
            **context,
        )
        return html_response(html)


@dataclass(frozen=True)
class Form(Call):
    """One documented form post.  A client that accepts JSON gets what ``function`` answers, or, where that is nothing,
    the data of the page at the same URL.

    :param then: the URL of the page it leads to, from the loaded arguments.
    :param back: the rule of the page to show again, with the reason, when the post is refused.
    """

    then: Callable[[dict[str, Any]], str] = lambda arguments: ""
    back: str = ""

    @property
    def endpoint(self) -> str:
        return super().endpoint + "_form"

    def respond(self, document: Document) -> Response:
        body: dict[str, Any] = {}
        try:
            document.check()
            body = _body()
            arguments = self.arguments(document.envelope, body)
            data = self.run(arguments)
            if not wants_json():
                return cast(Response, redirect(self.then(arguments), 303))
            return document.page(self.rule).show(document, body) if data is None else json_response(data)
        except HTTPException:
            raise
        except ServiceError as error:
            report(error)
            if wants_json():
                return json_response(document.envelope.error(error))
            return self._again(document, body, error)
        except Exception as error:
            return failed_page(document, error)

    def _again(self, document: Document, body: dict[str, Any], error: ServiceError) -> Response:
        try:
            return document.page(self.back).show(document, body, error)
        except ServiceError as another:
            return failed_page(document, another)


class Document(Blueprint):
    """The blueprint of one document.

    :param service: the rules behind it.
    :param envelope: the shape of its replies.
    :param urls: its calls, pages and forms, in the document's order.
    """

    def __init__(self, service: Service, import_name: str, *, envelope: Envelope, urls: Iterable[Call]) -> None:
        super().__init__(service.name, import_name, template_folder="templates")
        self.service = service
        self.envelope = envelope
        self.urls = tuple(urls)
        for call in _routes(self.urls):
            self.add_url_rule(call.rule, call.endpoint, _view(self, call), methods=[call.method], **call.routing)
        self.record(self._mount)

    def _mount(self, setup: BlueprintSetupState) -> None:
        state_of(cast(Flask, setup.app)).mount(self.service)

    def check(self) -> None:
        """Refuse to work without what the service needs.

        :raises ConfigurationError: a needed setting is missing.
        """
        missing = current_state().lacks(self.service)
        if missing:
            raise ConfigurationError(f"{self.service.name} cannot work: {', '.join(missing)} not set.")

    def page(self, rule: str) -> Page:
        """The page at *rule*."""
        return next(url for url in self.urls if isinstance(url, Page) and url.rule == rule)


def _routes(urls: Iterable[Call]) -> list[Call]:
    """*urls* with the calls that have a flag put together, each under its URL."""
    flagged: dict[str, list[Call]] = {}
    for call in urls:
        if call.flag:
            flagged.setdefault(call.rule, []).append(call)
    shared = [Actions(rule, None, calls[0].function, calls=tuple(calls)) for rule, calls in flagged.items()]
    return [call for call in urls if not call.flag] + shared


def _view(document: Document, call: Call) -> Callable[[], Response]:
    def view() -> Response:
        # Asked for here, outside the envelope: a mount without the extension is the developer's to see.
        _ = current_state().settings
        return call.respond(document)

    return view


def _named_by(function: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    names = _parameters(function)
    return arguments if names is None else {name: arguments[name] for name in names if name in arguments}


@cache
def _parameters(function: Callable[..., Any]) -> tuple[str, ...] | None:
    """Names of the parameters of *function*; None where it takes any."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return tuple(parameter.name for parameter in parameters)


def _body() -> dict[str, Any]:
    return payload.read(request, max_body=current_state().settings.max_body)


def wants_json() -> bool:
    """Whether the client would rather have JSON than HTML."""
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def to_json(value: Any) -> str:
    """*value* as compact JSON text; decimals become JSON numbers."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_number)


def json_response(reply: Any) -> Response:
    """*reply* as UTF-8 JSON (see :func:`to_json`)."""
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    return Response(to_json(reply), mimetype="application/json", headers=headers)


def _number(value: object) -> float | int:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} has no place in a reply")


def html_response(html: str, status: int = 200) -> Response:
    """*html* as a page that no one else may frame, keep or script."""
    response = Response(html, status, mimetype="text/html")
    response.headers.update(
        {
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",
            "Vary": "Accept",
            "X-Content-Type-Options": "nosniff",
        }
    )
    policy = current_state().settings.content_security_policy
    if policy:
        response.headers["Content-Security-Policy"] = policy
    return response


def failed_page(document: Document, error: Exception) -> Response:
    """A page that says what went wrong: 400 for a refusal, 500 for a fault of ours."""
    report(error)
    if wants_json():
        return json_response(document.envelope.error(error))
    html = render_template("wxservices/fault.html", message=_said(error))
    return html_response(html, 400 if isinstance(error, ServiceError) else 500)


def _said(error: Exception) -> str:
    """*error* in a person's words: without a field's name, without what is nobody's business."""
    if isinstance(error, BadParameter):
        return error.reason
    return error.message if isinstance(error, ServiceError) else SYSTEM_FAULT


def report(error: Exception) -> None:
    """Log a refusal in a line; log what nobody foresaw with its traceback, and let a monitor see it."""
    if isinstance(error, ServiceError):
        kind = f"{type(error).__name__} {error.field}" if isinstance(error, BadParameter) else type(error).__name__
        what = (request.method, request.path, kind, masking.text(error.message), request_id.current())
        log.info("%s %s refused: %s: %s [%s]", *what)
        return
    where = (request.method, request.path, request_id.current())
    current_app.logger.error("Fault at %s %s [%s]", *where, exc_info=error)
    got_request_exception.send(current_app._get_current_object(), exception=error)  # type: ignore[attr-defined]
