"""An allowance ends when it says, at the latest after 366 days, and both its ends are announced."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import ValidationFailed
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.velocity import staff_service
from gencharge.velocity.errors import VelocityAllowanceNotFound
from gencharge.velocity.staff_schemas import AllowanceCreate, AllowanceOut
from tests.make.factories import make_user
from tests.make.recharge import list_events


async def give(stores: Stores, *, days: float = 0, seconds: float = 0) -> AllowanceOut:
    async def unit(db: AsyncSession) -> AllowanceOut:
        user = await make_user(db)
        command = AllowanceCreate(
            scope="user",  # type: ignore[arg-type]
            user_id=user.user_id,
            factor=4,
            ends_at=clock.now() + timedelta(days=days, seconds=seconds),
            reason="a shop in Pune",
        )
        return await staff_service.allow(db, new_id(), command)

    return await stores.database.run(unit)


async def test_an_allowance_lasts_for_366_days_at_most_and_for_a_second_at_least(stores: Stores) -> None:
    with clock.at(clock.now()):
        for days, seconds in ((366, 0), (0, 1)):
            await give(stores, days=days, seconds=seconds)
        for days, seconds in ((366, 1), (0, 0)):
            with pytest.raises(ValidationFailed):
                await give(stores, days=days, seconds=seconds)


async def test_giving_and_withdrawing_are_announced_with_what_changed(stores: Stores) -> None:
    allowance = await give(stores, days=1)
    assert allowance.user_id is not None
    await stores.database.run(lambda db: staff_service.withdraw(db, allowance.allowance_id))
    first, last = await list_events(
        stores, allowance.user_id, "VelocityAllowanceGiven", "VelocityAllowanceWithdrawn"
    )
    assert (first["reason"], first["changes"]["factor"]) == ("a shop in Pune", {"old": None, "new": 4})
    assert last["changes"]["ends_at"]["old"] == allowance.ends_at.isoformat()


async def test_an_allowance_that_has_ended_can_not_be_withdrawn(stores: Stores) -> None:
    allowance = await give(stores, days=1)
    with clock.later(days=1), pytest.raises(VelocityAllowanceNotFound):
        await stores.database.run(lambda db: staff_service.withdraw(db, allowance.allowance_id))
