"""Automatic top-ups as their owners set, pause, resume and skip them; what a closed account and an export make of them."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from gencharge.autopay import topups_service as topups
from gencharge.autopay.errors import AutoTopupInProgress, AutoTopupNotFound, AutoTopupStatusNotAllowed
from gencharge.autopay.personal_data import PART
from gencharge.autopay.topups_schemas import StaffAutoTopupQuery
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.mandates.errors import MandateAmountExceeded, MandateNotActive, MandateNotFound
from gencharge.payments.context import PaymentContext
from tests.make.autopay import make_owner
from tests.make.mandates import add_mandate
from tests.make.recharge import run_sql
from tests.make.topups import LOW, look, row_of, set_topup
from tests.make.users import events_of


@pytest.fixture
async def owner(shop: Stores) -> UUID:
    """A customer with an automatic top-up by a mandate that no gateway knows."""
    user_id = await make_owner(shop, 0)
    await set_topup(shop, user_id, await add_mandate(shop, user_id))
    return user_id


async def test_it_is_set_once_and_changed_after_that(shop: Stores, owner: UUID) -> None:
    mandate_id = (await row_of(shop, owner)).mandate_id
    changed = await set_topup(shop, owner, mandate_id, threshold=50, amount=400)
    assert (changed.threshold, changed.amount, changed.status) == (Money(5_000), Money(40_000), "active")
    assert await shop.database.run(lambda db: topups.show(db, owner)) == changed
    events = await events_of(shop, owner, "AutoTopupChanged")
    assert [(event["act"], event["amount_paise"]) for event in events] == [("set", 30_000), ("set", 40_000)]


async def test_a_change_takes_the_announced_charge_back(shop: Stores, owner: UUID) -> None:
    await look(PaymentContext.at(shop), LOW)
    before = await row_of(shop, owner)
    assert before.charge_at is not None
    with clock.at(LOW):
        changed = await set_topup(shop, owner, before.mandate_id, amount=200)
    after = await row_of(shop, owner)
    assert (changed.charge_at, after.cycle) == (None, before.cycle + 1)
    await look(PaymentContext.at(shop), LOW)
    assert [event["amount_paise"] for event in await events_of(shop, owner, "AutoTopupAnnounced")] == [
        30_000,
        20_000,
    ]


async def test_a_mandate_has_to_allow_the_amount_and_be_ones_own(shop: Stores, owner: UUID) -> None:
    mandate_id = (await row_of(shop, owner)).mandate_id
    with pytest.raises(MandateAmountExceeded):
        await set_topup(shop, owner, mandate_id, amount=501)
    with pytest.raises(MandateNotFound):
        await set_topup(shop, await make_owner(shop, 0), mandate_id)
    await run_sql(
        shop, "UPDATE mandates SET status = 'ended', end_reason = 'bank' WHERE user_id = :id", id=owner
    )
    with pytest.raises(MandateNotActive):
        await set_topup(shop, owner, mandate_id)


async def test_it_is_paused_and_resumed(shop: Stores, owner: UUID) -> None:
    await look(PaymentContext.at(shop), LOW)
    stopped = await shop.database.run(lambda db: topups.pause(db, owner))
    assert (stopped.status, stopped.pause_reason, stopped.charge_at) == ("paused", "customer", None)
    with pytest.raises(AutoTopupStatusNotAllowed):
        await shop.database.run(lambda db: topups.pause(db, owner))
    with pytest.raises(AutoTopupStatusNotAllowed):
        await shop.database.run(lambda db: topups.skip(db, owner))
    running = await shop.database.run(lambda db: topups.resume(db, owner))
    assert (running.status, running.pause_reason) == ("active", None)
    with pytest.raises(AutoTopupStatusNotAllowed):
        await shop.database.run(lambda db: topups.resume(db, owner))


async def test_nothing_is_changed_while_a_payment_is_under_way(shop: Stores, owner: UUID) -> None:
    await look(PaymentContext.at(shop), LOW)
    await run_sql(shop, "UPDATE auto_topups SET payment_id = :p WHERE user_id = :id", p=new_id(), id=owner)
    mandate_id = (await row_of(shop, owner)).mandate_id
    for act in (topups.pause, topups.resume, topups.skip):
        with pytest.raises(AutoTopupInProgress):
            await shop.database.run(lambda db, act=act: act(db, owner))
    with pytest.raises(AutoTopupInProgress):
        await set_topup(shop, owner, mandate_id)
    await run_sql(shop, "DELETE FROM auto_topups WHERE user_id = :id", id=owner)


async def test_without_one_there_is_nothing_to_do(shop: Stores) -> None:
    stranger = await make_owner(shop, 0)
    for act in (topups.show, topups.pause, topups.resume, topups.skip):
        with pytest.raises(AutoTopupNotFound):
            await shop.database.run(lambda db, act=act: act(db, stranger))


async def test_the_end_of_its_mandate_is_announced_and_that_of_another_is_not(
    shop: Stores, owner: UUID
) -> None:
    await shop.database.run(lambda db: topups.pause_charged_to(db, owner, new_id()))
    assert (await row_of(shop, owner)).status == "active"
    mandate_id = (await row_of(shop, owner)).mandate_id
    for _ in range(2):
        await shop.database.run(lambda db: topups.pause_charged_to(db, owner, mandate_id))
    [event] = await events_of(shop, owner, "AutoTopupPaused")
    assert (event["reason"], event["amount_paise"]) == ("mandate_ended", 30_000)


async def test_a_closed_account_is_not_charged_and_an_erased_one_leaves_nothing(
    shop: Stores, owner: UUID
) -> None:
    await look(PaymentContext.at(shop), LOW)
    await shop.database.run(lambda db: topups.skip(db, owner))
    assert PART.export is not None
    export = await PART.export(shop, owner)
    assert export["auto_topup"].amount == Money(30_000)
    assert [charge.outcome async for charge in export["auto_topup_charges"]] == ["skipped"]
    close, erase = PART.close, PART.erase
    assert close is not None
    assert erase is not None
    await shop.database.run(lambda db: close(db, owner, False))
    assert (await row_of(shop, owner)).wake_at is None
    await erase(shop, owner)
    async with shop.database.transaction() as db:
        query = text(
            "SELECT (SELECT count(*) FROM auto_topups WHERE user_id = :id)"
            " + (SELECT count(*) FROM auto_topup_charges WHERE user_id = :id)"
        )
        assert await db.scalar(query, {"id": owner}) == 0


async def test_the_staff_see_whose_wallet_is_filled_up(shop: Stores, owner: UUID) -> None:
    async def owners(**query: object) -> list[UUID]:
        params = StaffAutoTopupQuery.model_validate({"limit": 100, **query})
        page = await shop.database.run(lambda db: topups.list_all(db, params))
        return [item.user_id for item in page.items]

    assert owner in await owners(status="active", is_announced=False)
    assert owner not in await owners(status="paused")
    assert owner not in await owners(is_announced=True)
    assert await owners(user_id=owner) == [owner]
    assert await owners(user_id=owner, pause_reason="failing") == []
