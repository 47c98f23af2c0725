"""Which offers a sale tries, by what the command says and the catalogue and the offers in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import FastAPI

from gencharge.core import telemetry
from gencharge.core.http.limit_classes import WrongGuesses
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.offers import service as offers
from gencharge.offers.errors import OfferCodeLimitExceeded, OfferCodeNotFound, OfferCodeNotYours
from gencharge.offers.service import Judged, Selection, Situation, Wish
from gencharge.plans import service as plans
from gencharge.recharge.schemas import Quote, Subscribe

# Offers that a quote shows.
MAX_LISTED: Final = 50


@dataclass(slots=True)  # not frozen, which each sale would pay for
class Market:
    """The plans and the offers of a process, as it holds them in memory, and how often its customers guessed codes."""

    catalogue: plans.CatalogueSnapshot
    offers: offers.OffersSnapshot
    wrong_codes: WrongGuesses | None = None

    @classmethod
    async def of(cls, app: FastAPI, database: Database) -> Market:
        """The application's. Raises DatabaseUnavailable if nothing is loaded yet and PostgreSQL is down."""
        catalogue, current_offers = plans.Catalogue.of(app), offers.Offers.of(app)
        return cls(
            catalogue.snapshot or await catalogue.current(database),
            current_offers.snapshot or await current_offers.current(database),
            app.state.wrong_offer_codes,
        )


async def for_wallet(
    database: Database, user_id: UUID, market: Market | None, command: Subscribe
) -> Selection | None:
    """What a sale from the wallet tries. The sale itself looks at what only the database knows; a one-time code is looked up here."""
    plan = market.catalogue.plans.get(command.plan_id) if market is not None else None
    if market is None or plan is None:
        return _unknown(command)
    instant = clock.now()
    active = market.offers.active(instant)
    # Most sales: nothing was named, and no offer gives itself to this plan.
    if not _names_offer(command) and not (command.automatic_offer and active.automatic_for(plan)):
        return None
    situation = _situation_of(plan, command, instant)
    selection = _held_back(market, user_id, command, situation) or offers.select(
        active,
        await _wish(database, user_id, market, command),
        situation,
        expected=command.expected_price,
        at_least=Money(0),
    )
    return _counted(market, user_id, selection)


async def for_gateway(
    database: Database, user_id: UUID, market: Market | None, command: Subscribe, *, at_least: Money
) -> Selection | None:
    """What a sale through a gateway tries: one offer at most, because the order is made for what it leaves to pay.

    `at_least`: what the wallet's part and the gateway have to have left after an automatic discount.
    """
    situation = _situation(market, command)
    if market is None or situation is None:
        return _unknown(command)
    held_back = _held_back(market, user_id, command, situation)
    if held_back is not None:
        return held_back
    active = market.offers.active(situation.instant)
    wish = await _wish(database, user_id, market, command)
    if not wish.is_chosen and not (wish.automatic and active.automatic_for(situation.plan)):
        return None
    tried = active.for_plan(situation.plan)
    situation = await offers.with_facts(database, user_id, command.phone_number, situation, tried)
    selection = offers.select(
        active, wish, situation, expected=command.expected_price, at_least=at_least, knows_customer=True
    )
    selection = _counted(market, user_id, selection)
    return selection.first_only() if selection is not None else None


def _unknown(command: Quote | Subscribe) -> Selection | None:
    """Without a market or a plan no offer can be judged. One that was chosen is refused by the sale, after the plan."""
    return Selection(Money(0), (), is_chosen=True) if _names_offer(command) else None


def _names_offer(command: Quote | Subscribe) -> bool:
    return command.offer_id is not None or command.offer_code is not None


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
    judged = offers.judge(listed, situation)
    selection = _held_back(market, user_id, query, situation) or offers.select(
        active,
        await _wish(database, user_id, market, query),
        situation,
        expected=None,
        at_least=Money(0),
        knows_customer=True,
        judged=judged,
    )
    selection = _counted(market, user_id, selection)
    return selection.first_only() if selection is not None else None, judged[:MAX_LISTED]


async def _wish(database: Database, user_id: UUID, market: Market, command: Quote | Subscribe) -> Wish:
    code = command.offer_code
    if code is None or market.offers.offer_of_code(code) is not None:
        return Wish(command.offer_id, code, command.automatic_offer)
    return Wish(code=code, one_time=await offers.find_code(database, user_id, code))


def _held_back(
    market: Market, user_id: UUID, command: Quote | Subscribe, situation: Situation
) -> Selection | None:
    """The refusal of any code, right or wrong, of a customer or an address with too many wrong ones."""
    if command.offer_code is None or market.wrong_codes is None:
        return None
    seconds = market.wrong_codes.wait_seconds(str(user_id), telemetry.context().address)
    if not seconds:
        return None
    return offers.refused(situation.price, OfferCodeLimitExceeded(retry_after_seconds=seconds))


def _counted(market: Market, user_id: UUID, selection: Selection | None) -> Selection | None:
    """The selection. A code that does not exist or is somebody else's counts as a wrong guess."""
    is_wrong = selection is not None and isinstance(selection.problem, OfferCodeNotFound | OfferCodeNotYours)
    if is_wrong and market.wrong_codes is not None:
        market.wrong_codes.count(str(user_id), telemetry.context().address)
    return selection


def _situation(market: Market | None, command: Quote | Subscribe) -> Situation | None:
    """The sale as far as the process knows it; None if no such plan is known, which the sale itself refuses."""
    plan = market.catalogue.plans.get(command.plan_id) if market is not None else None
    return _situation_of(plan, command, clock.now()) if plan is not None else None


def _situation_of(plan: plans.PlanSnapshot, command: Quote | Subscribe, instant: datetime) -> Situation:
    return Situation(
        plan=plan,
        price=plan.price if command.amount is None else Money(command.amount.paise),
        user_type=None,
        is_new_user=None,
        source=command.source,
        circle=None,
        payment_method=command.payment_method,
        instant=instant,
    )
