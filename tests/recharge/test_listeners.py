"""What a captured or failed payment does to its recharge, and to nothing else."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from gencharge.core.events.events import Envelope, Event
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.payments.events import PaymentCaptured, PaymentFailed
from gencharge.recharge import listeners
from gencharge.recharge import service as recharges
from gencharge.recharge.sale_crud import SaleRow
from tests.make.money import find_plan, make_customer, make_number
from tests.make.recharge import capture, get_recharge, list_plans, list_topics, money_of, place


def envelope(event: Event) -> Envelope:
    return Envelope(
        id=new_id(),
        occurred_at=clock.now(),
        event=event,
        request_id="",
        address="",
        actor_kind="system",
        actor_id="",
    )


def captured(user_id: UUID, reference_id: UUID | None, purpose: str = "recharge") -> PaymentCaptured:
    return PaymentCaptured(
        user_id=str(user_id),
        payment_id=str(uuid4()),
        purpose=purpose,
        reference_id=str(reference_id) if reference_id else None,
        amount_paise=20_000,
        payment_method="upi",
    )


def failed(user_id: UUID, reference_id: UUID | None, purpose: str = "recharge") -> PaymentFailed:
    return PaymentFailed(
        user_id=str(user_id),
        payment_id=str(uuid4()),
        purpose=purpose,
        reference_id=str(reference_id) if reference_id else None,
        amount_paise=20_000,
        reason="declined",
    )


async def hear(stores: Stores, event: Event) -> None:
    listener = listeners.PAID if isinstance(event, PaymentCaptured) else listeners.UNPAID
    assert type(event) in listener.topics
    await stores.database.run(lambda db: listener.deliver(db, envelope(event)))


async def placed(stores: Stores) -> tuple[UUID, SaleRow]:
    """A recharge of Jio at Rs 299, of which the wallet holds Rs 99."""
    user_id, number, plan = (
        await make_customer(stores, 100),
        await make_number(stores),
        await find_plan(stores),
    )
    result = await place(stores, user_id, number, plan.plan_id, wallet_amount=9_900, gateway_amount=20_000)
    assert result.sale is not None
    return user_id, result.sale


async def status_of(stores: Stores, user_id: UUID, recharge_id: UUID) -> str:
    return (await get_recharge(stores, user_id, recharge_id)).status


async def test_a_captured_payment_sends_its_recharge_on(jio: Stores) -> None:
    user_id, sale = await placed(jio)
    await capture(jio, user_id, sale.id, 20_000)
    await hear(jio, captured(user_id, sale.id))
    assert await status_of(jio, user_id, sale.id) == "processing"
    assert await money_of(jio, user_id) == (100, 29_900)


async def test_an_event_that_is_delivered_again_changes_nothing(jio: Stores) -> None:
    user_id, sale = await placed(jio)
    await capture(jio, user_id, sale.id, 20_000)
    event = captured(user_id, sale.id)
    for _ in range(3):
        await hear(jio, event)
    assert await money_of(jio, user_id) == (100, 29_900)
    assert await list_topics(jio, user_id) == ["RechargePlaced", "RechargeAccepted"]


async def test_a_payment_for_a_recharge_that_was_never_written_goes_to_the_wallet(jio: Stores) -> None:
    user_id, missing = await make_customer(jio, 0), uuid4()
    await capture(jio, user_id, missing, 20_000)
    event = captured(user_id, missing)
    await hear(jio, event)
    await hear(jio, event)
    assert await money_of(jio, user_id) == (20_000, 0)


async def test_a_failed_payment_fails_its_recharge_and_releases_the_wallets_part(jio: Stores) -> None:
    user_id, sale = await placed(jio)
    event = failed(user_id, sale.id)
    await hear(jio, event)
    await hear(jio, event)
    recharge = await get_recharge(jio, user_id, sale.id)
    assert (recharge.status, recharge.failure_reason) == ("failed", "payment_failed")
    assert [plan.status for plan in await list_plans(jio, sale.phone_number)] == ["cancelled"]
    assert await money_of(jio, user_id) == (10_000, 0)
    assert (await list_topics(jio, user_id)).count("RechargeFailed") == 1


async def test_a_failure_that_comes_after_the_payment_changes_nothing(jio: Stores) -> None:
    user_id, sale = await placed(jio)
    await capture(jio, user_id, sale.id, 20_000)
    await hear(jio, captured(user_id, sale.id))
    await hear(jio, failed(user_id, sale.id))
    assert await status_of(jio, user_id, sale.id) == "processing"
    assert await money_of(jio, user_id) == (100, 29_900)


async def test_a_payment_that_comes_after_the_failure_goes_to_the_wallet(jio: Stores) -> None:
    user_id, sale = await placed(jio)
    await hear(jio, failed(user_id, sale.id))
    await capture(jio, user_id, sale.id, 20_000)
    await hear(jio, captured(user_id, sale.id))
    assert await status_of(jio, user_id, sale.id) == "failed"
    assert await money_of(jio, user_id) == (30_000, 0)


async def test_a_failed_payment_of_no_recharge_is_ignored(jio: Stores) -> None:
    user_id = await make_customer(jio, 100)
    await hear(jio, failed(user_id, uuid4()))
    assert await money_of(jio, user_id) == (10_000, 0)


@pytest.mark.parametrize("purpose", ["topup", "recharge"])
async def test_a_payment_without_a_recharge_is_left_to_others(jio: Stores, purpose: str) -> None:
    user_id, sale = await placed(jio)
    reference = sale.id if purpose == "topup" else None
    await hear(jio, captured(user_id, reference, purpose))
    await hear(jio, failed(user_id, reference, purpose))
    assert await status_of(jio, user_id, sale.id) == "payment_pending"
    assert await money_of(jio, user_id) == (100, 9_900)


async def test_a_recharge_that_staff_ended_is_not_failed_by_its_payment(jio: Stores) -> None:
    user_id, sale = await placed(jio)
    await jio.database.run(lambda db: recharges.fail(db, user_id, sale.id, reason="abandoned"))
    await hear(jio, failed(user_id, sale.id))
    assert (await get_recharge(jio, user_id, sale.id)).failure_reason == "abandoned"
