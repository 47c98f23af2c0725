"""How the staff have reports made."""

from __future__ import annotations

import httpx

from tests.make.reports import make_waiting
from tests.make.staff_client import StaffClient, does


async def _file(staff: StaffClient) -> str:
    file = await staff.ask_json("POST", "/reports/files", {"report": "roles"})
    return str(file["report_file_id"])


@does("POST /v1/reports/files")
async def make_file(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", "/reports/files", {"report": "roles"})


@does("POST /v1/reports/files/{report_file_id}/cancel")
async def cancel_file(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"/reports/files/{await _file(staff)}/cancel")


@does("POST /v1/reports/files/{report_file_id}/link")
async def make_link(staff: StaffClient) -> httpx.Response:
    file_id = await _file(staff)
    await make_waiting(staff.stores)
    return await staff.ask("POST", f"/reports/files/{file_id}/link")


async def _schedule(staff: StaffClient) -> httpx.Response:
    body = {"report": "roles", "every": "day", "hour": 7}
    return await staff.ask("POST", "/reports/schedules", body)


@does("POST /v1/reports/schedules")
async def schedule(staff: StaffClient) -> httpx.Response:
    return await _schedule(staff)


@does("DELETE /v1/reports/schedules/{report_schedule_id}")
async def end_schedule(staff: StaffClient) -> httpx.Response:
    created = (await _schedule(staff)).json()
    return await staff.ask("DELETE", f"/reports/schedules/{created['report_schedule_id']}")
