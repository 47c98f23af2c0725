"""A settled complaint's compensation is in the ledger once a second admin agreed, and the books balance."""

from __future__ import annotations

import asyncio
from uuid import UUID

from gencharge.complaints import staff_service
from gencharge.complaints.errors import ComplaintAlreadyResolved
from gencharge.complaints.schemas import ComplaintOut, ResolveComplaint, StaffComplaintOut
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.sessions.guards import Principal
from gencharge.wallet import adjustments_service as adjustments
from tests.make.complaints import complain
from tests.make.factories import make_user
from tests.make.money import buy, find_plan, fund, make_number
from tests.make.recharge import assert_books_balance, list_events, money_of

ADMIN = Principal(user_id=new_id(), kind="admin", session_id=new_id(), role="SuperAdmin")


async def open_complaint(stores: Stores) -> tuple[UUID, ComplaintOut]:
    user = await stores.database.run(make_user)
    await fund(stores, user.user_id, 500)
    number, plan = await make_number(stores), await find_plan(stores)
    sale = await buy(stores, user.user_id, number, plan.plan_id)
    return user.user_id, await complain(stores, user.user_id, sale.answer.recharge_id)


async def resolve(
    stores: Stores, user_id: UUID, complaint: ComplaintOut, outcome: str, rupees: int | None = None
) -> StaffComplaintOut:
    command = ResolveComplaint.model_validate(
        {"outcome": outcome, "note": "Looked into", "compensation": rupees}
    )
    return await stores.database.run(
        lambda db: staff_service.resolve(db, ADMIN, user_id, complaint.complaint_id, command)
    )


async def test_the_compensation_moves_once_a_second_admin_agreed(shop: Stores) -> None:
    user_id, complaint = await open_complaint(shop)
    settled = await resolve(shop, user_id, complaint, "upheld", 100)
    assert settled.adjustment_id is not None
    assert await money_of(shop, user_id) == (20_100, 0)
    adjustment_id = settled.adjustment_id
    await shop.database.run(
        lambda db: adjustments.approve(
            db, new_id(), user_id, adjustment_id, note="as agreed", settings=shop.settings
        )
    )
    assert await money_of(shop, user_id) == (30_100, 0)
    [event] = await list_events(shop, user_id, "ComplaintResolved")
    assert (event["status"], event["compensation_paise"]) == ("upheld", 10_000)
    await assert_books_balance(shop)


async def test_of_many_who_settle_at_once_one_counts(shop: Stores) -> None:
    user_id, complaint = await open_complaint(shop)
    ends = await asyncio.gather(
        *(resolve(shop, user_id, complaint, "upheld", 100) for _ in range(5)), return_exceptions=True
    )
    refused = [end for end in ends if isinstance(end, BaseException)]
    assert len(refused) == 4
    assert {type(end) for end in refused} == {ComplaintAlreadyResolved}
    assert len(await list_events(shop, user_id, "AdjustmentRequested")) == 1


async def test_what_is_owed_grows_by_the_day_and_stops_when_it_is_settled(shop: Stores) -> None:
    user_id, complaint = await open_complaint(shop)
    with clock.later(days=4):
        settled = await resolve(shop, user_id, complaint, "upheld")
    assert settled.compensation_owed == Money.rupees(300)
    assert settled.is_overdue
    assert settled.adjustment_id is None


async def test_nothing_is_owed_for_a_complaint_that_is_rejected(shop: Stores) -> None:
    user_id, complaint = await open_complaint(shop)
    assert (await resolve(shop, user_id, complaint, "rejected")).compensation_owed == Money(0)
