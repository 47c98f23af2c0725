"""The story of a recharge, gathered from the rooms that know a part of it.

One statement, however long the customer's history is, and beside it one look into the audit trail and one into the inbox. None writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from gencharge.audit import service as audit
from gencharge.core.errors import DocumentsUnavailable
from gencharge.core.http import language
from gencharge.core.postgres.database import Database
from gencharge.core.stores.mongo import Document
from gencharge.core.stores.stores import Stores
from gencharge.notifications import service as notifications
from gencharge.recharge import service as recharges
from gencharge.recharge.errors import RechargeNotFound
from gencharge.recharge.models import Recharge
from gencharge.sessions.guards import Principal
from gencharge.stories import crud, views
from gencharge.stories.crud import Books
from gencharge.stories.schemas import TimelineOut
from gencharge.stories.staff_schemas import StoryOut, StoryPart
from gencharge.stories.steps import Facts, Reader, steps_of, waits_for

# Of the audit trail, and of notices, to read at once.
ENTRIES: Final = 100


async def timeline(database: Database, user_id: UUID, recharge_id: UUID) -> TimelineOut:
    """What happened to one of a customer's recharges, in the language of the caller. Raises RechargeNotFound."""
    books = await crud.find_books(database, user_id, recharge_id)
    if books is None:
        raise RechargeNotFound
    return TimelineOut(
        recharge_id=recharge_id,
        status=recharges.status_with(books.recharge, books.plan),
        steps=steps_of(facts_of(books), Reader.CUSTOMER, language.spoken()),
        waits_for=waits_for(books.recharge),
    )


async def story(
    stores: Stores, admin: Principal, user_id: UUID, recharge_id: UUID, *, withheld: frozenset[StoryPart]
) -> StoryOut:
    """All that is known of a recharge, less the parts that are withheld from this admin.

    Without MongoDB audit entries and notices are missing, and the answer says so. Raises RechargeNotFound, also if the recharge
    is out of the admin's scope.
    """
    # Both at once: neither needs the other, and what is not the admin's to see is dropped with the rest.
    reading = asyncio.create_task(_entries(stores, recharge_id, StoryPart.AUDIT in withheld))
    looking = asyncio.create_task(_notices(stores, user_id, recharge_id, StoryPart.NOTICES in withheld))
    try:
        books = await crud.find_books(stores.database, user_id, recharge_id, admin.operator_scope)
        if books is None:
            raise RechargeNotFound
        metadata = await _metadata(stores.database, books.recharge)
        entries, notices = await reading, await looking
    finally:
        reading.cancel()
        looking.cancel()
    payment = None if StoryPart.PAYMENT in withheld else books.payment
    # As in the ledger, an admin who is limited to some operators sees the rows that name one of them.
    transfers = [row for row in books.transfers if admin.sees(row.operator or "")]
    return StoryOut(
        user_id=user_id,
        recharge_id=recharge_id,
        status=recharges.status_with(books.recharge, books.plan),
        waits_for=waits_for(books.recharge),
        terms=views.terms(books.recharge, metadata),
        timeline=steps_of(facts_of(books), Reader.STAFF, language.spoken()),
        payment=views.payment(payment, books.refunds_to_source),
        ledger=[] if StoryPart.LEDGER in withheld else [views.movement(row) for row in transfers],
        attempts=[views.attempt(row) for row in books.attempts],
        refunds=[views.refund(row) for row in books.refunds],
        complaints=[views.complaint(row) for row in books.complaints],
        audit=[views.entry(document) for document in entries or ()],
        notices=[views.notice(document) for document in notices or ()],
        withheld=sorted(withheld),
        unavailable=[
            part
            for part, result in ((StoryPart.AUDIT, entries), (StoryPart.NOTICES, notices))
            if result is None
        ],
    )


def facts_of(books: Books) -> Facts:
    """What a timeline is made of."""
    return Facts(
        recharge=books.recharge,
        payment=books.payment,
        attempts=books.attempts,
        refunds=books.refunds,
        plan=books.plan,
        complaints=books.complaints,
    )


async def _entries(stores: Stores, recharge_id: UUID, is_withheld: bool) -> list[Document] | None:
    """The audit entries about the recharge; none if they are withheld. None: they could not be read."""
    if is_withheld:
        return []
    try:
        return await audit.list_of_object(stores.documents, str(recharge_id), limit=ENTRIES)
    except DocumentsUnavailable:
        return None


async def _notices(
    stores: Stores, user_id: UUID, recharge_id: UUID, is_withheld: bool
) -> Sequence[Mapping[str, Any]] | None:
    """What the customer was told about the recharge; none if that is withheld. None: it could not be read."""
    if is_withheld:
        return []
    try:
        return await notifications.list_about(stores, user_id, recharge_id, limit=ENTRIES)
    except DocumentsUnavailable:
        return None


async def _metadata(database: Database, recharge: Recharge) -> dict[str, str] | None:
    if not recharge.caller_metadata:
        return None
    return await database.run(lambda db: recharges.metadata_of(db, recharge))
