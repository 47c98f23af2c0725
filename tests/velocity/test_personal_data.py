"""What was held back from a customer is in the export, and gone after the erasure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, select

from gencharge.core.stores.stores import Stores
from gencharge.velocity import personal_data
from gencharge.velocity.errors import VelocityLimitExceeded
from gencharge.velocity.models import VelocityAllowance
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.velocity import allow, be_cautious, caution_of, limits, list_held_back

PART = personal_data.PART


async def test_what_was_held_back_is_exported_and_erased(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal_data, "_PAGE", 1)
    plan, user, other = await find_plan(shop), await make_customer(shop), await make_customer(shop)
    number = await make_number(shop)
    for name in ("recharges_in_a_day", "numbers_in_a_day"):
        for customer in (user, other):
            await buy(shop, customer, await make_number(shop), plan.plan_id)
            with pytest.raises(VelocityLimitExceeded):
                await buy(shop, customer, number, plan.plan_id, limits=limits(**{name: 1}))
    for customer in (user, other):
        await allow(shop, f"user:{customer}")
        await be_cautious(shop, customer)

    assert PART.export is not None
    rows: AsyncIterator[Any] = await PART.export(shop, user)
    exported = [row async for row in rows]
    assert [(row.rule, row.phone_number, row.amount.paise) for row in exported] == [
        ("recharges_in_a_day", number, 29_900),
        ("numbers_in_a_day", number, 29_900),
    ]

    assert PART.erase is not None
    for _ in range(2):
        await PART.erase(shop, user)
        assert await list_held_back(shop, user) == []
        assert await caution_of(shop, user) is None
    assert len(await list_held_back(shop, other)) == 2
    assert await caution_of(shop, other) is not None
    async with shop.database.transaction() as db:
        count = select(func.count()).where(VelocityAllowance.subject.in_([f"user:{user}", f"user:{other}"]))
        assert await db.scalar(count) == 1
