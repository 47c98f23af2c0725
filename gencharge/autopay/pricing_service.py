"""What a run of an autopay costs: the plan's price, or the amount that its owner chose, less what the best automatic offer takes off.

The offer is the one that the customer would get by hand: a quote and a sale share that step. It is asked for only if there are offers for
the plan; otherwise the catalogue in memory says the price, without a query.
"""

from __future__ import annotations

from collections.abc import Sequence

from gencharge.autopay.models import Autopay
from gencharge.core.errors import DatabaseUnavailable, Problem
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.money import PositiveMoney
from gencharge.offers.service import Offers, OfferSnapshot
from gencharge.plans.service import Catalogue, PlanSnapshot
from gencharge.recharge import service as recharges
from gencharge.recharge.service import Market, Quote
from gencharge.wallet.models import PaymentMethod, RequestSource


class WorkersMarket:
    """The plans and the offers of a worker, which has no application that would hold them."""

    def __init__(self) -> None:
        self._catalogue, self._offers = Catalogue(), Offers()

    async def current(self, database: Database) -> Market:
        """As they are now: loaded again if they have changed. Raises DatabaseUnavailable."""
        return Market(await self._catalogue.refresh(database), await self._offers.refresh(database))


def may_have_offer(row: Autopay, market: Market | None) -> bool:
    """Whether there are automatic offers for the plan: some hold on some days only."""
    plan = _plan(row, market)
    return market is not None and plan is not None and bool(_automatic(market, plan))


def _plan(row: Autopay, market: Market | None) -> PlanSnapshot | None:
    """Its plan in the catalogue, if it is there."""
    if market is None or row.plan_id is None:
        return None
    return market.catalogue.plans.get(row.plan_id)


def _automatic(market: Market, plan: PlanSnapshot) -> Sequence[OfferSnapshot]:
    return market.offers.active(clock.now()).automatic_for(plan)


def amount_of(row: Autopay) -> PositiveMoney | None:
    """What its owner chose to pay for a plan of any amount; None of a plan with one price."""
    return None if row.amount is None else PositiveMoney(row.amount)


async def expect(
    database: Database, row: Autopay, market: Market | None, *, method: PaymentMethod = PaymentMethod.WALLET
) -> int:
    """What a run is expected to cost now, in paise, if it is paid by `method`. Not inside a transaction. Raises DatabaseUnavailable.

    Without a market, or if the plan is not in it, that is what it cost last.
    """
    plan = _plan(row, market)
    if market is None or plan is None:
        return row.price
    full = plan.price.paise if row.amount is None else row.amount
    if not _automatic(market, plan):
        return full
    query = Quote(
        phone_number=row.phone_number,
        plan_id=plan.plan_id,
        amount=amount_of(row),
        payment_method=method,
        source=RequestSource(row.source),
    )
    try:
        quote = await recharges.quote(database, row.user_id, query, market)
    except DatabaseUnavailable:
        raise
    except Problem:
        return full  # the sale says what is in the way, and whether that ends the autopay
    return quote.payable.paise
