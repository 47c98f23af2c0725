"""Many refunds at once: a dry run changes nothing, one refusal stops no other, and a repeat pays nothing twice."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from gencharge.core.errors import IdempotencyKeyReused, ValidationFailed
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.recharge import bulk_staff_service
from gencharge.recharge.bulk_schemas import BulkRefundsOut, RefundRecharges
from gencharge.sessions.guards import Principal
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import assert_books_balance, money_of

ADMIN = Principal(user_id=new_id(), kind="admin", session_id=new_id(), role="SuperAdmin")


async def sell(stores: Stores, rupees: int = 299) -> tuple[UUID, UUID]:
    """A customer with Rs 5,000 less a delivered recharge."""
    customer, number = await make_customer(stores), await make_number(stores)
    plan = await find_plan(stores, rupees=rupees)
    return customer, (await buy(stores, customer, number, plan.plan_id)).answer.recharge_id


async def refund(
    stores: Stores,
    *sales: tuple[UUID, UUID],
    key: str = "k",
    reason: str = "outage",
    is_dry_run: bool = False,
) -> BulkRefundsOut:
    command = RefundRecharges.model_validate(
        {
            "recharges": [{"user_id": user, "recharge_id": recharge} for user, recharge in sales],
            "reason": reason,
            "is_dry_run": is_dry_run,
        }
    )
    return await bulk_staff_service.refund(stores.database, ADMIN, command, key=key, alone_limit=500)


def outcomes(answer: BulkRefundsOut) -> list[tuple[str, str | None]]:
    return [(row.outcome.value, row.refusal_code) for row in answer.recharges]


async def test_a_dry_run_says_what_would_be_done_and_changes_nothing(shop: Stores) -> None:
    small, large, missing = await sell(shop), await sell(shop, 3_599), (new_id(), new_id())
    answer = await refund(shop, small, large, missing, is_dry_run=True)
    assert outcomes(answer) == [
        ("would_refund", None),
        ("would_need_approval", None),
        ("refused", "recharge_not_found"),
    ]
    assert str(answer.total) == "299.00"
    assert await money_of(shop, small[0]) == (470_100, 0)
    done = await refund(shop, small, large, missing, key=str(uuid4()))
    assert outcomes(done) == [
        ("refunded", None),
        ("needs_approval", None),
        ("refused", "recharge_not_found"),
    ]
    assert done.total == answer.total
    assert await money_of(shop, small[0]) == (500_000, 0)
    assert await money_of(shop, large[0]) == (140_100, 0)
    await assert_books_balance(shop)


async def test_a_repeat_and_many_at_once_pay_nothing_twice(shop: Stores) -> None:
    sales, key = [await sell(shop) for _ in range(3)], str(uuid4())
    answers = await asyncio.gather(*(refund(shop, *sales, key=key) for _ in range(4)))
    assert {tuple(outcomes(answer)) for answer in answers} == {(("refunded", None),) * 3}
    for customer, _ in sales:
        assert await money_of(shop, customer) == (500_000, 0)
    other = await refund(shop, *sales, key=str(uuid4()))
    assert outcomes(other) == [("refused", "recharge_not_refundable")] * 3
    await assert_books_balance(shop)


async def test_a_recharge_that_is_named_twice_is_refused_before_anything_is_done(shop: Stores) -> None:
    sale = await sell(shop)
    with pytest.raises(ValidationFailed):
        await refund(shop, sale, sale)
    assert await money_of(shop, sale[0]) == (470_100, 0)


async def test_a_key_of_another_reason_is_refused_as_a_whole(shop: Stores) -> None:
    sale, key = await sell(shop), str(uuid4())
    await refund(shop, sale, key=key)
    with pytest.raises(IdempotencyKeyReused):
        await refund(shop, sale, key=key, reason="goodwill")
    assert await money_of(shop, sale[0]) == (500_000, 0)
