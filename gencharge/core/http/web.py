"""One route class, one way to answer, one way to fail: RFC 9457 problem documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from decimal import Decimal
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, ClassVar, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema
from starlette.exceptions import HTTPException
from starlette.status import HTTP_201_CREATED
from starlette.types import Receive, Scope, Send

from gencharge.core import telemetry
from gencharge.core.errors import (
    BadRequest,
    FieldProblem,
    MalformedJson,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    ValidationFailed,
    field_problem,
)
from gencharge.core.http import choices, language, masked, openapi
from gencharge.core.http.field_messages import field_message
from gencharge.core.http.on_demand import OnDemandRoute
from gencharge.core.http.openapi import errors as errors
from gencharge.core.http.query_rules import QueryRules
from gencharge.core.postgres.database import ATTEMPTS, WriteConflict, back_off, get_db
from gencharge.core.postgres.replica import (
    ReplicaLost,
    get_reading_db,
    headers_of,
    lag_of_request,
    leave_replica,
)
from gencharge.core.values.money import Money, SignedMoney
from gencharge.core.values.text import without_nul

PREFIX: Final = "/v1"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_STRICT: Final = frozenset({"bool", "int", "float"})
# What a core schema holds beside other schemas: values, and what the document says of them.
_NO_SCHEMAS: Final = frozenset({"default", "expected", "metadata"})
_WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})
_ENCODING: Final = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_NON_STR_KEYS
log = telemetry.get_logger(__name__)


def _make_strict(schema: Any) -> None:
    """Let a core schema take no boolean or number but their like, and no text with a NUL character. Changes it
    in place."""
    if isinstance(schema, list | tuple):
        for part in schema:
            _make_strict(part)
    elif isinstance(schema, dict) and not _refuses_nul(schema):
        # The table of a model's fields is a dict like a schema; a field may be called `type`.
        kind = schema.get("type") if isinstance(schema.get("type"), str) else None
        if kind in _STRICT:
            schema["strict"] = True
        for name, part in schema.items():
            if kind is None or name not in _NO_SCHEMAS:
                _make_strict(part)
        if kind == "str":
            text = dict(schema)
            schema.clear()
            schema.update(core_schema.no_info_after_validator_function(without_nul, text))


def _refuses_nul(schema: dict[str, Any]) -> bool:
    function = schema.get("function")
    return isinstance(function, dict) and function.get("function") is without_nul


class Body(BaseModel):
    """A request's body: an unknown field is an error, never ignored, and nothing is taken for what it is not: `1` and
    `"yes"` are no booleans, `false` and `"5"` no numbers. No text holds a NUL character."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, defer_build=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        _make_strict(schema)
        return schema


class Out(BaseModel):
    """A part of an answer."""

    # Where the object is read (`/v1/plans/{plan_id}`), if it has an address: the `Location` of the 201 that made it.
    located_at: ClassVar[str] = ""

    model_config = ConfigDict(frozen=True, from_attributes=True, defer_build=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """Refuse what `to_json` would not see: it writes the fields as they are."""
        decorators = cls.__pydantic_decorators__
        if decorators.field_serializers or decorators.model_serializers or decorators.computed_fields:
            raise TypeError(f"{cls.__name__}: an answer's fields are written as they are; no serializers")


class Versioned(Out):
    """An object that the staff can change, as it stands. `Route` sends its etag as a header, too (`core.http.etags`)."""

    etag: str = Field(
        description='Changes with the object. Send it as `If-Match: "<etag>"` with a change.',
        examples=["64465a8f1c2d0"],
    )


def to_json(value: Any) -> bytes:
    """JSON as the API writes it: money with two decimals, instants in UTC with `Z`."""
    return orjson.dumps(value, default=_encode, option=_ENCODING)


def _encode(value: Any) -> Any:
    if isinstance(value, Money | SignedMoney):
        return value.json()
    if isinstance(value, BaseModel):
        return (
            value.__dict__
        )  # `Out` allows no serializers, so this is what model_dump() would give, for less
    if isinstance(value, UUID):  # asyncpg's own subclass
        return str(value)
    if isinstance(value, Decimal):  # a percentage: exact, with the decimals it has
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} can't be written as JSON")


def reply(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON, with numbers and addresses masked if the guard said so."""
    if status == HTTP_201_CREATED and isinstance(value, Out) and value.located_at:
        headers = {**(headers or {}), "Location": value.located_at.format_map(value.__dict__)}
    if telemetry.context().masks_contacts:
        value = masked.mask(value)
    return _JsonResponse(to_json(value), status, headers)


class _JsonResponse(Response):
    """A whole body in JSON, made in less than half of the time that Starlette's own takes: each recharge is answered with one."""

    media_type = "application/json"

    def __init__(self, body: bytes, status: int, headers: Mapping[str, str] | None) -> None:
        self.body, self.status_code, self.background = body, status, None
        own = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in (headers or {}).items()
        ]
        self.raw_headers = [
            *own,
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"application/json"),
        ]


class JsonRequest(Request):
    """A request whose body is read with orjson: no NaN, no Infinity, no invalid UTF-8."""

    async def json(self) -> Any:
        return orjson.loads(await self.body())


class Route(OnDemandRoute):
    """A route whose function returns a model, a list of models, or a Response.

    The request's transaction is inside `handle`, so that a unit of work that PostgreSQL gave up for another
    one's sake is run again as a whole, and the commit is before the answer.
    """

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, status_code: int | None = None, **options: Any
    ) -> None:
        options["summary"] = options.get("summary") or _first_sentence(endpoint)
        super().__init__(path, _replying(endpoint, status_code or 200), status_code=status_code, **options)

    def _make(self) -> None:
        super()._make()
        openapi.describe_headers(self, may_lag=_asks_for(self.dependant, get_reading_db))
        self._query_rules = QueryRules(self.dependant)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request. Raises ValidationFailed for a parameter that the route does not have."""
        self.check_query(scope)
        await choices.check(scope, self._query_rules.choices, self.methods or ())
        await super().handle(scope, receive, send)

    def check_query(self, scope: Scope) -> None:
        """Raises ValidationFailed. A method that the route does not have comes first: it is refused whatever it says."""
        if scope["query_string"] and scope["method"] in (self.methods or ()):
            self._query_rules.check(scope["query_string"])

    def get_route_handler(self) -> Handler:
        run = super().get_route_handler()
        if _asks_for(self.dependant, get_reading_db):
            return _reading(run)
        if not _asks_for(self.dependant, get_db):
            return run if (self.methods or set()) <= _WITHOUT_BODY else _with_strict_json(run)

        async def handle(request: Request) -> Response:
            request = JsonRequest(request.scope, request.receive)
            attempt = 1
            while True:
                try:
                    async with AsyncExitStack() as transaction:
                        request.scope["fastapi_function_astack"] = transaction
                        response = await run(request)
                except WriteConflict:
                    if attempt == ATTEMPTS:
                        raise
                    await back_off(attempt)
                    attempt += 1
                else:
                    return response

        return handle


def _reading(run: Handler) -> Handler:
    """Run the request again on the primary if the replica fails it, and say how old an answer of the replica may be."""

    async def answer(request: Request) -> Response:
        async with AsyncExitStack() as transaction:
            request.scope["fastapi_function_astack"] = transaction
            response = await run(request)
        response.headers.update(headers_of(lag_of_request(request.scope)))
        return response

    async def handle(request: Request) -> Response:
        try:
            return await answer(request)
        except ReplicaLost:
            leave_replica(request.scope)
            return await answer(request)

    return handle


def _first_sentence(endpoint: Callable[..., Any]) -> str | None:
    """What a route does, as its docstring begins; without the full stop, as in a heading."""
    text = " ".join((endpoint.__doc__ or "").split("\n\n")[0].split())
    return re.split(r"(?<=[.?:;]) ", text)[0].rstrip(".:;") or None


def _with_strict_json(run: Handler) -> Handler:
    async def handle(request: Request) -> Response:
        return await run(JsonRequest(request.scope, request.receive))

    return handle


def _asks_for(dependant: Dependant, dependency: Callable[..., Any]) -> bool:
    return any(part.call is dependency or _asks_for(part, dependency) for part in dependant.dependencies)


def _replying(endpoint: Callable[..., Any], status: int) -> Callable[..., Any]:
    if not iscoroutinefunction(endpoint):
        raise TypeError(f"{endpoint.__qualname__}: a route's function is async; a plain one costs a thread")

    @wraps(endpoint)
    async def answer(*arguments: Any, **named: Any) -> Response:
        result = await endpoint(*arguments, **named)
        if isinstance(result, Response):
            return result
        if isinstance(result, Versioned):
            return reply(result, status=status, headers={"ETag": f'"{result.etag}"'})
        return Response(status_code=status) if result is None else reply(result, status=status)

    return answer


def router(room: str, *, route_class: type[Route] = Route) -> APIRouter:
    """The router of a room: its name is the prefix and the tag.

    Its paths are whole, so that the application can take its routes as its own (`main`): FastAPI looks through an
    included router twice.
    """
    return APIRouter(
        prefix=f"{PREFIX}/{room}",
        tags=[room],
        route_class=route_class,
        generate_unique_id_function=openapi.operation_id,
    )


def problem_response(problem: Problem) -> Response:
    """A problem as it is sent, in the caller's language."""
    context = telemetry.context()
    speaks = language.spoken()
    document = problem.body(context.request_id, context.trace_id, speaks)
    return Response(
        orjson.dumps(document, default=_encode, option=_ENCODING),
        status_code=problem.status,
        headers=problem.headers | language.HEADERS[speaks],
        media_type="application/problem+json",
    )


async def _on_problem(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    if error.status >= 500:
        log.warning("request_failed", problem=error.code(), cause=repr(error.__cause__))
    return problem_response(error)


async def _on_validation(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    problems = error.errors()
    if problems and problems[0]["type"] == "json_invalid":
        return problem_response(MalformedJson())
    return problem_response(ValidationFailed(errors=[_field_problem(entry) for entry in problems]))


def _field_problem(entry: Any) -> FieldProblem:
    return field_problem(".".join(str(part) for part in entry["loc"]), field_message(entry), entry["type"])


async def _on_http(_request: Request, error: Exception) -> Response:
    """What Starlette itself refuses: unknown addresses, wrong methods, unreadable bodies."""
    if not isinstance(error, HTTPException):
        raise error
    kind: type[Problem] = {404: NotFound, 405: MethodNotAllowed, 413: TooLarge}.get(
        error.status_code, BadRequest
    )
    return problem_response(kind(headers=error.headers))


def install(app: FastAPI) -> None:
    """Register the handlers that turn every exception into a problem document, and complete the OpenAPI document."""
    openapi.complete(app)
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
