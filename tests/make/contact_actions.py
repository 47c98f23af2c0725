"""How the staff act on enquiries."""

from __future__ import annotations

import httpx

from tests.make.contact import Customer, write_as_staff
from tests.make.staff_client import StaffClient, does


async def _enquiry(staff: StaffClient) -> str:
    user = await staff.customer()
    return await Customer(staff.app, staff._client, user.user_id).send()


@does("PATCH /v1/contact/admin/{enquiry_id}")
async def change_enquiry(staff: StaffClient) -> httpx.Response:
    return await staff.ask("PATCH", f"/contact/admin/{await _enquiry(staff)}", {"category": "complaint"})


@does("PUT /v1/contact/admin/{enquiry_id}/assignee")
async def assign_enquiry(staff: StaffClient) -> httpx.Response:
    assignee = {"assignee_id": str(staff.admin.admin_id)}
    return await staff.ask("PUT", f"/contact/admin/{await _enquiry(staff)}/assignee", assignee)


@does("POST /v1/contact/admin/{enquiry_id}/notes")
async def note_enquiry(staff: StaffClient) -> httpx.Response:
    return await write_as_staff(staff, await _enquiry(staff), "notes", "Asked the operator.")


@does("POST /v1/contact/admin/{enquiry_id}/replies")
async def answer_enquiry(staff: StaffClient) -> httpx.Response:
    return await write_as_staff(staff, await _enquiry(staff), "replies", "Tomorrow.")


@does("POST /v1/contact/admin/{enquiry_id}/resolution")
async def resolve_enquiry(staff: StaffClient) -> httpx.Response:
    return await write_as_staff(staff, await _enquiry(staff), "resolution", "Done.")


@does("POST /v1/contact/admin/{enquiry_id}/reopen")
async def reopen_enquiry(staff: StaffClient) -> httpx.Response:
    enquiry_id = await _enquiry(staff)
    await write_as_staff(staff, enquiry_id, "resolution", "Done.")
    return await staff.ask("POST", f"/contact/admin/{enquiry_id}/reopen")


@does("DELETE /v1/contact/admin/{enquiry_id}")
async def delete_enquiry(staff: StaffClient) -> httpx.Response:
    return await staff.ask(
        "DELETE", f"/contact/admin/{await _enquiry(staff)}", params={"reason": "asked for it"}
    )
