"""How the staff act on operators, channels, plans, offers and campaigns."""

from __future__ import annotations

from typing import Any

import httpx

from tests.make.campaigns import body, new_code
from tests.make.offers import publish
from tests.make.staff_client import NUMBERS, StaffClient, does, some_name

# The catalogue.


async def _operator(staff: StaffClient) -> str:
    code = f"OP{next(NUMBERS)}"
    await staff.ask_json("POST", "/operators", {"code": code, "name": code, "display_name": code})
    return code


@does("POST /v1/operators")
async def add_operator(staff: StaffClient) -> httpx.Response:
    code = f"OP{next(NUMBERS)}"
    return await staff.ask("POST", "/operators", {"code": code, "name": code, "display_name": code})


@does("PATCH /v1/operators/{operator}")
async def change_operator(staff: StaffClient) -> httpx.Response:
    return await staff.ask("PATCH", f"/operators/{await _operator(staff)}", {"status": "down"})


@does("DELETE /v1/operators/{operator}")
async def delete_operator(staff: StaffClient) -> httpx.Response:
    return await staff.ask("DELETE", f"/operators/{await _operator(staff)}")


def _channel() -> dict[str, Any]:
    return {
        "code": f"spare-{next(NUMBERS)}",
        "operator": "JIO",
        "name": "Spare",
        "url": "https://recharge.example/spare",
        "is_active": False,
    }


@does("POST /v1/channels")
async def add_channel(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", "/channels", _channel())


@does("PATCH /v1/channels/{channel}")
async def change_channel(staff: StaffClient) -> httpx.Response:
    channel = await staff.ask_json("POST", "/channels", _channel())
    return await staff.ask("PATCH", f"/channels/{channel['code']}", {"priority": 20})


@does("POST /v1/channels/{channel}/address/approve")
async def approve_channel_address(staff: StaffClient) -> httpx.Response:
    colleague = await staff.colleague()
    channel = await colleague.ask_json("POST", "/channels", _channel())
    path = f"/channels/{channel['code']}/address/approve"
    return await staff.ask("POST", path, {"url": channel["pending_url"]})


@does("POST /v1/channels/{channel}/address/reject")
async def reject_channel_address(staff: StaffClient) -> httpx.Response:
    channel = await staff.ask_json("POST", "/channels", _channel())
    return await staff.ask("POST", f"/channels/{channel['code']}/address/reject")


@does("POST /v1/channels/{channel}/rotate-secrets")
async def rotate_channel_secrets(staff: StaffClient) -> httpx.Response:
    channel = await staff.ask_json("POST", "/channels", _channel())
    answer = await staff.ask("POST", f"/channels/{channel['code']}/rotate-secrets")
    staff.private |= {answer.json()["requests_key"], answer.json()["callbacks_key"]}
    return answer


@does("DELETE /v1/channels/{channel}")
async def delete_channel(staff: StaffClient) -> httpx.Response:
    channel = await staff.ask_json("POST", "/channels", _channel())
    return await staff.ask("DELETE", f"/channels/{channel['code']}")


async def _group(staff: StaffClient) -> str:
    return str((await staff.ask_json("POST", "/plans/groups", {"name": some_name("Group")}))["group_id"])


async def _plan(staff: StaffClient) -> dict[str, Any]:
    return {
        "name": some_name("Plan"),
        "operator": "JIO",
        "plan_type": "prepaid",
        "category": "unlimited",
        "price": 299,
        "validity": {"n": 28, "unit": "day"},
        "group_id": await _group(staff),
    }


@does("POST /v1/plans/groups")
async def add_group(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", "/plans/groups", {"name": some_name("Group")})


@does("PATCH /v1/plans/groups/{group_id}")
async def change_group(staff: StaffClient) -> httpx.Response:
    return await staff.ask("PATCH", f"/plans/groups/{await _group(staff)}", {"description": "New"})


@does("DELETE /v1/plans/groups/{group_id}")
async def delete_group(staff: StaffClient) -> httpx.Response:
    return await staff.ask("DELETE", f"/plans/groups/{await _group(staff)}")


@does("POST /v1/plans")
async def add_plan(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", "/plans", await _plan(staff))


@does("PATCH /v1/plans/{plan_id}")
async def change_plan(staff: StaffClient) -> httpx.Response:
    plan = await staff.ask_json("POST", "/plans", await _plan(staff))
    return await staff.ask("PATCH", f"/plans/{plan['plan_id']}", {"price": 319})


@does("DELETE /v1/plans/{plan_id}")
async def delete_plan(staff: StaffClient) -> httpx.Response:
    plan = await staff.ask_json("POST", "/plans", await _plan(staff))
    return await staff.ask("DELETE", f"/plans/{plan['plan_id']}")


@does("POST /v1/plans/admin/import")
async def import_plans(staff: StaffClient) -> httpx.Response:
    group = some_name("Group")
    await staff.ask_json("POST", "/plans/groups", {"name": group})
    sheet = (
        "operator,name,plan_type,category,group,price,validity_count,validity_unit\n"
        f"JIO,{some_name('Plan')},prepaid,unlimited,{group},299,28,day\n"
    )
    return await staff.ask("POST", "/plans/admin/import", content=sheet)


@does("GET /v1/plans/admin/export")
async def export_plans(staff: StaffClient) -> httpx.Response:
    return await staff.ask("GET", "/plans/admin/export?format=csv")


async def _type(staff: StaffClient) -> str:
    return str((await staff.ask_json("POST", "/offers/types", {"name": some_name("Type")}))["offer_type_id"])


async def _offer(staff: StaffClient) -> dict[str, Any]:
    reward = {"discount": {"kind": "flat", "amount": 10}}
    return {"name": some_name("Offer"), "offer_type_id": await _type(staff), "reward": reward}


@does("POST /v1/offers/types")
async def add_offer_type(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", "/offers/types", {"name": some_name("Type")})


@does("PATCH /v1/offers/types/{offer_type_id}")
async def change_offer_type(staff: StaffClient) -> httpx.Response:
    return await staff.ask("PATCH", f"/offers/types/{await _type(staff)}", {"description": "New"})


@does("DELETE /v1/offers/types/{offer_type_id}")
async def delete_offer_type(staff: StaffClient) -> httpx.Response:
    return await staff.ask("DELETE", f"/offers/types/{await _type(staff)}")


@does("POST /v1/offers")
async def add_offer(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", "/offers", await _offer(staff))


@does("POST /v1/offers/{offer_id}/codes")
async def make_codes(staff: StaffClient) -> httpx.Response:
    body = await _offer(staff) | {"conditions": {"one_time_code": True}}
    offer = await staff.ask_json("POST", "/offers", body)
    return await staff.ask("POST", f"/offers/{offer['offer_id']}/codes", {"count": 2})


@does("PATCH /v1/offers/{offer_id}")
async def change_offer(staff: StaffClient) -> httpx.Response:
    offer = await staff.ask_json("POST", "/offers", await _offer(staff))
    return await staff.ask("PATCH", f"/offers/{offer['offer_id']}", {"description": "New"})


@does("DELETE /v1/offers/{offer_id}")
async def delete_offer(staff: StaffClient) -> httpx.Response:
    offer = await staff.ask_json("POST", "/offers", await _offer(staff))
    return await staff.ask("DELETE", f"/offers/{offer['offer_id']}")


# Campaigns.


async def _campaign(staff: StaffClient) -> dict[str, Any]:
    offer = await publish(staff.stores, code=new_code())
    return body(offer.offer_id)


@does("POST /v1/campaigns")
async def plan_campaign(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", "/campaigns", await _campaign(staff))


@does("POST /v1/campaigns/{campaign_id}/cancel")
async def cancel_campaign(staff: StaffClient) -> httpx.Response:
    campaign = await staff.ask_json("POST", "/campaigns", await _campaign(staff))
    return await staff.ask("POST", f"/campaigns/{campaign['campaign_id']}/cancel")


@does("PUT /v1/campaigns/{campaign_id}/budget")
async def change_campaign_budget(staff: StaffClient) -> httpx.Response:
    campaign = await staff.ask_json("POST", "/campaigns", await _campaign(staff) | {"budget": 500})
    return await staff.ask("PUT", f"/campaigns/{campaign['campaign_id']}/budget", {"budget": 700})
