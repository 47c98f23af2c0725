"""Routes that are made when they are first used, and how to make them, and the models of requests and answers, before.

What FastAPI makes of a route's function (its dependencies, the validators of what it takes and gives), and pydantic of a model, takes
milliseconds for each of hundreds. Most processes that load the product (commands, the worker, tests) use few of them or none. A process
that serves in production makes all of them before it serves.
"""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette._utils import get_route_path
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import Scope

# What Starlette finds a route by; made without the rest.
_OF_PATH: Final = frozenset({"path_regex", "path_format", "param_convertors"})
# The document of the API is made in a thread. A route that is made in one thread is waited for in another.
_MAKING: Final = threading.RLock()
# Between two routes that are made beside requests, in seconds.
_PAUSE: Final = 0.005


class OnDemandRoute(APIRoute):
    """Knows its path, methods and name from the start, and makes all else when it is first asked for."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.path = path
        self.endpoint = endpoint
        self.name = options.get("name") or endpoint.__name__
        self.methods = {method.upper() for method in options.get("methods") or ("GET",)}
        # What stands before the first parameter.
        self._beginning = path.partition("{")[0]
        self._options = options
        self._is_begun = self._is_made = False

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # Python asks here for what was not made yet.
            if name.startswith("__") or "_is_made" not in self.__dict__:
                raise AttributeError(name)
            if name in _OF_PATH:
                self.path_regex, self.path_format, self.param_convertors = compile_path(self.path)
            else:
                self.make()
            return object.__getattribute__(self, name)

    def make(self) -> None:
        """Make all of the route, if that was not done. Raises what FastAPI raises for a function that it can't take."""
        with _MAKING:
            if self._is_begun:  # in this thread, which asks for something that it has not come to
                return
            self._is_begun = True
            try:
                self._make()
                self._is_made = True
            finally:
                self._is_begun = self._is_made

    def _make(self) -> None:
        super().__init__(self.path, self.endpoint, **self._options)
        # FastAPI keeps pydantic from warning of the names that it gives to fields, but only while it makes them.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
            for field in _fields_of(self.dependant):
                field._type_adapter.rebuild()
            if self.body_field is not None:
                self.body_field._type_adapter.rebuild()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Starlette asks one route after the other. None makes an expression for a path that begins otherwise."""
        if scope["type"] == "http" and not get_route_path(scope).startswith(self._beginning):
            return Match.NONE, {}
        return super().matches(scope)


def _fields_of(dependant: Dependant) -> Iterator[ModelField]:
    """What a route and all that it depends on take."""
    yield from dependant.path_params
    yield from dependant.query_params
    yield from dependant.header_params
    yield from dependant.cookie_params
    yield from dependant.body_params
    for part in dependant.dependencies:
        yield from _fields_of(part)


def make_routes(routes: Iterable[BaseRoute]) -> None:
    """Make them all now."""
    for route in routes:
        if isinstance(route, OnDemandRoute):
            route.make()


async def go_on_making(routes: Iterable[BaseRoute]) -> None:
    """Make them one by one beside requests."""
    for route in routes:
        make_routes([route])
        await asyncio.sleep(_PAUSE)


def make_models(*bases: type[BaseModel]) -> None:
    """Make the validators of all models below these now (`defer_build` of pydantic)."""
    for base in bases:
        for model in base.__subclasses__():
            if not model.__pydantic_generic_metadata__["parameters"]:
                model.model_rebuild()
            make_models(model)
