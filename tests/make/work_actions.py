"""How the staff act on the work queue."""

from __future__ import annotations

import httpx

from tests.make.staff_client import REASON, StaffClient, does
from tests.make.work import add_parked_delivery, add_parked_gateway_event


@does("PUT /v1/work/assignee")
async def assign(staff: StaffClient) -> httpx.Response:
    item = {"kind": "parked_gateway_event", "item": await add_parked_gateway_event(staff.stores)}
    admin_id = (await staff.ask_json("GET", "/admins/me"))["admin_id"]
    return await staff.ask("PUT", "/work/assignee", item | {"assignee_id": admin_id})


@does("POST /v1/work/reruns")
async def rerun(staff: StaffClient) -> httpx.Response:
    item = {"kind": "parked_delivery", "item": await add_parked_delivery(staff.stores)}
    return await staff.ask("POST", "/work/reruns", item | REASON)


@does("POST /v1/work/closings")
async def close(staff: StaffClient) -> httpx.Response:
    item = {"kind": "parked_gateway_event", "item": await add_parked_gateway_event(staff.stores)}
    return await staff.ask("POST", "/work/closings", item | REASON)
