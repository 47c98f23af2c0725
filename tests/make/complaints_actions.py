"""How the staff act on complaints."""

from __future__ import annotations

import httpx

from tests.make.complaints import complain
from tests.make.money import buy, find_plan, fund, make_number
from tests.make.staff_client import StaffClient, does


async def _complaint(staff: StaffClient) -> str:
    """A customer's complaint: its path."""
    user = await staff.customer()
    await fund(staff.stores, user.user_id, 500)
    plan, number = await find_plan(staff.stores), await make_number(staff.stores)
    sale = await buy(staff.stores, user.user_id, number, plan.plan_id)
    complaint = await complain(staff.stores, user.user_id, sale.answer.recharge_id)
    return f"/complaints/admin/{user.user_id}/{complaint.complaint_id}"


@does("PUT /v1/complaints/admin/{user_id}/{complaint_id}/assignee")
async def assign_complaint(staff: StaffClient) -> httpx.Response:
    admin_id = (await staff.ask_json("GET", "/admins/me"))["admin_id"]
    return await staff.ask("PUT", f"{await _complaint(staff)}/assignee", {"assignee_id": admin_id})


@does("POST /v1/complaints/admin/{user_id}/{complaint_id}/resolve")
async def resolve_complaint(staff: StaffClient) -> httpx.Response:
    body = {"outcome": "upheld", "note": "The plan runs now.", "compensation": 100}
    return await staff.ask("POST", f"{await _complaint(staff)}/resolve", body)
