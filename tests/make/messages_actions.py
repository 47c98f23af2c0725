"""How the staff act on messages."""

from __future__ import annotations

import httpx

from tests.make.messages import park
from tests.make.staff_client import StaffClient, does


@does("POST /v1/messages/parked/{message_id}/resend")
async def resend_message(staff: StaffClient) -> httpx.Response:
    message = await park(staff.stores)
    return await staff.ask("POST", f"/messages/parked/{message.id}/resend")


@does("POST /v1/messages/parked/resend")
async def resend_messages(staff: StaffClient) -> httpx.Response:
    await park(staff.stores)
    return await staff.ask("POST", "/messages/parked/resend", {"channel": "email"})
