"""The story of a recharge, gathered from the rooms that know a part of it.

A number of statements that does not grow with the customer's history; none of them writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.audit import service as audit
from gencharge.channels import service as channels
from gencharge.core.errors import DocumentsUnavailable
from gencharge.core.postgres.database import Database
from gencharge.core.stores.mongo import Document
from gencharge.core.stores.stores import Stores
from gencharge.payments import service as payments
from gencharge.payments.models import Refund
from gencharge.recharge import service as recharges
from gencharge.recharge.models import Recharge, RechargeStatus
from gencharge.sessions.guards import Principal
from gencharge.stories import views
from gencharge.stories.schemas import TimelineOut
from gencharge.stories.staff_schemas import StoryOut, StoryPart
from gencharge.stories.steps import Facts, steps_of, waits_for
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Transfer

# Of the audit trail, to read at once.
ENTRIES: Final = 100


@dataclass(frozen=True, slots=True)
class _Books:
    """What PostgreSQL knows of a recharge."""

    facts: Facts
    status: RechargeStatus
    transfers: Sequence[Transfer]
    refunds_to_source: Sequence[Refund]
    metadata: dict[str, str] | None


async def timeline(database: Database, user_id: UUID, recharge_id: UUID) -> TimelineOut:
    """What happened to one of a customer's recharges. Raises RechargeNotFound."""

    async def unit(db: AsyncSession) -> TimelineOut:
        recharge = await recharges.get(db, user_id, recharge_id)
        facts = await _facts(db, recharge)
        return TimelineOut(
            recharge_id=recharge_id,
            status=recharges.status_with(recharge, facts.plan),
            steps=steps_of(facts),
            waits_for=waits_for(recharge),
        )

    return await database.run(unit)


async def story(
    stores: Stores, admin: Principal, user_id: UUID, recharge_id: UUID, *, withheld: frozenset[StoryPart]
) -> StoryOut:
    """All that is known of a recharge, less the parts that are withheld from this admin.

    Without MongoDB the audit entries are missing, and the answer says so. Raises RechargeNotFound, also if the recharge
    is out of the admin's scope.
    """
    books = await stores.database.run(lambda db: _books(db, admin, user_id, recharge_id))
    entries: list[Document] = []
    unavailable = []
    if StoryPart.AUDIT not in withheld:
        try:
            entries = await audit.list_of_object(stores.documents, str(recharge_id), limit=ENTRIES)
        except DocumentsUnavailable:
            unavailable.append(StoryPart.AUDIT)
    facts = books.facts
    shows_payment = facts.payment is not None and StoryPart.PAYMENT not in withheld
    return StoryOut(
        user_id=user_id,
        recharge_id=recharge_id,
        status=books.status,
        waits_for=waits_for(facts.recharge),
        terms=views.terms(facts.recharge, books.metadata),
        timeline=steps_of(facts),
        payment=views.payment(facts.payment, books.refunds_to_source) if shows_payment else None,
        ledger=[] if StoryPart.LEDGER in withheld else [views.movement(row) for row in books.transfers],
        attempts=[views.attempt(row) for row in facts.attempts],
        refunds=[views.refund(row) for row in facts.refunds],
        audit=[views.entry(document) for document in entries],
        withheld=sorted(withheld),
        unavailable=unavailable,
    )


async def _books(db: AsyncSession, admin: Principal, user_id: UUID, recharge_id: UUID) -> _Books:
    recharge = await recharges.get_in_scope(db, admin, user_id, recharge_id)
    facts = await _facts(db, recharge)
    paid = facts.payment
    about = [recharge_id] if paid is None else [recharge_id, paid.payment_id]
    transfers = await wallet.list_of_references(db, user_id, about)
    return _Books(
        facts=facts,
        status=recharges.status_with(recharge, facts.plan),
        # As in the ledger, an admin who is limited to some operators sees the rows that name one of them.
        transfers=[row for row in transfers if admin.sees(row.operator or "")],
        refunds_to_source=[] if paid is None else await payments.list_refunds(db, user_id, paid.payment_id),
        metadata=await recharges.metadata_of(db, recharge),
    )


async def _facts(db: AsyncSession, recharge: Recharge) -> Facts:
    user_id = recharge.user_id
    paid = recharge.payment_id
    return Facts(
        recharge=recharge,
        payment=None if paid is None else await payments.get_payment(db, user_id, paid),
        attempts=await channels.list_attempts(db, user_id, recharge.id),
        refunds=await recharges.list_refunds(db, user_id, recharge.id),
        plan=await recharges.plan_of(db, recharge),
    )
