"""The staff's complaints over HTTP: the most urgent first, an owner, an outcome that the customer reads."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.complaints.test_staff_service import open_complaint
from tests.make.factories import headers_for
from tests.make.recharge import staff_headers


async def test_a_complaint_is_taken_over_and_settled(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    user_id, complaint = await open_complaint(shop)
    boss = await staff_headers(app, shop, "SuperAdmin")
    items = (await client.get("/v1/complaints/admin?limit=100", headers=boss)).json()["items"]
    assert [item["due_at"] for item in items] == sorted(item["due_at"] for item in items)
    path = f"/v1/complaints/admin/{user_id}/{complaint.complaint_id}"
    own_id = (await client.get("/v1/admins/me", headers=boss)).json()["admin_id"]
    taken = await client.put(f"{path}/assignee", json={"assignee_id": own_id}, headers=boss)
    assert (taken.status_code, taken.json()["assignee_id"]) == (200, own_id)
    nobody = await client.put(f"{path}/assignee", json={"assignee_id": str(user_id)}, headers=boss)
    assert (nobody.status_code, nobody.json()["code"]) == (422, "complaint_assignee_invalid")
    body = {"outcome": "rejected", "note": "The plan ran from the first minute."}
    settled = await client.post(f"{path}/resolve", json=body, headers=boss)
    assert (settled.status_code, settled.json()["status"]) == (200, "rejected")
    shown = await client.get(
        f"/v1/complaints/{complaint.complaint_id}", headers=headers_for(settings, user_id)
    )
    assert shown.json()["resolution"] == "The plan ran from the first minute."
    again = await client.post(f"{path}/resolve", json=body, headers=boss)
    assert (again.status_code, again.json()["code"]) == (409, "complaint_already_resolved")
