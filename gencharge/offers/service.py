"""Loading, holding and seeding the offers, and choosing the best for a recharge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.choices import Choices
from gencharge.core.http.web import to_json
from gencharge.core.postgres.database import Database
from gencharge.core.rooms import snapshots
from gencharge.core.values.money import Money
from gencharge.offers import budget_service, code_service, crud, sample
from gencharge.offers.evaluation import Reason, Refusal, Saving, Situation, Used, evaluate
from gencharge.offers.models import Offer, OfferStatus
from gencharge.offers.rules import conditions_of, limits_of, reward_of
from gencharge.offers.selection import (
    Candidate,
    Judged,
    OneTimeCode,
    Selection,
    Wish,
    judge,
    refused,
    select,
)
from gencharge.offers.snapshot import ActiveOffers, OfferSnapshot, OffersSnapshot, OfferTypeSnapshot
from gencharge.users.models import UserType

__all__ = [
    "ActiveOffers",
    "Candidate",
    "CurrentOffers",
    "Judged",
    "OfferSnapshot",
    "OfferTypeSnapshot",
    "Offers",
    "OffersSnapshot",
    "OneTimeCode",
    "Reason",
    "Refusal",
    "Saving",
    "Selection",
    "Situation",
    "Used",
    "Wish",
    "add_budget",
    "add_codes",
    "best",
    "budget_spent",
    "bump_version",
    "change_budget",
    "evaluate",
    "find_code",
    "judge",
    "list_for",
    "load_offers",
    "lock",
    "refused",
    "seed",
    "select",
    "snapshot_of",
    "stored",
    "with_facts",
]

# The name of the offers' snapshot.
NAME = "offers"
find_code = code_service.find
add_codes = code_service.add_codes
add_budget = budget_service.add
budget_spent = budget_service.spent
change_budget = budget_service.change


def list_for(offers: OffersSnapshot, situation: Situation) -> list[Judged]:
    """Every offer that holds at the situation's instant: the largest saving first, then those with the fewest reasons against them.

    Of two that save the same the one with more off the price now is the better; an offer with fewer reasons against
    it is nearer.
    """
    return judge(offers.active(situation.instant).offers, situation)


def best(offers: OffersSnapshot, situation: Situation) -> Judged | None:
    """The offer that saves most; None if none saves anything."""
    judged = list_for(offers, situation)
    return judged[0] if judged and isinstance(judged[0].outcome, Saving) else None


async def with_facts(
    database: Database,
    user_id: UUID,
    phone_number: str,
    situation: Situation,
    offers: Iterable[OfferSnapshot],
) -> Situation:
    """The situation with what only the database knows: the customer, the number's circle, and how far `offers` are used."""
    # A campaign needs a code.
    limited = [offer.offer_id for offer in offers if offer.limits.is_limited or offer.needs_code]
    facts = await crud.get_facts(database, user_id=user_id, phone_number=phone_number, offer_ids=limited)
    return replace(
        situation,
        user_type=UserType(facts.user_type) if facts.user_type is not None else None,
        is_new_user=facts.is_new,
        circle=facts.circle,
        used={UUID(offer_id): _used(facts, offer_id) for offer_id in {*facts.used, *facts.campaigns}},
    )


def _used(facts: crud.FactsRow, offer_id: str) -> Used:
    own, uses, spent = facts.used.get(offer_id, (0, 0, 0))
    left = facts.campaigns.get(offer_id)
    left_of_campaign = None if left is None else Money(max(0, left))
    return Used(total=uses, by_user=own, spent=Money(spent), left_of_campaign=left_of_campaign)


async def load_offers(db: AsyncSession, version: int | None = None) -> OffersSnapshot:
    """All offers and types, read from PostgreSQL. For processes without an application, such as a worker's job."""
    if version is None:
        version = await snapshots.version_of(db, NAME)
    offers = [snapshot_of(row) for row in await crud.list_all(db)]
    # After the offers: the type of each of them is then among the types.
    types = await crud.list_all_types(db)
    return OffersSnapshot(
        version,
        offers,
        (OfferTypeSnapshot(kind.offer_type_id, kind.name, kind.description) for kind in types),
    )


def snapshot_of(row: Offer) -> OfferSnapshot:
    """A row's terms."""
    return OfferSnapshot(
        offer_id=row.offer_id,
        version=row.version,
        offer_type_id=row.offer_type_id,
        name=row.name,
        description=row.description,
        code=row.code,
        status=OfferStatus(row.status),
        is_special=row.is_special,
        active_from=row.active_from,
        active_until=row.active_until,
        conditions=conditions_of(row),
        reward=reward_of(row),
        limits=limits_of(row),
        created_at=row.created_at,
    )


def stored(offer: OfferSnapshot) -> dict[str, Any]:
    """The terms of a version as `offer_versions` keeps them."""
    values = {"offer_id": offer.offer_id, "version": offer.version, **offer.terms()}
    plain: dict[str, Any] = orjson.loads(to_json(values))
    return plain


class Offers(snapshots.Holder[OffersSnapshot]):
    """The offers that a process holds in memory."""

    name = NAME

    async def load(self, db: AsyncSession, version: int) -> OffersSnapshot:
        """All offers and types, read from PostgreSQL."""
        return await load_offers(db, version)


def type_choices(held: OffersSnapshot) -> Choices:
    """The offer types that a filter may name, by name or id."""
    return Choices.of((kind.name for kind in held.types.values()), held.types)


async def lock(db: AsyncSession) -> None:
    """Wait for other writers of offers; every writer calls this before it reads.

    What it then finds stays true until it commits: a free name, a free code, a type without offers, a version.
    """
    await snapshots.lock(db, NAME)


async def bump_version(db: AsyncSession) -> int:
    """Raise the offers' version in the running transaction; every writer calls this."""
    return await snapshots.bump(db, NAME)


async def seed(db: AsyncSession) -> bool:
    """Add missing sample offers. False if nothing was missing."""
    offers = sample.offers()
    if await crud.count_ids(db, [offer["offer_id"] for offer in offers]) == len(offers):
        return False
    await bump_version(db)
    versions = [
        {"offer_id": row.offer_id, "version": row.version, "snapshot": stored(snapshot_of(row))}
        for row in (Offer(**offer) for offer in offers)
    ]
    await crud.add_missing(db, sample.types(), offers, versions)
    return True


CurrentOffers = Annotated[OffersSnapshot, Depends(Offers.for_request)]
