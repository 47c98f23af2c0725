"""What reconciliation plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.channels import service as channels
from gencharge.core.http.choices import Choices
from gencharge.core.rooms import snapshots
from gencharge.core.rooms.room import Room
from gencharge.reconciliation import bulk_staff_routes, checks, jobs, staff_routes
from gencharge.reconciliation.models import GATEWAY

ROOM: Final = Room(
    name="reconciliation",
    about="The gateway's and the operators' statements, matched with our books.",
    tags={"reconciliation": "The gateway's and the operators' statements, matched with our books."},
    routers=(staff_routes.router, bulk_staff_routes.router),
    jobs=jobs.JOBS,
    checks=checks.CHECKS,
    choices={
        "counterparty": snapshots.choices(
            channels.Channels, lambda held: Choices.of((GATEWAY, *held.channels))
        )
    },
)
