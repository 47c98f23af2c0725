"""What the staff may do with an enquiry, and when."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.contact import Customer, detail, visit, write_as_staff
from tests.make.factories import make_admin
from tests.make.staff_client import StaffClient


async def test_only_an_admin_who_may_work_on_it_is_assigned(
    customer: Customer, staff: StaffClient, stores: Stores
) -> None:
    enquiry_id = await customer.send()
    path = f"/contact/admin/{enquiry_id}/assignee"

    async def assign(assignee_id: UUID | None) -> httpx.Response:
        return await staff.ask("PUT", path, {"assignee_id": assignee_id and str(assignee_id)})

    support, viewer = await staff.someone("Support"), await staff.someone("Viewer")
    scoped = await stores.database.run(lambda db: make_admin(db, "Manager", operator_scope=("JIO",)))
    assert (await assign(support.admin_id)).json()["assignee_id"] == str(support.admin_id)
    for other in (viewer.admin_id, scoped.admin_id, new_id()):
        refused = await assign(other)
        assert (refused.status_code, refused.json()["code"]) == (422, "enquiry_assignee_invalid")
    assert (await detail(staff, enquiry_id))["assignee_id"] == str(support.admin_id)
    assert (await assign(None)).json()["assignee_id"] is None


async def test_a_change_of_something_that_changed_since_is_refused(
    customer: Customer, staff: StaffClient
) -> None:
    enquiry_id = await customer.send()
    seen = await detail(staff, enquiry_id)
    change = {"category": "complaint", "complaint_reference": "CMS-2026-1"}
    changed = await staff.ask_json("PATCH", f"/contact/admin/{enquiry_id}", change)
    assert (changed["category"], changed["complaint_reference"]) == ("complaint", "CMS-2026-1")
    headers = staff._headers | {"If-Match": f'"{seen["etag"]}"'}
    answer = await staff._client.patch(
        f"/v1/contact/admin/{enquiry_id}", json={"category": "other"}, headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (412, "resource_changed")


async def test_the_status_follows_who_has_to_act(customer: Customer, staff: StaffClient) -> None:
    enquiry_id = await customer.send()

    async def status() -> str:
        return str((await detail(staff, enquiry_id))["status"])

    assert (await write_as_staff(staff, enquiry_id, "notes", "Asked the operator")).status_code == 201
    assert await status() == "open"
    assert (await write_as_staff(staff, enquiry_id, "replies", "Tomorrow.")).status_code == 201
    assert await status() == "answered"
    assert (await customer.write(enquiry_id, "Thanks")).status_code == 201
    assert await status() == "open"
    assert (await write_as_staff(staff, enquiry_id, "resolution", "Done.")).status_code == 201
    assert await status() == "resolved"
    refused = await write_as_staff(staff, enquiry_id, "resolution", "Done again.")
    assert (refused.status_code, refused.json()["code"]) == (409, "enquiry_already_resolved")
    assert (await write_as_staff(staff, enquiry_id, "replies", "By the way")).status_code == 201
    assert await status() == "resolved"
    assert (await staff.ask("POST", f"/contact/admin/{enquiry_id}/reopen")).status_code == 204
    assert await status() == "open"
    again = await staff.ask("POST", f"/contact/admin/{enquiry_id}/reopen")
    assert (again.status_code, again.json()["code"]) == (409, "enquiry_not_resolved")


async def test_spam_is_taken_back_by_opening_it(
    app: FastAPI, client: httpx.AsyncClient, staff: StaffClient
) -> None:
    enquiry_id = (await visit(client, app, website="x")).json()["enquiry_id"]
    assert (await staff.ask("POST", f"/contact/admin/{enquiry_id}/reopen")).status_code == 204
    assert (await detail(staff, enquiry_id))["status"] == "open"


async def test_a_visitor_without_an_address_can_not_be_answered_but_resolved(
    app: FastAPI, client: httpx.AsyncClient, staff: StaffClient
) -> None:
    sent = await visit(client, app, email=None, phone_number="9876543210")
    enquiry_id = sent.json()["enquiry_id"]
    refused = await write_as_staff(staff, enquiry_id, "replies", "Tomorrow.")
    assert (refused.status_code, refused.json()["code"]) == (409, "enquiry_sender_not_reachable")
    assert (await write_as_staff(staff, enquiry_id, "resolution", "Called back.")).status_code == 201


async def test_a_double_click_writes_once(customer: Customer, staff: StaffClient) -> None:
    enquiry_id = await customer.send()
    headers = staff._headers | {"Idempotency-Key": "double-click"}
    for part in ("replies", "resolution"):
        answers = [
            await staff._client.post(
                f"/v1/contact/admin/{enquiry_id}/{part}",
                json={"text": "Tomorrow."},
                headers=headers | {"Idempotency-Key": f"double-{part}"},
            )
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()
        assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert len((await detail(staff, enquiry_id))["entries"]) == 3


@pytest.mark.parametrize("reason", ["", "ab"])
async def test_a_deletion_needs_a_reason(customer: Customer, staff: StaffClient, reason: str) -> None:
    enquiry_id = await customer.send()
    path = f"/contact/admin/{enquiry_id}"
    assert (await staff.ask("DELETE", path, params={"reason": reason})).status_code == 422
    assert (await staff.ask("DELETE", path, params={"reason": "asked for it"})).status_code == 204
    assert (await staff.ask("GET", path)).status_code == 404
