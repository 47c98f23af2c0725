"""`return_offer`: what an offer gave goes back with a failure or a refund, in proportion, and never makes a wallet negative."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.offers.errors import OfferNotApplicable
from gencharge.offers.snapshot import OfferSnapshot
from gencharge.recharge import lifecycle_crud
from gencharge.recharge import service as recharges
from gencharge.recharge.models import RefundOutcome
from gencharge.recharge.schemas import SubscriptionOut
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.make.delivery import reach_jio
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.offers import flat, market_of, owed, publish, use_of, used
from tests.make.recharge import assert_books_balance, list_events, list_transfers, money_of

BOTH = {"discount": flat(59), "cashback": flat(20)}


@pytest.fixture(scope="module")
async def jio(shop: Stores) -> Stores:
    """The stores; what is bought for Jio stays pending until a test ends it."""
    await reach_jio(shop)
    return shop


async def sell(
    stores: Stores, offer: OfferSnapshot, user_id: UUID, operator: str = "AIRTEL"
) -> SubscriptionOut:
    """Rs 299 less Rs 59 for a new number, with Rs 20 back."""
    plan, number = await find_plan(stores, operator, 299), await make_number(stores, operator)
    market = await market_of(stores, offer)
    return (await buy(stores, user_id, number, plan.plan_id, market=market, offer_id=offer.offer_id)).answer


async def refund(
    stores: Stores, user_id: UUID, sale: SubscriptionOut, paise: int, *, to_source: bool = False
) -> None:
    outcome = await stores.database.run(
        lambda db: lifecycle_crud.refund(
            db,
            user_id,
            sale.recharge_id,
            amount=paise,
            key=str(uuid4()),
            reason="late",
            context="{}",
            to_source=to_source,
        )
    )
    assert outcome is RefundOutcome.REFUNDED


async def fund_more(stores: Stores, user_id: UUID, rupees: int) -> None:
    """More money from before the books began."""
    await stores.database.run(
        lambda db: wallet.credit(
            db,
            user_id,
            Money.rupees(rupees),
            source_account=Account.OPENING,
            code=Code.OPENING,
            key=str(uuid4()),
        )
    )


async def cashback_events(
    stores: Stores, user_id: UUID
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """What the events say of cashbacks: (paid, withheld) of each delivery, (taken, owed) of each refund."""
    sales = await list_events(stores, user_id, "PlanRecharged")
    refunds = await list_events(stores, user_id, "RechargeRefunded")
    return (
        [(event.get("cashback_paid_paise", 0), event.get("cashback_withheld_paise", 0)) for event in sales],
        [(event.get("cashback_taken_paise", 0), event.get("cashback_owed_paise", 0)) for event in refunds],
    )


async def spend(stores: Stores, user_id: UUID) -> None:
    """All of the wallet but Rs 5: a recharge without an offer."""
    available, _ = await money_of(stores, user_id)
    plan, number = await find_plan(stores, "AIRTEL", 299), await make_number(stores, "AIRTEL")
    await fund_more(stores, user_id, 304 - available // 100)
    await buy(stores, user_id, number, plan.plan_id)


async def test_a_failure_frees_the_use_and_pays_no_cashback(jio: Stores) -> None:
    offer, user_id = await publish(jio, BOTH, limits={"total_uses": 1}), await make_customer(jio, 240)
    sale = await sell(jio, offer, user_id, "JIO")
    assert await money_of(jio, user_id) == (0, 24_000)
    other = await make_customer(jio, 240)
    with pytest.raises(OfferNotApplicable):
        await sell(jio, offer, other, "JIO")
    await jio.database.run(lambda db: recharges.fail(db, user_id, sale.recharge_id, reason="declined"))
    assert await money_of(jio, user_id) == (24_000, 0)
    use = await use_of(jio, user_id, sale.recharge_id)
    assert (use.status, use.cost, use.paid, use.taken_back) == ("freed", 0, 0, 0)
    assert await used(jio, offer.offer_id) == (0, 0)
    await sell(jio, offer, other, "JIO")
    await assert_books_balance(jio)


async def test_delivery_pays_the_operator_the_whole_price_and_the_cashback_once(jio: Stores) -> None:
    offer, user_id = await publish(jio, BOTH), await make_customer(jio, 240)
    sale = await sell(jio, offer, user_id, "JIO")
    assert (await use_of(jio, user_id, sale.recharge_id)).paid == 0
    for _ in range(2):
        await jio.database.run(
            lambda db: recharges.deliver(
                db, user_id, sale.recharge_id, operator_reference="J", channel="jio-a", commission=0
            )
        )
    moved = await list_transfers(jio, sale.recharge_id)
    assert moved["user:held", "operator:jio"] + moved["discount", "operator:jio"] == 29_900
    assert moved["cashback", "user:main"] == 2_000
    assert await money_of(jio, user_id) == (2_000, 0)
    assert await cashback_events(jio, user_id) == ([(2_000, 0)], [])
    await assert_books_balance(jio)


async def test_a_full_refund_takes_the_cashback_back_and_frees_the_use(jio: Stores) -> None:
    offer, user_id = await publish(jio, BOTH, limits={"uses_per_user": 1}), await make_customer(jio, 240)
    sale = await sell(jio, offer, user_id)
    await refund(jio, user_id, sale, 24_000)
    assert await money_of(jio, user_id) == (24_000, 0)
    moved = await list_transfers(jio, sale.recharge_id)
    assert (moved["operator:airtel", "discount"], moved["user:main", "cashback"]) == (5_900, 2_000)
    assert await used(jio, offer.offer_id) == (0, 0)
    await sell(jio, offer, user_id)
    await assert_books_balance(jio)


async def test_refunds_in_parts_take_back_in_proportion_and_the_last_one_takes_the_rest(jio: Stores) -> None:
    offer, user_id = await publish(jio, BOTH), await make_customer(jio, 240)
    sale = await sell(jio, offer, user_id)
    await refund(jio, user_id, sale, 7_001)
    use = await use_of(jio, user_id, sale.recharge_id)
    # 59 and 20 rupees times 70.01 / 240, rounded down.
    assert (use.status, use.discount_back, use.taken_back) == ("taken", 1_721, 583)
    assert await used(jio, offer.offer_id) == (1, 7_900 - 1_721 - 583)
    await assert_books_balance(jio)
    await refund(jio, user_id, sale, 16_999)
    use = await use_of(jio, user_id, sale.recharge_id)
    assert (use.status, use.discount_back, use.taken_back, use.cost) == ("freed", 5_900, 2_000, 0)
    assert await money_of(jio, user_id) == (24_000, 0)
    assert await cashback_events(jio, user_id) == ([(2_000, 0)], [(583, 0), (1_417, 0)])
    await assert_books_balance(jio)


async def test_cashback_that_was_spent_is_owed_and_kept_from_the_next_one(jio: Stores) -> None:
    offer, user_id = await publish(jio, BOTH), await make_customer(jio, 240)
    sale = await sell(jio, offer, user_id)
    await spend(jio, user_id)
    assert await money_of(jio, user_id) == (500, 0)
    # The refund goes on to the source: only the five rupees that were there before it are taken.
    await refund(jio, user_id, sale, 24_000, to_source=True)
    assert await money_of(jio, user_id) == (24_000, 0)
    assert await owed(jio, user_id) == 1_500
    # What is missing stays a cost of the offer.
    assert await used(jio, offer.offer_id) == (0, 1_500)
    second = await sell(jio, offer, user_id)
    use = await use_of(jio, user_id, second.recharge_id)
    assert (use.paid, use.withheld) == (500, 1_500)
    # The sale between had no offer.
    assert await cashback_events(jio, user_id) == ([(2_000, 0), (0, 0), (500, 1_500)], [(500, 1_500)])
    assert await owed(jio, user_id) == 0
    assert await money_of(jio, user_id) == (500, 0)
    await assert_books_balance(jio)


async def test_a_cashback_smaller_than_what_is_owed_is_kept_whole(jio: Stores) -> None:
    offer, user_id = await publish(jio, BOTH), await make_customer(jio, 240)
    sale = await sell(jio, offer, user_id)
    await spend(jio, user_id)
    await refund(jio, user_id, sale, 24_000, to_source=True)
    small = await publish(jio, {"cashback": flat(10)})
    await fund_more(jio, user_id, 299)
    sale = await sell(jio, small, user_id)
    assert (await use_of(jio, user_id, sale.recharge_id)).withheld == 1_000
    assert await owed(jio, user_id) == 500
    # Refunded, it is due as if it had been paid: the debt comes back as money.
    before, _ = await money_of(jio, user_id)
    await refund(jio, user_id, sale, 29_900)
    assert await money_of(jio, user_id) == (before + 29_900 - 1_000, 0)
    assert await owed(jio, user_id) == 500
    assert await cashback_events(jio, user_id) == (
        [(2_000, 0), (0, 0), (0, 1_000)],
        [(500, 1_500), (1_000, 0)],
    )
    await assert_books_balance(jio)
