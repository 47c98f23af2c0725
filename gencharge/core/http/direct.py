"""Routes of hot paths: documented by FastAPI, run without it.

A hot route's function takes guards, the request and one body model, nothing else. That is little enough to do by
hand, at a fraction of the cost: each guard is asked, the body is read and validated, the function is called. Errors,
answers and the OpenAPI entry are those of any other route. Guards come first, so that nobody learns what a body
should look like without signing in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from gencharge.core.errors import MalformedJson
from gencharge.core.http.web import Route

_JSON: Final = b"application/json"


class HotRoute(Route):
    """Choose it with `web.router(..., route_class=HotRoute)`, or for one route with `router.add_api_route`."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **but: Any) -> None:
        super().__init__(path, endpoint, **but)
        wanted = self.dependant
        if wanted.path_params or wanted.query_params or wanted.header_params or wanted.cookie_params:
            raise TypeError(f"{path}: a hot route takes guards, the request and a body")
        self._run: Callable[..., Awaitable[Response]] = self.endpoint
        self._guards = [_guard_of(part, path) for part in wanted.dependencies]
        self._request_name = wanted.request_param_name
        self._body_name, self._body = self._body_of(path)

    def _body_of(self, path: str) -> tuple[str, Any]:
        if not self.dependant.body_params:
            return "", None
        if len(self.dependant.body_params) > 1:
            raise TypeError(f"{path}: a hot route's body is one model")
        # FastAPI's own field, so that what is wrong is said in the very same words.
        field = self.dependant.body_params[0]
        return field.name, field

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request. A method that is not ours is refused by the ordinary way."""
        if self.methods and scope["method"] not in self.methods:
            await super().handle(scope, receive, send)
            return
        request = Request(scope, receive)
        arguments: dict[str, Any] = {}
        for name, guard in self._guards:
            arguments[name] = await guard(request)
        if self._request_name is not None:
            arguments[self._request_name] = request
        if self._body is not None:
            arguments[self._body_name] = await _read(request, self._body)
        response = await self._run(**arguments)
        await response(scope, receive, send)


def _guard_of(part: Any, path: str) -> tuple[str, Callable[[Request], Awaitable[Any]]]:
    if (
        part.name is None
        or part.request_param_name is None
        or part.dependencies
        or part.query_params
        or part.header_params
    ):
        raise TypeError(f"{path}: a hot route's guard takes the request alone")
    return part.name, part.call


async def _read(request: Request, field: Any) -> Any:
    content: Any = await request.body()
    if content and _is_json(request.scope["headers"]):
        try:
            content = orjson.loads(content)
        except orjson.JSONDecodeError:
            raise MalformedJson from None
    if content is None or content == b"":
        raise RequestValidationError(
            [{"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}]
        )
    value, wrong = field.validate(content, {}, loc=("body",))
    if wrong:
        raise RequestValidationError(wrong, body=content)
    return value


def _is_json(headers: list[tuple[bytes, bytes]]) -> bool:
    for name, value in headers:
        if name == b"content-type":
            kind = value.partition(b";")[0].strip().lower()
            return kind == _JSON or (kind.startswith(b"application/") and kind.endswith(b"+json"))
    return False
