"""The staff say where a payout goes that has nowhere to go, or give its proof; what is on its way or paid they can't touch."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.payouts import staff_service
from gencharge.payouts.context_service import PayoutContext
from gencharge.payouts.errors import PayeeInvalid, PayoutNotAllowed, PayoutNotFound
from gencharge.payouts.staff_schemas import SendPayout, SettlePayout, StaffPayoutOut, StaffPayoutQuery
from gencharge.work import crud as work
from gencharge.work.models import WorkKind
from tests.make.money import fund
from tests.make.outside import Outside
from tests.make.payments import assert_clean, events_of, make_payer
from tests.make.payouts import UPI, close_account, make_closed, payout_of, send_due

SETTLE = SettlePayout(utr="axiscn0123456789", reason="NEFT, ticket 4711")


async def make_stranded(stores: Stores) -> tuple[UUID, UUID]:
    """An account that was closed without a payee."""
    user_id = await make_payer(stores)
    await fund(stores, user_id, 700)
    await close_account(stores, user_id)
    return user_id, (await payout_of(stores, user_id)).payout_id


async def send(context: PayoutContext, user_id: UUID, payout_id: UUID, **fields: str) -> StaffPayoutOut:
    command = SendPayout.model_validate({**(fields or UPI), "reason": "the owner's letter"})
    return await staff_service.send(context, user_id, payout_id, command)


async def settle(stores: Stores, user_id: UUID, payout_id: UUID) -> StaffPayoutOut:
    return await stores.database.run(
        lambda db: staff_service.settle(db, new_id(), user_id, payout_id, SETTLE)
    )


async def test_a_payout_without_a_payee_waits_in_the_work_queue_until_it_is_paid(
    context: PayoutContext, stores: Stores
) -> None:
    user_id, payout_id = await make_stranded(stores)

    async def items() -> list[str]:
        rows = await stores.database.run(lambda db: work.list_waiting(db, [WorkKind.PAYOUT]))
        return [row.title for row in rows if row.item_id == str(payout_id)]

    assert await items() == ["Payout of Rs 700: needs_payee"]
    shown = await send(context, user_id, payout_id)
    assert (shown.status, shown.destination, shown.reason) == ("due", "as***@okaxis", None)
    assert await items() == []
    await send_due(context)
    assert (await payout_of(stores, user_id)).status == "paid"
    [event] = await events_of(stores, user_id, "PayoutPayeeSet")
    assert event["reason"] == "the owner's letter"
    await assert_clean(stores)


async def test_a_second_payee_after_the_bank_gave_it_back_is_another_payout_at_the_gateway(
    context: PayoutContext, outside: Outside, stores: Stores
) -> None:
    outside.script("gateway", "payout", "decline", times=1)
    user_id, payout_id = await make_closed(context, stores)
    await send_due(context)
    assert (await payout_of(stores, user_id)).status == "needs_payee"
    await send(context, user_id, payout_id, upi_address="new.one@okaxis")
    await send_due(context)
    payout = await payout_of(stores, user_id)
    assert (payout.status, payout.round, payout.destination) == ("paid", 2, "ne***@okaxis")


async def test_what_the_bank_does_not_know_leaves_the_payout_as_it_is(
    context: PayoutContext, stores: Stores
) -> None:
    user_id, payout_id = await make_stranded(stores)
    with pytest.raises(PayeeInvalid):
        await send(context, user_id, payout_id, upi_address="unknown@okaxis")
    assert (await payout_of(stores, user_id)).status == "needs_payee"


async def test_a_payout_by_hand_needs_the_banks_reference_and_is_never_sent(
    context: PayoutContext, stores: Stores
) -> None:
    user_id, payout_id = await make_stranded(stores)
    shown = await settle(stores, user_id, payout_id)
    assert (shown.status, shown.utr) == ("paid", "AXISCN0123456789")
    assert shown.paid_by is not None
    with pytest.raises(PayoutNotAllowed):
        await send(context, user_id, payout_id)
    with pytest.raises(PayoutNotAllowed):
        await settle(stores, user_id, payout_id)
    [event] = await events_of(stores, user_id, "PayoutSettledByHand")
    assert (event["utr"], event["amount_paise"]) == ("AXISCN0123456789", 70_000)


async def test_what_is_on_its_way_is_not_settled_by_hand(context: PayoutContext, stores: Stores) -> None:
    user_id, payout_id = await make_closed(context, stores)
    with pytest.raises(PayoutNotAllowed):
        await settle(stores, user_id, payout_id)
    with pytest.raises(PayoutNotFound):
        await settle(stores, new_id(), payout_id)


async def test_of_two_admins_at_once_one_sends_or_settles(context: PayoutContext, stores: Stores) -> None:
    user_id, payout_id = await make_stranded(stores)
    results = await asyncio.gather(
        send(context, user_id, payout_id),
        settle(stores, user_id, payout_id),
        send(context, user_id, payout_id),
        return_exceptions=True,
    )
    assert sum(isinstance(result, StaffPayoutOut) for result in results) == 1
    assert sum(isinstance(result, PayoutNotAllowed) for result in results) == 2


async def test_the_list_has_all_of_them_by_status_and_customer(stores: Stores) -> None:
    user_id, payout_id = await make_stranded(stores)
    for query in (StaffPayoutQuery(user_id=user_id), StaffPayoutQuery(status="needs_payee", limit=100)):
        page = await stores.database.run(lambda db, query=query: staff_service.list_payouts(db, query))
        assert payout_id in [item.payout_id for item in page.items]
    page = await stores.database.run(
        lambda db: staff_service.list_payouts(db, StaffPayoutQuery(user_id=user_id, status="paid"))
    )
    assert page.items == []
