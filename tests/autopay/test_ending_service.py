"""What ends autopays, and what pauses them from outside."""

from __future__ import annotations

from datetime import timedelta

from gencharge.autopay import ending_service as ending
from gencharge.autopay import service as autopays
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.autopay import make_autopay, make_owner, row_of, run_due
from tests.make.mandates import add_mandate
from tests.make.recharge import run_sql
from tests.make.users import events_of


async def test_a_closed_account_has_no_live_autopay_left(shop: Stores) -> None:
    user_id = await make_owner(shop)
    active, paused = [await make_autopay(shop, user_id) for _ in range(2)]
    await shop.database.run(lambda db: autopays.pause(db, user_id, paused.autopay_id))
    await shop.database.run(lambda db: ending.close(db, user_id))
    for autopay in (active, paused):
        row = await row_of(shop, autopay)
        assert (row.status, row.next_due, row.wake_at) == ("cancelled", None, None)
    reasons = [event["reason"] for event in await events_of(shop, user_id, "AutopayCancelled")]
    assert reasons == ["account_closed"] * 2


async def test_what_a_mandate_pays_is_paused_when_it_ends_and_nothing_else(shop: Stores) -> None:
    user_id = await make_owner(shop)
    mandate_id, other_id = await add_mandate(shop, user_id), await add_mandate(shop, user_id)
    hit = await make_autopay(shop, user_id, payment_method="mandate", mandate_id=mandate_id)
    others = [
        await make_autopay(shop, user_id, payment_method="mandate", mandate_id=other_id),
        await make_autopay(shop, user_id),
    ]
    await shop.database.run(lambda db: ending.pause_charged_to(db, user_id, mandate_id))
    row = await row_of(shop, hit)
    assert (row.status, row.pause_reason) == ("paused", "mandate_ended")
    assert [(await row_of(shop, other)).status for other in others] == ["active", "active"]
    [event] = await events_of(shop, user_id, "AutopayPaused")
    assert (event["autopay_id"], event["reason"]) == (str(hit.autopay_id), "mandate_ended")
    with clock.later(days=3):
        await run_due(shop)
    assert (await row_of(shop, hit)).next_due == hit.next_due_at


async def test_a_run_under_way_ends_first(shop: Stores) -> None:
    user_id = await make_owner(shop)
    mandate_id = await add_mandate(shop, user_id)
    autopay = await make_autopay(
        shop, user_id, payment_method="mandate", mandate_id=mandate_id, due_in=timedelta(days=2)
    )
    await run_sql(
        shop, "UPDATE autopays SET recharge_id = user_id WHERE autopay_id = :id", id=autopay.autopay_id
    )
    await shop.database.run(lambda db: ending.pause_charged_to(db, user_id, mandate_id))
    assert (await row_of(shop, autopay)).status == "active"
