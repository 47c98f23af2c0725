"""A change names the state that it saw, and sending wants a fresh second factor."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from tests.make.announcements import draft, write
from tests.make.factories import headers_for
from tests.make.staff_client import StaffClient


async def test_a_change_of_what_somebody_else_changed_is_refused(
    staff: StaffClient, app: FastAPI, client: httpx.AsyncClient
) -> None:
    path = f"/v1/announcements/{await write(staff)}"
    headers = headers_for(app.state.settings, staff.admin)
    seen = (await client.get(path, headers=headers)).json()["etag"]
    first = headers | {"If-Match": f'"{seen}"'}
    assert (await client.patch(path, headers=first, json={"purpose": "promotional"})).status_code == 200
    late = await client.post(f"{path}/send", headers=first, json={})
    assert (late.status_code, late.json()["code"]) == (412, "resource_changed")


async def test_sending_and_cancelling_want_a_fresh_second_factor_and_drafts_do_not(
    staff: StaffClient, app: FastAPI, client: httpx.AsyncClient
) -> None:
    stale = headers_for(app.state.settings, staff.admin, second_factor_at=0)
    written = await client.post("/v1/announcements", headers=stale, json=draft())
    assert written.status_code == 201
    path = f"/v1/announcements/{written.json()['announcement_id']}"
    for act in ("send", "cancel"):
        refused = await client.post(f"{path}/{act}", headers=stale, json={} if act == "send" else None)
        assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
