"""Plain functions that make what tests of the staff's work need: bodies, offers, types, and what was announced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import EventRow
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.offers import service as offers
from gencharge.offers.evaluation import (
    Situation,
)
from gencharge.offers.models import (
    CashbackDebt,
    Offer,
    OfferSlot,
    OfferStatus,
    OfferType,
    OfferUse,
    OfferVersion,
)
from gencharge.offers.rules import OfferConditions, OfferLimits, OfferReward
from gencharge.offers.snapshot import OfferSnapshot, OffersSnapshot
from gencharge.plans import service as plans
from gencharge.plans.service import PlanSnapshot
from gencharge.recharge.choice_service import Market
from gencharge.users.models import UserType
from gencharge.wallet.models import PaymentMethod, RequestSource
from tests.make.plans import make_snapshot


async def type_id(visitor: httpx.AsyncClient, name: str = "Festive") -> str:
    """The id of a sample type."""
    items = (await visitor.get("/v1/offers/types")).json()["items"]
    identifier: str = next(item["offer_type_id"] for item in items if item["name"] == name)
    return identifier


async def plain(visitor: httpx.AsyncClient, **overrides: Any) -> dict[str, Any]:
    """The body of a new offer: ten rupees off everything."""
    body = {
        "name": f"Offer {uuid4().hex}",
        "offer_type_id": await type_id(visitor),
        "reward": {"discount": {"kind": "flat", "amount": 10}},
    }
    return body | overrides


async def make(visitor: httpx.AsyncClient, staff: dict[str, str], **overrides: Any) -> dict[str, Any]:
    """A new offer, as the staff see it."""
    answer = await visitor.post("/v1/offers", json=await plain(visitor, **overrides), headers=staff)
    assert answer.status_code == 201, answer.text
    offer: dict[str, Any] = answer.json()
    return offer


async def make_type(visitor: httpx.AsyncClient, staff: dict[str, str], **overrides: Any) -> dict[str, Any]:
    """A new offer type."""
    body = {"name": f"Type {uuid4().hex}"} | overrides
    answer = await visitor.post("/v1/offers/types", json=body, headers=staff)
    assert answer.status_code == 201, answer.text
    offer_type: dict[str, Any] = answer.json()
    return offer_type


async def events_about(stores: Stores, object_id: str) -> list[dict[str, Any]]:
    """What was announced about an offer or a type, oldest first. Nobody delivers events in these tests."""
    async with stores.database.transaction() as db:
        rows = (await db.scalars(select(EventRow).order_by(EventRow.id))).all()
        return [
            {"topic": row.topic, "payload": row.payload}
            for row in rows
            if object_id in {row.payload.get("offer_id"), row.payload.get("offer_type_id")}
        ]


# The same in every run: it is part of the tests' names.
UNKNOWN = "0198c0de-0000-7000-8000-00000000abcd"


# A Friday, 23:00 in India; two hours later it is Saturday there and still Friday in UTC.
FRIDAY = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)


TYPE, GROUP, PLAN = uuid4(), uuid4(), uuid4()


def plan(**overrides: Any) -> PlanSnapshot:
    """The plan that the situations are about. `overrides`: fields of PlanSnapshot."""
    return make_snapshot(**({"plan_id": PLAN, "group_id": GROUP} | overrides))


def offer(
    reward: dict[str, Any] | None = None,
    *,
    conditions: dict[str, Any] | None = None,
    limits: dict[str, Any] | None = None,
    **overrides: Any,
) -> OfferSnapshot:
    values: dict[str, Any] = {
        "offer_id": uuid4(),
        "version": 1,
        "offer_type_id": TYPE,
        "name": "An offer",
        "description": "",
        "code": None,
        "status": OfferStatus.ACTIVE,
        "is_special": False,
        "active_from": None,
        "active_until": None,
        "conditions": OfferConditions.model_validate(conditions or {}),
        "reward": OfferReward.model_validate(reward or {"discount": flat(50)}),
        "limits": OfferLimits.model_validate(limits or {}),
        "created_at": FRIDAY,
    }
    return OfferSnapshot(**(values | overrides))


def situation(**overrides: Any) -> Situation:
    values: dict[str, Any] = {
        "plan": plan(),
        "price": Money.rupees(299),
        "user_type": UserType.PREPAID,
        "is_new_user": False,
        "source": RequestSource.WEB,
        "circle": "KA",
        "payment_method": PaymentMethod.WALLET,
        "instant": FRIDAY,
    }
    return Situation(**(values | overrides))


def flat(rupees: Any) -> dict[str, Any]:
    return {"kind": "flat", "amount": rupees}


def percent(value: Any, cap: Any) -> dict[str, Any]:
    return {"kind": "percent", "percent": value, "cap": cap}


SATURDAY = FRIDAY + timedelta(hours=2)


WELCOME, DIWALI, UPI, JIO, POSTPAID = (
    "Welcome: 20 % off",
    "Festival of lights",
    "UPI weekend",
    "Jio from the wallet",
    "Postpaid thanks",
)


ALL = {WELCOME, DIWALI, UPI, JIO, POSTPAID}


async def publish(stores: Stores, reward: dict[str, Any] | None = None, **terms: Any) -> OfferSnapshot:
    """An active offer in the database. `terms`: as of `offer`; without an operator it is for plans of every operator."""
    published = offer(reward, **({"name": f"Offer {uuid4().hex}"} | terms))

    async def unit(db: AsyncSession) -> None:
        if await db.get(OfferType, TYPE) is None:
            db.add(OfferType(offer_type_id=TYPE, name=f"Type {TYPE}"))
            await db.flush()
        db.add(Offer(offer_id=published.offer_id, version=published.version, **published.terms()))
        await db.flush()
        db.add(
            OfferVersion(
                offer_id=published.offer_id, version=published.version, snapshot=offers.stored(published)
            )
        )
        await offers.bump_version(db)

    await stores.database.run(unit)
    return published


async def market_of(stores: Stores, *only: OfferSnapshot) -> Market:
    """The catalogue, and these offers and no others, whatever other tests have published."""
    catalogue = await stores.database.run(plans.load_catalogue)
    return Market(catalogue, OffersSnapshot(1, only))


async def used(stores: Stores, offer_id: UUID) -> tuple[int, int]:
    """How often an offer is used now, and what that costs in paise, by its counters."""
    async with stores.database.transaction() as db:
        query = select(func.sum(OfferSlot.uses), func.sum(OfferSlot.spent)).where(
            OfferSlot.offer_id == offer_id
        )
        uses, spent = (await db.execute(query)).one()
        return int(uses or 0), int(spent or 0)


async def use_of(stores: Stores, user_id: UUID, recharge_id: UUID) -> OfferUse:
    """What an offer gave on a recharge."""
    async with stores.database.transaction() as db:
        row = await db.get_one(OfferUse, (user_id, recharge_id))
        db.expunge(row)
        return row


async def owed(stores: Stores, user_id: UUID) -> int:
    """What a customer owes from cashbacks, in paise."""
    async with stores.database.transaction() as db:
        row = await db.get(CashbackDebt, user_id)
        return row.owed if row is not None else 0
