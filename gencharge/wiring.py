"""The only file that knows every room: their routes, who listens to which event, which jobs run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from fastapi import APIRouter, FastAPI

from gencharge.core.events import Listener
from gencharge.core.jobs import Job
from gencharge.core.stores import Stores

# The routes that are asked most stand first: the router tries them in this order.
ROUTERS: Sequence[APIRouter] = ()
LISTENERS: Sequence[Listener] = ()
JOBS: Sequence[Job] = ()
# Tasks that run as long as an API process does: they keep what it holds in memory up to date.
WATCHERS: Sequence[Callable[[FastAPI, Stores], Awaitable[None]]] = ()
TAGS: list[dict[str, str]] = []
