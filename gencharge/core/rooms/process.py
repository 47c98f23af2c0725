"""What an application holds one instance of: snapshots, the gate, clients of outside parties.

Gate.of(app)              the application's gate; opened on first use
Depends(Context.get)      the same as a dependency of a route
process.put(app, other)   another instance in its place: for tests
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self, cast

from fastapi import FastAPI, Request


class OnePerApp:
    """A class of which each application holds one instance, opened on first use."""

    __slots__ = ()

    @classmethod
    def open(cls, app: FastAPI) -> Self:
        """A new instance for the application, from `app.state.settings` or `app.state.stores`."""
        raise NotImplementedError(f"{cls.__name__} can't be opened for an application")

    @classmethod
    def of(cls, app: FastAPI) -> Self:
        """The application's instance."""
        try:
            # The type is the key, so what is found is of this class.
            return cast(Self, app.state.instances[cls])
        except (AttributeError, KeyError):
            instance = cls.open(app)
            put(app, instance)
            return instance

    @classmethod
    async def get(cls, request: Request) -> Self:
        """The application's instance, for `Depends`."""
        return cls.of(request.scope["app"])


def put(app: FastAPI, instance: OnePerApp) -> None:
    """Make this the application's instance of its class."""
    if not hasattr(app.state, "instances"):
        app.state.instances = dict[type[OnePerApp], OnePerApp]()
    app.state.instances[type(instance)] = instance


async def close_at_end(close: Callable[[], Awaitable[None]]) -> None:
    """Wait until this task is cancelled, which ends with the process, and then close."""
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        await close()
