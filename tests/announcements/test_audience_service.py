"""Whom an admin may address, and what a changed draft must still have."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from gencharge.core.values.ids import new_id
from tests.make.announcements import announce, draft, write
from tests.make.factories import headers_for
from tests.make.staff_client import StaffClient


async def test_an_admin_of_one_operator_reaches_its_customers_only(
    staff: StaffClient, app: FastAPI, client: httpx.AsyncClient
) -> None:
    scoped = StaffClient(
        app, client, staff.admin, headers_for(app.state.settings, staff.admin, operator_scope=("JIO",))
    )
    for audience in (
        {"kind": "customers"},
        {"kind": "customers", "operator": "AIRTEL"},
        {"kind": "admins"},
        {"kind": "customer", "user_id": str(new_id())},
    ):
        refused = await scoped.ask("POST", "/announcements", draft(audience=audience))
        assert (refused.status_code, refused.json()["code"]) == (403, "operator_out_of_scope"), audience
    own = await announce(scoped, audience={"kind": "customers", "operator": "JIO"})
    foreign = await write(staff)
    listed = await scoped.ask_json("GET", "/announcements")
    assert [item["announcement_id"] for item in listed["items"]] == [own]
    widened = await scoped.ask("PATCH", f"/announcements/{foreign}", {"purpose": "service"})
    assert widened.status_code == 404


async def test_a_change_leaves_no_draft_that_can_not_be_sent(staff: StaffClient) -> None:
    path = f"/announcements/{await write(staff, channels=['push'])}"
    for body, field in (
        ({"channels": ["sms"]}, "body.texts"),
        ({"audience": {"kind": "admins"}}, "body.channels"),
        ({"audience": {"kind": "admins"}, "purpose": "promotional", "channels": []}, "body.purpose"),
        ({"audience": {"kind": "customers", "operator": "NOKIA"}}, "body.audience.operator"),
    ):
        refused = await staff.ask("PATCH", path, body)
        assert refused.status_code == 422, refused.text
        assert refused.json()["errors"][0]["field"] == field
    assert (await staff.ask_json("GET", path))["channels"] == ["push"]
