"""The velocity rules of recharges: at the bound and one above, at the ends of their windows, raced, replayed, given back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.velocity.errors import VelocityLimitExceeded
from gencharge.velocity.models import VelocityRule
from gencharge.velocity.service import Limits
from gencharge.wallet.errors import InsufficientBalance
from tests.make.money import balance, buy, find_plan, fingerprint, make_customer, make_number
from tests.make.recharge import place, run_sql
from tests.make.velocity import allow, be_cautious, limits, list_held_back

PRICE = 29_900
SECOND = timedelta(seconds=1)


class Buyer:
    """Recharges under some limits, by default a new number each time."""

    def __init__(self, shop: Stores, plan_id: UUID, under: Limits) -> None:
        self.shop, self.plan_id, self.under = shop, plan_id, under

    async def customer(self) -> UUID:
        return await make_customer(self.shop, rupees=50_000)

    async def buy(self, user: UUID, number: str | None = None, **options: Any) -> Any:
        number = number or await make_number(self.shop)
        options = {"confirm_duplicate": True, "limits": self.under} | options
        return await buy(self.shop, user, number, self.plan_id, **options)

    async def refused(self, user: UUID, number: str | None = None, **options: Any) -> VelocityLimitExceeded:
        with pytest.raises(VelocityLimitExceeded) as refused:
            await self.buy(user, number, **options)
        return refused.value


@pytest.fixture
async def buyer(shop: Stores) -> Callable[..., Buyer]:
    plan = await find_plan(shop)
    return lambda **bounds: Buyer(shop, plan.plan_id, limits(**bounds))


@pytest.mark.parametrize(
    ("rule", "window"),
    [
        (VelocityRule.RECHARGES_IN_10_MINUTES, timedelta(minutes=10)),
        (VelocityRule.RECHARGES_IN_A_DAY, timedelta(hours=24)),
    ],
)
async def test_a_count_passes_its_bound_only_when_the_window_is_over(
    rule: VelocityRule, window: timedelta, buyer: Callable[..., Buyer]
) -> None:
    shopper = buyer(**{rule: 2})
    user, start = await shopper.customer(), datetime(2027, 3, 1, 12, tzinfo=UTC)
    with clock.at(start):
        await shopper.buy(user)
    with clock.at(start + SECOND):
        await shopper.buy(user)
        refused = await shopper.refused(user)
    assert refused.extra == {"rule": rule.value, "bound": 2}
    assert refused.headers["Retry-After"] == str(int(window.total_seconds()) - 1)
    with clock.at(start + window - SECOND):
        assert (await shopper.refused(user)).headers["Retry-After"] == "1"
    with clock.at(start + window):
        await shopper.buy(user)
        assert (await shopper.refused(user)).headers["Retry-After"] == "1"


async def test_a_sum_counts_to_the_paisa(buyer: Callable[..., Buyer], shop: Stores) -> None:
    exact, short = buyer(recharge_sum_in_a_day=3 * PRICE), buyer(recharge_sum_in_a_day=3 * PRICE - 1)
    user = await exact.customer()
    for _ in range(2):
        await exact.buy(user)
    refused = await short.refused(user)
    assert refused.extra == {"rule": "recharge_sum_in_a_day", "bound": Money(3 * PRICE - 1)}
    assert "add up to Rs 896.99 at most" in refused.detail
    await exact.buy(user)
    assert await balance(shop, user) == Money(5_000_000 - 3 * PRICE)


async def test_a_sum_is_free_again_when_enough_of_it_is_a_day_old(buyer: Callable[..., Buyer]) -> None:
    shopper = buyer(recharge_sum_in_a_day=2 * PRICE)
    user, start = await shopper.customer(), datetime(2027, 3, 2, 12, tzinfo=UTC)
    for hours in (0, 1):
        with clock.at(start + timedelta(hours=hours)):
            await shopper.buy(user)
    with clock.at(start + timedelta(hours=2)):
        assert (await shopper.refused(user)).headers["Retry-After"] == str(22 * 3600)
    with clock.at(start + timedelta(hours=24)):
        await shopper.buy(user)


async def test_a_price_above_the_bound_names_no_time_to_wait(buyer: Callable[..., Buyer]) -> None:
    shopper = buyer(recharge_sum_in_a_day=PRICE - 1)
    refused = await shopper.refused(await shopper.customer())
    assert "Retry-After" not in refused.headers
    assert "Try again" not in refused.detail


async def test_numbers_are_counted_once_each(buyer: Callable[..., Buyer], shop: Stores) -> None:
    shopper = buyer(numbers_in_a_day=2)
    user, known = await shopper.customer(), await make_number(shop)
    await shopper.buy(user, known)
    await shopper.buy(user)
    refused = await shopper.refused(user)
    assert refused.extra == {"rule": "numbers_in_a_day", "bound": 2}
    await shopper.buy(user, known)


async def test_a_number_takes_so_many_recharges_a_day_whoever_pays(
    buyer: Callable[..., Buyer], shop: Stores
) -> None:
    shopper = buyer(recharges_of_number_in_a_day=2)
    number, start = await make_number(shop), datetime(2027, 3, 3, 12, 20, tzinfo=UTC)
    for minutes in (0, 5):
        with clock.at(start + timedelta(minutes=minutes)):
            await shopper.buy(await shopper.customer(), number)
    with clock.at(start + timedelta(minutes=40)):  # 13:00
        refused = await shopper.refused(await shopper.customer(), number)
    # When others recharged it is theirs to know: 12:20 the next day reads 13:00.
    assert refused.headers["Retry-After"] == str(24 * 3600)
    assert refused.extra == {"rule": "recharges_of_number_in_a_day"}
    assert refused.detail.startswith("This number can't be recharged again just now. Nothing was charged.")
    with clock.at(start + timedelta(hours=24)):
        await shopper.buy(await shopper.customer(), number)


async def test_a_number_takes_so_many_payers_a_day_and_those_may_go_on(
    buyer: Callable[..., Buyer], shop: Stores
) -> None:
    shopper = buyer(payers_of_number_in_a_day=2)
    number = await make_number(shop)
    first, second = await shopper.customer(), await shopper.customer()
    for user in (first, second, first):
        await shopper.buy(user, number)
    stranger = await shopper.customer()
    refused = await shopper.refused(stranger, number)
    # To the caller it is the rule about the number's recharges: how many others paid is not theirs to know.
    assert refused.extra == {"rule": "recharges_of_number_in_a_day"}
    [row] = await list_held_back(shop, stranger)
    assert (row.rule, row.subject, row.bound) == ("payers_of_number_in_a_day", number, 2)
    await shopper.buy(second, number)


@pytest.mark.parametrize("rule", ["recharges_in_a_day", "numbers_in_a_day"])
async def test_twenty_at_once_pass_a_rule_of_ten_ten_times(
    rule: str, buyer: Callable[..., Buyer], shop: Stores
) -> None:
    shopper = buyer(**{rule: 10})
    user, numbers = await shopper.customer(), [await make_number(shop) for _ in range(20)]
    results = await asyncio.gather(*(shopper.buy(user, number) for number in numbers), return_exceptions=True)
    assert sum(isinstance(result, VelocityLimitExceeded) for result in results) == 10
    assert await balance(shop, user) == Money(5_000_000 - 10 * PRICE)
    [row] = await list_held_back(shop, user)
    assert (row.rule, row.attempts) == (rule, 10)


async def test_twenty_customers_at_once_recharge_a_number_of_ten_ten_times(
    buyer: Callable[..., Buyer], shop: Stores
) -> None:
    shopper = buyer(payers_of_number_in_a_day=10)
    number, users = await make_number(shop), [await shopper.customer() for _ in range(20)]
    results = await asyncio.gather(*(shopper.buy(user, number) for user in users), return_exceptions=True)
    assert sum(isinstance(result, VelocityLimitExceeded) for result in results) == 10


async def test_a_replay_counts_nothing_and_is_answered_above_the_bound(
    buyer: Callable[..., Buyer], shop: Stores
) -> None:
    shopper = buyer(recharges_in_a_day=2)
    user, number = await shopper.customer(), await make_number(shop)
    first = await shopper.buy(user, number, key="v-1")
    assert (await shopper.buy(user, number, key="v-1")).replayed
    await shopper.buy(user)
    again = await shopper.buy(user, number, key="v-1")
    assert again.replayed
    assert again.answer == first.answer
    assert await list_held_back(shop, user) == []


async def test_a_refusal_moves_nothing_and_the_same_key_may_be_used_later(
    buyer: Callable[..., Buyer], shop: Stores
) -> None:
    shopper = buyer(recharges_in_10_minutes=1)
    user, number, start = await shopper.customer(), await make_number(shop), datetime(2027, 3, 4, tzinfo=UTC)
    with clock.at(start):
        await shopper.buy(user)
        before = await fingerprint(shop)
        await shopper.refused(user, number, key="v-2")
    after = await fingerprint(shop)
    del before["events"], after["events"]
    assert after == before
    with clock.at(start + timedelta(minutes=10)):
        assert not (await shopper.buy(user, number, key="v-2")).replayed


async def test_a_recharge_that_fails_is_given_back(buyer: Callable[..., Buyer], shop: Stores) -> None:
    shopper = buyer(recharges_in_a_day=1, recharges_of_number_in_a_day=1)
    user, number = await shopper.customer(), await make_number(shop)
    placed = await place(shop, user, number, shopper.plan_id, limits=shopper.under)
    assert placed.sale is not None
    await shopper.refused(user, number)
    await run_sql(
        shop,
        "SELECT fail_recharge(:user_id, :recharge_id, 'no_payment', '{}', NULL)",
        user_id=user,
        recharge_id=placed.sale.id,
    )
    await shopper.buy(user, number)


async def test_a_sale_that_the_balance_does_not_cover_counts_nothing(
    buyer: Callable[..., Buyer], shop: Stores
) -> None:
    shopper = buyer(recharges_in_a_day=1)
    poor = await make_customer(shop, rupees=298)
    with pytest.raises(InsufficientBalance):
        await shopper.buy(poor)
    with pytest.raises(InsufficientBalance):
        await shopper.buy(poor)
    assert await list_held_back(shop, poor) == []


async def test_what_a_gateway_pays_counts_as_what_the_wallet_pays(
    buyer: Callable[..., Buyer], shop: Stores
) -> None:
    shopper = buyer(recharges_in_a_day=1)
    user = await shopper.customer()
    await shopper.buy(user)
    refused = await place(shop, user, await make_number(shop), shopper.plan_id, limits=shopper.under)
    assert (refused.outcome, refused.sale) == ("velocity_limit_exceeded", None)


async def test_without_bounds_nothing_is_held_back(buyer: Callable[..., Buyer], shop: Stores) -> None:
    shopper = buyer()
    user = await shopper.customer()
    for _ in range(3):
        await shopper.buy(user, limits=Limits(None))
    assert await list_held_back(shop, user) == []


@dataclass(frozen=True)
class Sold:
    user: UUID
    number: str
    at: datetime


def refused_by_hand(sold: list[Sold], user: UUID, number: str, at: datetime) -> bool:
    """What the rules below say, counted the slow way over everything that was sold."""
    day = [sale for sale in sold if sale.at > at - timedelta(hours=24)]
    own = [sale for sale in day if sale.user == user]
    numbers, payers = {sale.number for sale in own}, {sale.user for sale in day if sale.number == number}
    return (
        sum(sale.at > at - timedelta(minutes=10) for sale in own) >= 2
        or len(own) >= 6
        or (len(own) + 1) * PRICE > 5 * PRICE
        or (len(numbers) >= 2 and number not in numbers)
        or sum(sale.number == number for sale in day) >= 7
        or (len(payers) >= 2 and user not in payers)
    )


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_the_order_of_calls_the_rules_let_through_what_a_slow_count_would(
    seed: int, buyer: Callable[..., Buyer], shop: Stores
) -> None:
    shopper = buyer(
        recharges_in_10_minutes=2,
        recharges_in_a_day=6,
        recharge_sum_in_a_day=5 * PRICE,
        numbers_in_a_day=2,
        recharges_of_number_in_a_day=7,
        payers_of_number_in_a_day=2,
    )
    chance = random.Random(seed)
    users = [await shopper.customer() for _ in range(3)]
    numbers = [await make_number(shop) for _ in range(3)]
    at, sold, outcomes = datetime(2027, 6, 1, tzinfo=UTC), list[Sold](), set[bool]()
    for step in range(60):
        at += timedelta(minutes=chance.choice([0, 1, 5, 10, 60, 300]))
        user, number, key = chance.choice(users), chance.choice(numbers), f"p-{seed}-{step}"
        expected = refused_by_hand(sold, user, number, at)
        outcomes.add(expected)
        with clock.at(at):
            if expected:
                await shopper.refused(user, number, key=key)
                continue
            await shopper.buy(user, number, key=key)
            assert (await shopper.buy(user, number, key=key)).replayed
        sold.append(Sold(user, number, at))
    assert outcomes == {True, False}


async def test_a_cautious_customer_spends_less_until_the_caution_ends(
    buyer: Callable[..., Buyer], shop: Stores
) -> None:
    shopper = buyer(recharge_sum_while_cautious=2 * PRICE)
    user, start = await shopper.customer(), datetime(2027, 3, 1, 12, tzinfo=UTC)
    with clock.at(start):
        await be_cautious(shop, user)
        for _ in range(2):
            await shopper.buy(user)
        refused = await shopper.refused(user)
        assert refused.extra == {"rule": "recharge_sum_while_cautious", "bound": Money(2 * PRICE)}
        assert refused.headers["Retry-After"] == str(24 * 3_600)
        # Everybody else spends what they like.
        other = await shopper.customer()
        for _ in range(3):
            await shopper.buy(other)
    with clock.at(start + timedelta(hours=24) - SECOND):
        assert (await shopper.refused(user)).headers["Retry-After"] == "1"
    with clock.at(start + timedelta(hours=24)):
        for _ in range(3):
            await shopper.buy(user)
    rows = await list_held_back(shop, user)
    assert [(row.rule, row.bound, row.attempts) for row in rows] == [
        ("recharge_sum_while_cautious", 2 * PRICE, 1)
    ] * 2


async def test_an_allowance_of_the_staff_is_for_cautious_customers_too(
    buyer: Callable[..., Buyer], shop: Stores
) -> None:
    shopper = buyer(recharge_sum_while_cautious=PRICE)
    user = await shopper.customer()
    await be_cautious(shop, user)
    await shopper.buy(user)
    await shopper.refused(user)
    await allow(shop, f"user:{user}", factor=2)
    await shopper.buy(user)
    await shopper.refused(user)


async def test_twenty_at_once_do_not_pass_the_bound_of_a_caution(
    buyer: Callable[..., Buyer], shop: Stores
) -> None:
    shopper = buyer(recharge_sum_while_cautious=3 * PRICE)
    user = await shopper.customer()
    await be_cautious(shop, user)
    results = await asyncio.gather(*(shopper.buy(user) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(result, VelocityLimitExceeded) for result in results) == 17
