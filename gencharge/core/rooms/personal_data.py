"""What each room holds about a customer: shown to the staff, given to the customer, closed, erased.

A room that holds something offers a `PersonalData`; `wiring.PERSONAL_DATA` lists them, so that the code that closes an
account, exports it or erases it needs to know none of the rooms. The order of the table is the order in which rooms
are asked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """One room's part. What a room has nothing to say to stays None."""

    name: str  # the key in an overview and in an export
    # (db, user_id): a few figures for the staff, as `web.to_json` can write it.
    overview: Callable[[AsyncSession, UUID], Awaitable[Any]] | None = None
    # (stores, user_id): all that the room holds about the customer, as `web.to_json` can write it. A value of a
    # dictionary may be `all_of` a list, which is then read while it is sent.
    export: Callable[[Stores, UUID], Awaitable[Any]] | None = None
    # (db, user_id, payout): in the transaction that archives the account. Raises a Conflict that says what speaks
    # against it; `payout` allows to pay the rest of the balance out.
    close: Callable[[AsyncSession, UUID, bool], Awaitable[None]] | None = None
    # (db, user_id, user_type): in the transaction that changes how the customer's own number is billed. Raises a
    # Conflict that says what speaks against it.
    may_switch: Callable[[AsyncSession, UUID, str], Awaitable[None]] | None = None
    # (stores, user_id): after the retention time. The ledger stays, with an id that identifies nobody. Idempotent.
    erase: Callable[[Stores, UUID], Awaitable[None]] | None = None


def parts_of(request: Request) -> Sequence[PersonalData]:
    """The application's table."""
    parts: Sequence[PersonalData] = request.app.state.personal_data
    return parts


async def all_of(
    fetch: Callable[[str | None], Awaitable[tuple[Sequence[Any], str | None]]],
) -> AsyncIterator[Any]:
    """Every item of a list of any length, a page in memory at a time.

    `fetch` takes a cursor and gives a page and the next cursor. The first page is read at once, so that a store that
    is away is noticed before anything was sent.
    """
    items, cursor = await fetch(None)

    async def rest() -> AsyncIterator[Any]:
        page, after = items, cursor
        while True:
            for item in page:
                yield item
            if after is None:
                return
            page, after = await fetch(after)

    return rest()
