"""What a room plugs into the house: each room's `room.py` has one `ROOM`, and `wiring` collects them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI

from gencharge.core.background.jobs import Job
from gencharge.core.events.events import Listener
from gencharge.core.http.choices import Known
from gencharge.core.rooms.acts import Act
from gencharge.core.rooms.checks import Check
from gencharge.core.rooms.dated_documents import DatedDocuments, PendingDocuments
from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.rooms.proofs import Proof
from gencharge.core.rooms.resealing import SealedDocuments
from gencharge.core.rooms.snapshots import Holder
from gencharge.core.stores.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room and what it has; what it does not have is left out."""

    name: str
    # What it owns, in a line.
    about: str
    # The tags of its routes, and what `/docs` says about each.
    tags: Mapping[str, str] = field(default_factory=dict)
    # In any order: `api.main` sorts the routes.
    routers: tuple[APIRouter, ...] = ()
    # Paths that take files, and how many bytes at most; all others take MAX_BODY_BYTES.
    large_bodies: Mapping[str, int] = field(default_factory=dict)
    # Beginnings of paths on which the gateway and the operators call us; these have a limit of their own.
    callbacks: tuple[str, ...] = ()
    # What we send to others, as OpenAPI describes it.
    webhooks: tuple[APIRouter, ...] = ()
    # What it does when another room announces an event.
    listeners: tuple[Listener, ...] = ()
    # What it does on a clock, or when it is asked to.
    jobs: tuple[Job, ...] = ()
    # Jobs that run the proofs of all rooms.
    proving_jobs: Callable[[Sequence[Proof]], tuple[Job, ...]] | None = None
    # Tasks that run as long as a worker process does.
    loops: tuple[Callable[[Stores], Coroutine[Any, Any, None]], ...] = ()
    # Reference data that an API process holds in memory, kept fresh by one task for all rooms.
    snapshots: tuple[type[Holder[Any]], ...] = ()
    # Tasks that run as long as an API process does: they keep what else it holds in memory up to date.
    watchers: tuple[Callable[[FastAPI, Stores], Coroutine[Any, Any, None]], ...] = ()
    # Which values the filters of this kind take, if they are data: `Choice("operator")`.
    choices: Mapping[str, Known] = field(default_factory=dict)
    # What must always hold: `gencharge ledger verify` and a nightly job check it.
    checks: tuple[Check, ...] = ()
    # What it can prove about the stores beside the checks, on restored copies, too.
    proofs: tuple[Proof, ...] = ()
    # What the staff do in it that takes a second admin (`approvals`).
    acts: tuple[Act, ...] = ()
    # What it keeps encrypted in MongoDB; encrypted columns are found by their type.
    sealed_documents: tuple[SealedDocuments, ...] = ()
    # What of it in MongoDB says when it came into being: a recovery to an instant takes away what came later.
    dated_documents: tuple[DatedDocuments, ...] = ()
    # What of it in MongoDB waits to be done: in documents of an older backup it was done since.
    pending_documents: tuple[PendingDocuments, ...] = ()
    # What it holds about a customer: for exporting, closing and erasing an account.
    personal_data: PersonalData | None = None
