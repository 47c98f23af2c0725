"""How the staff act on announcements."""

from __future__ import annotations

import httpx

from tests.make.announcements import announce, draft, write
from tests.make.staff_client import StaffClient, does


@does("POST /v1/announcements")
async def write_announcement(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", "/announcements", draft())


@does("PATCH /v1/announcements/{announcement_id}")
async def change_announcement(staff: StaffClient) -> httpx.Response:
    body = {"audience": {"kind": "customers", "user_type": "postpaid"}}
    return await staff.ask("PATCH", f"/announcements/{await write(staff)}", body)


@does("DELETE /v1/announcements/{announcement_id}")
async def delete_announcement(staff: StaffClient) -> httpx.Response:
    return await staff.ask("DELETE", f"/announcements/{await write(staff)}")


@does("POST /v1/announcements/{announcement_id}/send")
async def send_announcement(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"/announcements/{await write(staff)}/send", {})


@does("POST /v1/announcements/{announcement_id}/cancel")
async def cancel_announcement(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"/announcements/{await announce(staff)}/cancel")
