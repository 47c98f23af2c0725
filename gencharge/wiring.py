"""The only file that knows every room: their routes, who listens to which event, which jobs run."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI

from gencharge.core import snapshots
from gencharge.admins import grants
from gencharge.core.events import Listener
from gencharge.core.jobs import Job
from gencharge.core.stores import Stores
from gencharge.operators import routes as operators_routes
from gencharge.operators import service as operators
from gencharge.plans import routes as plans_routes
from gencharge.plans import service as plans
from gencharge.sessions import announcements
from gencharge.sessions import jobs as sessions_jobs
from gencharge.users import routes as users_routes

# The routes that are asked most stand first: the router tries them in this order.
ROUTERS: Sequence[APIRouter] = (
    plans_routes.router,
    users_routes.routes,
    operators_routes.router,
)
LISTENERS: Sequence[Listener] = (snapshots.TELL_PROCESSES,)
JOBS: Sequence[Job] = (*sessions_jobs.JOBS,)
# Tasks that run as long as an API process does: they keep what it holds in memory up to date.
WATCHERS: Sequence[Callable[[FastAPI, Stores], Coroutine[Any, Any, None]]] = (
    announcements.watch_revocations,
    grants.watch_roles,
    plans.watch_catalogue,
    operators.watch_operators,
)
TAGS: list[dict[str, str]] = [
    {"name": "users", "description": "Customers."},
    {"name": "plans", "description": "What is on sale: plans and their groups."},
    {"name": "operators", "description": "Operators, circles, and whose number it is."},
]
