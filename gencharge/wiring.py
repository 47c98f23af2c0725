"""The only file that knows every room. A new room is a folder with a `room.py`, and its name on a floor here."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from importlib import import_module
from typing import Any, Final

from fastapi import APIRouter, FastAPI

from gencharge.core.background.jobs import Job
from gencharge.core.events.events import Listener
from gencharge.core.http.choices import Known
from gencharge.core.rooms import checks, data_keys, snapshots
from gencharge.core.rooms.acts import Act
from gencharge.core.rooms.checks import Check
from gencharge.core.rooms.dated_documents import DatedDocuments, PendingDocuments
from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.rooms.proofs import Proof
from gencharge.core.rooms.resealing import SealedDocuments
from gencharge.core.rooms.room import Room
from gencharge.core.stores.stores import Stores
from gencharge.users.jobs import erasing

# From the ground up. A room imports lower floors only (tests/law/test_floors.py); what is on one floor knows
# nothing of its neighbours.
FLOORS: Final = (
    ("sessions", "directory"),
    ("operators", "approvals"),
    ("users", "admins", "devices"),
    ("plans", "wallet", "velocity", "content", "messages", "notes"),
    ("offers", "payments", "channels"),
    ("recharge", "auth", "mandates", "payouts"),
    ("delivery", "bills", "referrals", "campaigns", "contact", "complaints"),
    ("autopay",),
    ("receipts", "family", "announcements"),
    ("reconciliation",),
    ("webhooks",),
    ("analytics", "backups", "work"),
    ("notifications", "audit"),
    ("live", "metrics", "stories", "reports", "search"),
)


def _open(name: str) -> Room:
    room: Room = import_module(f"gencharge.{name}.room").ROOM
    return room


ROOMS: Final[Sequence[Room]] = tuple(_open(name) for floor in FLOORS for name in floor)

ROUTERS: Final[Sequence[APIRouter]] = tuple(router for room in ROOMS for router in room.routers)
WEBHOOKS: Final = APIRouter(
    routes=[route for room in ROOMS for router in room.webhooks for route in router.routes]
)
LARGE_BODIES: Final[Mapping[str, int]] = {
    path: limit for room in ROOMS for path, limit in room.large_bodies.items()
}
CALLBACKS: Final[Sequence[str]] = tuple(path for room in ROOMS for path in room.callbacks)
TAGS: Final = [{"name": name, "description": about} for room in ROOMS for name, about in room.tags.items()]
LISTENERS: Final[Sequence[Listener]] = (
    snapshots.PUBLISH_CHANGES,
    *(listener for room in ROOMS for listener in room.listeners),
)
CHECKS: Final[Sequence[Check]] = tuple(check for room in ROOMS for check in room.checks)
# An export begins with who the customer is; the rest follows in floor order.
PERSONAL_DATA: Final[Sequence[PersonalData]] = tuple(
    sorted(
        (room.personal_data for room in ROOMS if room.personal_data is not None),
        key=lambda part: part.name != "profile",
    )
)
# The checks of all rooms come first: they are the quickest.
PROOFS: Final[Sequence[Proof]] = (
    checks.proof(CHECKS),
    *(proof for room in ROOMS for proof in room.proofs),
)
ACTS: Final[Mapping[str, Act]] = {act.name: act for room in ROOMS for act in room.acts}
CHOICES: Final[Mapping[str, Known]] = {name: known for room in ROOMS for name, known in room.choices.items()}
LOOPS: Final[Sequence[Callable[[Stores], Coroutine[Any, Any, None]]]] = tuple(
    loop for room in ROOMS for loop in room.loops
)
SNAPSHOTS: Final[Sequence[type[snapshots.Holder[Any]]]] = tuple(
    holder for room in ROOMS for holder in room.snapshots
)
WATCHERS: Final[Sequence[Callable[[FastAPI, Stores], Coroutine[Any, Any, None]]]] = tuple(
    watcher for room in ROOMS for watcher in room.watchers
)
SEALED_DOCUMENTS: Final[Sequence[SealedDocuments]] = tuple(
    part for room in ROOMS for part in room.sealed_documents
)
DATED_DOCUMENTS: Final[Sequence[DatedDocuments]] = tuple(
    part for room in ROOMS for part in room.dated_documents
)
PENDING_DOCUMENTS: Final[Sequence[PendingDocuments]] = tuple(
    part for room in ROOMS for part in room.pending_documents
)
JOBS: Final[Sequence[Job]] = (
    # These three work with what all rooms have.
    checks.nightly(CHECKS),
    erasing(PERSONAL_DATA),
    data_keys.resealing(SEALED_DOCUMENTS),
    *(job for room in ROOMS for job in room.jobs),
    *(job for room in ROOMS if room.proving_jobs for job in room.proving_jobs(PROOFS)),
)
