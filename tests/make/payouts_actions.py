"""How the staff act on payouts."""

from __future__ import annotations

import httpx

from gencharge.core.rooms import process
from gencharge.payouts.context_service import PayoutContext
from tests.make.money import fund
from tests.make.outside import sandbox
from tests.make.payouts import close_account, payout_context, payout_of
from tests.make.staff_client import REASON, StaffClient, does


async def _stranded(staff: StaffClient) -> str:
    """A payout of an account that was closed without a payee: its path."""
    user = await staff.customer()
    await fund(staff.stores, user.user_id, 500)
    await close_account(staff.stores, user.user_id)
    payout = await payout_of(staff.stores, user.user_id)
    return f"/payouts/admin/{user.user_id}/{payout.payout_id}"


@does("PUT /v1/payouts/admin/{user_id}/{payout_id}/payee")
async def send_payout(staff: StaffClient) -> httpx.Response:
    path = await _stranded(staff)
    staff.private.add("asha.verma@okaxis")
    before = PayoutContext.of(staff.app)
    with sandbox(staff.stores.settings) as outside:
        context = payout_context(staff.stores, outside.base)
        process.put(staff.app, context)
        answer = await staff.ask("PUT", f"{path}/payee", REASON | {"upi_address": "asha.verma@okaxis"})
        process.put(staff.app, before)
        await context.close()
    return answer


@does("POST /v1/payouts/admin/{user_id}/{payout_id}/settle")
async def settle_payout(staff: StaffClient) -> httpx.Response:
    path = await _stranded(staff)
    return await staff.ask("POST", f"{path}/settle", REASON | {"utr": f"AXIS{path[-12:]}"})
