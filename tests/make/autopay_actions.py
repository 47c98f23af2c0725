"""How the staff act on autopays."""

from __future__ import annotations

from datetime import timedelta

import httpx

from tests.make.autopay import make_autopay, make_owner
from tests.make.staff_client import StaffClient, does


@does("POST /v1/autopay/process-due")
async def process_due(staff: StaffClient) -> httpx.Response:
    owner = await make_owner(staff.stores)
    # Its notice is due at once.
    await make_autopay(staff.stores, owner, due_in=timedelta(hours=1))
    return await staff.ask("POST", "/autopay/process-due", {"limit": 5})
