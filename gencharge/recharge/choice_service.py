"""Which offers a sale tries, by what the command says and the catalogue and the offers in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi import FastAPI

from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.offers import service as offers
from gencharge.offers.service import Judged, Selection, Situation, Wish
from gencharge.plans import service as plans
from gencharge.recharge.schemas import Quote, Subscribe

# Offers that a quote shows.
MAX_LISTED: Final = 50


@dataclass(frozen=True, slots=True)
class Market:
    """The plans and the offers of a process, as it holds them in memory."""

    catalogue: plans.CatalogueSnapshot
    offers: offers.OffersSnapshot

    @classmethod
    async def of(cls, app: FastAPI, database: Database) -> Market:
        """The application's. Raises DatabaseUnavailable if nothing is loaded yet and PostgreSQL is down."""
        return cls(
            await plans.Catalogue.of(app).current(database), await offers.Offers.of(app).current(database)
        )


def for_wallet(market: Market | None, command: Subscribe) -> Selection | None:
    """What a sale from the wallet tries. The sale itself looks at what only the database knows."""
    situation = _situation(market, command)
    if market is None or situation is None:
        return _unknown(command)
    return offers.select(
        market.offers.active(situation.instant),
        _wish(command),
        situation,
        expected=command.expected_price,
        at_least=Money(0),
    )


async def for_gateway(
    database: Database, user_id: UUID, market: Market | None, command: Subscribe, *, at_least: Money
) -> Selection | None:
    """What a sale through a gateway tries: one offer at most, because the order is made for what it leaves to pay.

    `at_least`: what the wallet's part and the gateway have to have left after an automatic discount.
    """
    situation = _situation(market, command)
    if market is None or situation is None:
        return _unknown(command)
    active, wish = market.offers.active(situation.instant), _wish(command)
    if not wish.is_chosen and not (wish.automatic and active.automatic_for(situation.plan)):
        return None
    tried = active.for_plan(situation.plan)
    situation = await offers.with_facts(database, user_id, command.phone_number, situation, tried)
    selection = offers.select(
        active, wish, situation, expected=command.expected_price, at_least=at_least, knows_customer=True
    )
    return selection.first_only() if selection is not None else None


def _unknown(command: Quote | Subscribe) -> Selection | None:
    """Without a market or a plan no offer can be judged. One that was chosen is refused by the sale, after the plan."""
    return Selection(Money(0), (), is_chosen=True) if _wish(command).is_chosen else None


async def for_quote(
    database: Database, user_id: UUID, market: Market | None, query: Quote
) -> tuple[Selection | None, list[Judged]]:
    """What a quote says: the offer that a sale would have, and each offer for this plan, best first, with why not."""
    situation = _situation(market, query)
    if market is None or situation is None:
        return _unknown(query), []
    active = market.offers.active(situation.instant)
    listed = active.for_plan(situation.plan)
    if listed:
        situation = await offers.with_facts(database, user_id, query.phone_number, situation, listed)
    selection = offers.select(
        active, _wish(query), situation, expected=None, at_least=Money(0), knows_customer=True
    )
    judged = offers.judge(listed, situation)[:MAX_LISTED]
    return selection.first_only() if selection is not None else None, judged


def _wish(command: Quote | Subscribe) -> Wish:
    return Wish(command.offer_id, command.offer_code, command.automatic_offer)


def _situation(market: Market | None, command: Quote | Subscribe) -> Situation | None:
    """The sale as far as the process knows it; None if no such plan is known, which the sale itself refuses."""
    plan = market.catalogue.plans.get(command.plan_id) if market is not None else None
    if plan is None:
        return None
    return Situation(
        plan=plan,
        price=plan.price,
        user_type=None,
        is_new_user=None,
        source=command.source,
        circle=None,
        payment_method=command.payment_method,
        instant=clock.now(),
    )
