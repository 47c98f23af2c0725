"""The only file that knows every room: their routes, who listens to which event, which jobs run."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI

from gencharge.core.events import Listener
from gencharge.core.jobs import Job
from gencharge.core.stores import Stores
from gencharge.sessions import announcements
from gencharge.sessions import jobs as sessions_jobs
from gencharge.users import routes as users_routes

# The routes that are asked most stand first: the router tries them in this order.
ROUTERS: Sequence[APIRouter] = (users_routes.routes,)
LISTENERS: Sequence[Listener] = ()
JOBS: Sequence[Job] = (*sessions_jobs.JOBS,)
# Tasks that run as long as an API process does: they keep what it holds in memory up to date.
WATCHERS: Sequence[Callable[[FastAPI, Stores], Coroutine[Any, Any, None]]] = (
    announcements.watch_revocations,
)
TAGS: list[dict[str, str]] = [
    {"name": "users", "description": "Customers."},
]
