"""The only file that knows every room: their routes, who listens to which event, which jobs run."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from gencharge.core.events import Listener
from gencharge.core.jobs import Job

ROUTERS: Sequence[APIRouter] = ()
LISTENERS: Sequence[Listener] = ()
JOBS: Sequence[Job] = ()
