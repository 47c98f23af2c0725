"""The staff plan, list, look at and cancel campaigns over HTTP; every refusal names its field."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.offers.models import OfferStatus
from tests.make.campaigns import body, new_code
from tests.make.offers import publish
from tests.make.recharge import staff_headers

PATH = "/v1/campaigns"


async def test_a_campaign_from_plan_to_cancellation(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    offer = await publish(shop, code=new_code())
    headers = await staff_headers(app, shop)
    starts_at = (clock.now() + timedelta(days=1)).isoformat()
    target = {"operators": ["JIO"], "min_spend": 199.5}
    planned = await client.post(
        PATH,
        json=body(offer.offer_id, target=target, control_percent=10, starts_at=starts_at),
        headers=headers,
    )
    assert planned.status_code == 201, planned.text
    campaign = planned.json()
    assert (campaign["status"], campaign["target"]["min_spend"]) == ("scheduled", 199.5)
    listed = await client.get(PATH, params={"offer_id": str(offer.offer_id)}, headers=headers)
    assert listed.json()["items"] == [campaign]
    one = f"{PATH}/{campaign['campaign_id']}"
    assert (await client.get(one, headers=headers)).json() == campaign
    result = (await client.get(f"{one}/result", headers=headers)).json()
    assert (result["reached"]["customers"], result["extra_revenue"], result["budget"]) == (0, None, None)
    cancelled = await client.post(f"{one}/cancel", headers=headers)
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    again = await client.post(f"{one}/cancel", headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "campaign_over")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "body.name"),
        ({"offer_id": str(new_id())}, "body.offer_id"),
        ({"control_percent": 51}, "body.control_percent"),
        ({"budget": 0}, "body.budget"),
        ({"budget": "1e9"}, "body.budget"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "body"),
        ({"starts_at": "2019-01-01T00:00:00Z", "ends_at": "2020-01-01T00:00:00Z"}, "body.ends_at"),
        ({"target": {"min_spend": 5, "max_spend": 4}}, "body.target"),
        ({"target": {"operators": "JIO"}}, "body.target.operators"),
    ],
)
async def test_a_wrong_campaign_names_the_field(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores, wrong: dict[str, Any], field: str
) -> None:
    offer = await publish(shop, code=new_code())
    answer = await client.post(
        PATH, json=body(offer.offer_id) | wrong, headers=await staff_headers(app, shop)
    )
    assert answer.status_code == 422, answer.text
    assert field in [problem["field"] for problem in answer.json()["errors"]]


async def test_an_offer_that_everybody_gets_or_that_is_no_longer_active_is_no_campaigns(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    headers = await staff_headers(app, shop)
    for offer in (
        await publish(shop),
        await publish(shop, code=new_code(), status=OfferStatus.INACTIVE),
    ):
        answer = await client.post(PATH, json=body(offer.offer_id), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "campaign_offer_invalid")


async def test_planning_and_cancelling_need_a_fresh_second_factor(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    stale = await staff_headers(app, shop, second_factor_at=0)
    for answer in (
        await client.post(PATH, json=body(new_id()), headers=stale),
        await client.post(f"{PATH}/{new_id()}/cancel", headers=stale),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
