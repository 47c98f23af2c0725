"""What takes two admins: one requests the act, another approves it, and it is done in the transaction of the approval.

A room that has such acts names them in its `room.py`; `wiring.ACTS` collects them, and the room `approvals` keeps the
requests. So that room needs to know none of those whose acts it has done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Approved:
    """A request that was approved: what it says, as its room wrote it, and who asked and agreed."""

    payload: Mapping[str, Any]
    requested_by: UUID
    approved_by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that takes a second admin."""

    # Its name over HTTP: `refund_payment`.
    name: str
    # What both admins need: `Payments:edit`.
    permission: str
    # Does it, under the rules and locks of its room. What it raises leaves the request as it was.
    run: Callable[[AsyncSession, Approved], Awaitable[None]]


def acts_of(request: Request) -> Mapping[str, Act]:
    """The application's acts by name."""
    acts: Mapping[str, Act] = request.app.state.acts
    return acts
