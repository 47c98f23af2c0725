"""The staff say where a payout goes that has nowhere to go, or give its proof; what is on its way or paid they can't touch."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.approvals.errors import ApprovalAlreadyPending
from gencharge.approvals.models import Approval
from gencharge.approvals.service import ApprovalOut
from gencharge.core.rooms.acts import Act, Approved
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.payouts import crud, service, staff_service
from gencharge.payouts.context_service import PayoutContext
from gencharge.payouts.errors import PayeeInvalid, PayoutNotAllowed, PayoutNotFound
from gencharge.payouts.reported_service import ARRIVED_AFTER_ALL
from gencharge.payouts.staff_schemas import SendPayout, SettlePayout, StaffPayoutOut, StaffPayoutQuery
from gencharge.work import crud as work
from gencharge.work.models import WorkKind
from tests.make.money import fund
from tests.make.outside import Outside
from tests.make.payments import assert_clean, events_of, make_payer
from tests.make.payouts import UPI, close_account, make_closed, payout_of, send_due


def utr_of(payout_id: UUID) -> str:
    """A bank's reference that no other payout has."""
    return f"AXIS{payout_id.hex[-20:]}".upper()


async def make_stranded(stores: Stores, rupees: int = 500) -> tuple[UUID, UUID]:
    """An account that was closed without a payee."""
    user_id = await make_payer(stores)
    await fund(stores, user_id, rupees)
    await close_account(stores, user_id)
    return user_id, (await payout_of(stores, user_id)).payout_id


async def ask(
    context: PayoutContext, admin_id: UUID, user_id: UUID, payout_id: UUID, **fields: str
) -> StaffPayoutOut | ApprovalOut:
    command = SendPayout.model_validate({**(fields or UPI), "reason": "the owner's letter"})
    return await staff_service.send(context, admin_id, user_id, payout_id, command)


async def send(context: PayoutContext, user_id: UUID, payout_id: UUID, **fields: str) -> StaffPayoutOut:
    """Of a sum that takes one admin."""
    sent = await ask(context, new_id(), user_id, payout_id, **fields)
    assert isinstance(sent, StaffPayoutOut)
    return sent


async def ask_to_settle(
    stores: Stores, admin_id: UUID, user_id: UUID, payout_id: UUID, utr: str = ""
) -> StaffPayoutOut | ApprovalOut:
    command = SettlePayout(utr=utr or utr_of(payout_id), reason="NEFT, ticket 4711")
    return await stores.database.run(
        lambda db: staff_service.settle(db, admin_id, user_id, payout_id, command, alone_limit=500)
    )


async def settle(stores: Stores, user_id: UUID, payout_id: UUID, utr: str = "") -> StaffPayoutOut:
    """One of a sum that takes one admin."""
    settled = await ask_to_settle(stores, new_id(), user_id, payout_id, utr or utr_of(payout_id))
    assert isinstance(settled, StaffPayoutOut)
    return settled


async def test_a_payout_without_a_payee_waits_in_the_work_queue_until_it_is_paid(
    context: PayoutContext, stores: Stores
) -> None:
    user_id, payout_id = await make_stranded(stores)

    async def items() -> list[str]:
        rows = await stores.database.run(lambda db: work.list_waiting(db, [WorkKind.PAYOUT]))
        return [row.title for row in rows if row.item_id == str(payout_id)]

    assert await items() == ["Payout of Rs 500: needs_payee"]
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
    user_id, payout_id = await make_closed(context, stores, rupees=500)
    await send_due(context)
    assert (await payout_of(stores, user_id)).status == "needs_payee"
    await send(context, user_id, payout_id, upi_address="new.one@okaxis")
    await send_due(context)
    payout = await payout_of(stores, user_id)
    assert (payout.status, payout.round, payout.destination) == ("paid", 2, "ne***@okaxis")


async def test_above_a_sum_a_second_admin_agrees_to_the_payee_that_the_staff_named(
    context: PayoutContext, stores: Stores
) -> None:
    (user_id, payout_id), first = await make_stranded(stores, 501), new_id()
    waits = await ask(context, first, user_id, payout_id)
    assert isinstance(waits, ApprovalOut)
    assert waits.summary == "Send Rs 501.00 of a closed account to as***@okaxis, held by A*** R***."
    # Until it is decided nobody names another payee, also not one of the same letters.
    for admin_id, address in ((first, "ashok.rao@okaxis"), (new_id(), UPI["upi_address"])):
        with pytest.raises(ApprovalAlreadyPending):
            await ask(context, admin_id, user_id, payout_id, upi_address=address)
    await send_due(context)
    assert (await payout_of(stores, user_id)).status == "needs_payee"
    assert await events_of(stores, user_id, "PayoutPayeeSet") == []
    payload = await stores.database.run(lambda db: payload_of(db, waits.approval_id))
    assert "okaxis" not in str(payload)
    await run_approved(stores, payload)
    await send_due(context)
    assert (await payout_of(stores, user_id)).status == "paid"
    [event] = await events_of(stores, user_id, "PayoutPayeeSet")
    assert (event["destination"], event["reason"]) == ("as***@okaxis", "the owner's letter")
    with pytest.raises(PayoutNotAllowed):
        await run_approved(stores, payload)


async def test_no_other_payee_than_the_approved_one_is_sent_to(
    context: PayoutContext, stores: Stores
) -> None:
    user_id, payout_id = await make_stranded(stores, 501)
    waits = await ask(context, new_id(), user_id, payout_id)
    assert isinstance(waits, ApprovalOut)
    payload = await stores.database.run(lambda db: payload_of(db, waits.approval_id))
    for changed in ({"payee": "0" * 64}, {"payout_id": str(new_id())}):
        with pytest.raises((PayoutNotAllowed, PayoutNotFound)):
            await run_approved(stores, {**payload, **changed})
    await stores.database.run(lambda db: crud.erase(db, user_id))
    with pytest.raises(PayoutNotAllowed):
        await run_approved(stores, payload)


async def payload_of(db: AsyncSession, approval_id: UUID) -> dict[str, Any]:
    approval = await db.get(Approval, approval_id)
    assert approval is not None
    return dict(approval.payload)


async def run_approved(
    stores: Stores, payload: dict[str, Any], *, act: Act = staff_service.SEND, asked_by: UUID | None = None
) -> None:
    """What the approval of a second admin does."""
    agreed = Approved(payload, asked_by or new_id(), new_id())
    await stores.database.run(lambda db: act.run(db, agreed))


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
    shown = await settle(stores, user_id, payout_id, "axiscn9876543210")
    assert (shown.status, shown.utr) == ("paid", "AXISCN9876543210")
    assert shown.paid_by is not None
    with pytest.raises(PayoutNotAllowed):
        await send(context, user_id, payout_id)
    with pytest.raises(PayoutNotAllowed):
        await settle(stores, user_id, payout_id)
    [event] = await events_of(stores, user_id, "PayoutSettledByHand")
    assert (event["utr"], event["amount_paise"]) == ("AXISCN9876543210", 50_000)


async def test_above_a_sum_a_second_admin_agrees_that_it_was_paid_by_hand(
    context: PayoutContext, stores: Stores
) -> None:
    (user_id, payout_id), first = await make_stranded(stores, 501), new_id()
    waits = await ask_to_settle(stores, first, user_id, payout_id, "AXISCN5010000001")
    assert isinstance(waits, ApprovalOut)
    assert waits.summary == (
        "Write down that Rs 501.00 of a closed account were paid by hand, with the bank's reference AXISCN5010000001."
    )
    # Until it is decided nobody sends it, and nobody gives another proof.
    with pytest.raises(ApprovalAlreadyPending):
        await ask(context, new_id(), user_id, payout_id)
    with pytest.raises(ApprovalAlreadyPending):
        await ask_to_settle(stores, first, user_id, payout_id, "AXISCN5010000002")
    assert (await payout_of(stores, user_id)).status == "needs_payee"
    payload = await stores.database.run(lambda db: payload_of(db, waits.approval_id))
    await run_approved(stores, payload, act=staff_service.SETTLE, asked_by=first)
    payout = await payout_of(stores, user_id)
    assert (payout.status, payout.utr, payout.paid_by) == ("paid", "AXISCN5010000001", first)
    assert len(await events_of(stores, user_id, "PayoutSettledByHand")) == 1
    with pytest.raises(PayoutNotAllowed):
        await run_approved(stores, payload, act=staff_service.SETTLE)


async def test_what_waits_to_be_sent_is_not_settled_by_hand(context: PayoutContext, stores: Stores) -> None:
    user_id, payout_id = await make_stranded(stores, 501)
    assert isinstance(await ask(context, new_id(), user_id, payout_id), ApprovalOut)
    with pytest.raises(ApprovalAlreadyPending):
        await ask_to_settle(stores, new_id(), user_id, payout_id)
    assert (await payout_of(stores, user_id)).status == "needs_payee"


async def test_an_approval_of_what_was_asked_before_news_of_the_gateway_does_nothing(
    context: PayoutContext, stores: Stores
) -> None:
    user_id, payout_id = await make_stranded(stores, 501)
    waits = await ask(context, new_id(), user_id, payout_id)
    assert isinstance(waits, ApprovalOut)
    payload = await stores.database.run(lambda db: payload_of(db, waits.approval_id))
    await note(stores, user_id, payout_id, ARRIVED_AFTER_ALL)
    with pytest.raises(PayoutNotAllowed, match="since"):
        await run_approved(stores, payload)
    assert (await payout_of(stores, user_id)).status == "needs_payee"


async def test_what_arrived_while_the_bank_was_asked_is_not_sent_again(
    context: PayoutContext, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id, payout_id = await make_stranded(stores)
    check = service.check

    async def slow(*arguments: Any) -> service.CheckedPayee:
        checked = await check(*arguments)
        await note(stores, user_id, payout_id, ARRIVED_AFTER_ALL)
        return checked

    monkeypatch.setattr(service, "check", slow)
    with pytest.raises(PayoutNotAllowed, match="since"):
        await send(context, user_id, payout_id)
    monkeypatch.undo()
    # Who has seen it may send it.
    assert (await send(context, user_id, payout_id)).status == "due"


async def note(stores: Stores, user_id: UUID, payout_id: UUID, reason: str) -> None:
    """What a webhook of the gateway writes down."""

    async def unit(db: AsyncSession) -> None:
        payout = await crud.lock_payout(db, user_id, payout_id)
        assert payout is not None
        payout.reason = reason

    await stores.database.run(unit)


async def test_a_bank_reference_proves_payouts_to_one_customer_only(
    context: PayoutContext, stores: Stores
) -> None:
    user_id, _ = await make_closed(context, stores, rupees=500)
    await send_due(context)
    utr = (await payout_of(stores, user_id)).utr
    assert utr is not None
    other, stranded = await make_stranded(stores)
    with pytest.raises(PayoutNotAllowed, match="somebody else"):
        await settle(stores, other, stranded, utr.lower())
    # Of two at once, one gets it, also if the other was asked for before.
    large, waiting = await make_stranded(stores, 501)
    waits = await ask_to_settle(stores, new_id(), large, waiting, "AXISCN7770000001")
    assert isinstance(waits, ApprovalOut)
    payload = await stores.database.run(lambda db: payload_of(db, waits.approval_id))
    third, small = await make_stranded(stores)
    results = await asyncio.gather(
        settle(stores, other, stranded, "AXISCN7770000001"),
        settle(stores, third, small, "AXISCN7770000001"),
        run_approved(stores, payload, act=staff_service.SETTLE),
        return_exceptions=True,
    )
    assert sum(isinstance(result, PayoutNotAllowed) for result in results) == 2


async def test_a_payout_by_hand_went_to_none_of_the_payees_before(
    context: PayoutContext, outside: Outside, stores: Stores
) -> None:
    outside.script("gateway", "payout", "decline", times=1)
    user_id, payout_id = await make_closed(context, stores, rupees=500)
    await send_due(context)
    assert (await payout_of(stores, user_id)).destination == "as***@okaxis"
    await settle(stores, user_id, payout_id, "AXISCN8880000001")
    payout = await payout_of(stores, user_id)
    assert (payout.kind, payout.destination, payout.holder, payout.fund_account) == (None,) * 4


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
