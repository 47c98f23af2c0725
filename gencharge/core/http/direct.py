"""Routes that FastAPI documents but does not run, for the paths on which its overhead counts.

The function of a direct route takes guards, the request and one body model, and nothing else. So little is done by
hand at a fraction of the cost: call each guard, read and validate the body, call the function. Errors, responses and
the OpenAPI entry are those of any other route. Guards come first: without signing in, a client does not learn what a body
should look like.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import orjson
from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from gencharge.core.errors import MalformedJson
from gencharge.core.http.web import Route

_JSON: Final = b"application/json"
Guard = Callable[[Request], Awaitable[Any]]


class BodyField(Protocol):
    """FastAPI's own field of the body model."""

    name: str

    def validate(
        self, value: Any, values: dict[str, Any], *, loc: tuple[int | str, ...]
    ) -> tuple[Any, list[dict[str, Any]]]: ...


class DirectRoute(Route):
    """Choose it with `web.router(..., route_class=DirectRoute)`, or for one route with `router.add_api_route`."""

    def _make(self) -> None:
        super()._make()
        takes, path = self.dependant, self.path
        if takes.path_params or takes.query_params or takes.header_params or takes.cookie_params:
            raise TypeError(f"{path}: a direct route takes guards, the request and a body")
        self._run: Callable[..., Awaitable[Response]] = self.endpoint
        self._guards = [_guard_of(dependency, path) for dependency in takes.dependencies]
        self._request_name = takes.request_param_name
        if len(takes.body_params) > 1:
            raise TypeError(f"{path}: a direct route's body is one model")
        # FastAPI's own field, so that validation errors read exactly the same.
        self._body: BodyField | None = takes.body_params[0] if takes.body_params else None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request. FastAPI refuses the methods that this route does not have."""
        if self.methods and scope["method"] not in self.methods:
            await super().handle(scope, receive, send)
            return
        self.check_query(scope)
        request = Request(scope, receive)
        arguments: dict[str, object] = {}
        for name, guard in self._guards:
            arguments[name] = await guard(request)
        if self._request_name is not None:
            arguments[self._request_name] = request
        if self._body is not None:
            arguments[self._body.name] = await _read(request, self._body)
        response = await self._run(**arguments)
        await response(scope, receive, send)


def _guard_of(dependency: Dependant, path: str) -> tuple[str, Guard]:
    if (
        dependency.name is None
        or dependency.call is None
        or dependency.request_param_name is None
        or dependency.dependencies
        or dependency.query_params
        or dependency.header_params
    ):
        raise TypeError(f"{path}: a direct route's guard takes the request alone")
    return dependency.name, dependency.call


async def _read(request: Request, field: BodyField) -> object:
    content = await request.body()
    if not content:
        raise RequestValidationError(
            [{"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}]
        )
    parsed: object = content
    if _is_json(request.scope["headers"]):
        try:
            parsed = orjson.loads(content)
        except orjson.JSONDecodeError:
            raise MalformedJson from None
    value, problems = field.validate(parsed, {}, loc=("body",))
    if problems:
        raise RequestValidationError(problems, body=parsed)
    return value


def _is_json(headers: list[tuple[bytes, bytes]]) -> bool:
    for name, value in headers:
        if name == b"content-type":
            media_type = value.partition(b";")[0].strip().lower()
            return media_type == _JSON or (
                media_type.startswith(b"application/") and media_type.endswith(b"+json")
            )
    return False
