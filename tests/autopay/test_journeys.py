"""From the outside to what the owner reads."""

from __future__ import annotations

from datetime import timedelta

from gencharge import wiring
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payments.context import PaymentContext
from tests.make.autopay import attempts_of, make_autopay, make_owner, recharges_of, row_of, run_due
from tests.make.mandates import check_due, make_mandate, revoke_at_bank, wake
from tests.make.outside import Outside


async def test_a_mandate_revoked_at_the_bank_ends_in_a_notice_and_a_pause_and_nothing_is_charged(
    context: PaymentContext, outside: Outside, shop: Stores
) -> None:
    user_id = await make_owner(shop, 0)
    mandate = await make_mandate(context, outside, user_id)
    autopay = await make_autopay(
        shop, user_id, payment_method="mandate", mandate_id=mandate.mandate_id, due_in=timedelta(days=9)
    )
    await revoke_at_bank(context, shop, user_id, mandate.mandate_id)
    await wake(context, user_id, mandate.mandate_id)  # by the gateway's webhook
    await check_due(context)
    await Relay(shop, wiring.LISTENERS).drain()
    row = await row_of(shop, autopay)
    assert (row.status, row.pause_reason, row.wake_at) == ("paused", "mandate_ended", None)
    notices = await shop.documents["notices"].find({"recipient_id": user_id}).to_list()
    assert {"mandate_ended", "autopay_paused"} <= {notice["kind"] for notice in notices}
    with clock.later(days=10):
        await run_due(shop, context)
    assert await recharges_of(shop, user_id) == []
    assert await attempts_of(shop, autopay) == []
