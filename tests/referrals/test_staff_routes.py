"""The staff's list of rewards: filters, pages, masked numbers; hold and release with a reason and a fresh second factor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from tests.make.recharge import staff_headers
from tests.make.referrals import hold, key_of, refer, the_reward

LIST = "/v1/referrals/admin"


async def test_the_list_shows_who_for_whom_and_why_it_is_held(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    referral = await refer(shop)
    referrer = referral.referrer.user_id
    await hold(shop, key_of(await the_reward(shop, referrer)))
    headers = await staff_headers(app, shop, "SuperAdmin")
    [row] = (await client.get(LIST, params={"user_id": str(referrer)}, headers=headers)).json()["items"]
    assert (row["status"], row["hold_reasons"], row["amount"]) == ("held", ["staff"], 50.0)
    assert row["user"]["phone_number"] == referral.referrer.phone_number
    assert row["friend_user"]["phone_number"] == referral.friend.phone_number
    one = await client.get(f"{LIST}/{referrer}/{row['reward_id']}", headers=headers)
    assert one.json() == row


async def test_every_filter_keeps_what_it_names_and_drops_the_rest(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    referral = await refer(shop)
    referrer = referral.referrer.user_id
    await hold(shop, key_of(await the_reward(shop, referrer)))
    headers = await staff_headers(app, shop, "SuperAdmin")

    async def count(**filters: Any) -> int:
        answer = await client.get(LIST, params={"user_id": str(referrer), **filters}, headers=headers)
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    later = (clock.now() + timedelta(hours=1)).isoformat()
    for keeps, drops in (
        ({"friend_id": str(referral.friend.user_id)}, {"friend_id": str(referrer)}),
        ({"status": "held"}, {"status": "pending"}),
        ({"side": "referrer"}, {"side": "friend"}),
        ({"reason": "staff"}, {"reason": "ring"}),
        ({"max_amount": "50"}, {"max_amount": "49.99"}),
        ({"to": later}, {"from": later}),
    ):
        assert await count(**keeps) == 1, keeps
        assert await count(**drops) == 0, drops
    assert (await client.get(LIST, params={"status": "none"}, headers=headers)).status_code == 422


async def test_who_may_not_see_whole_numbers_sees_them_masked(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    referral = await refer(shop)
    headers = await staff_headers(app, shop, "Viewer")
    params = {"user_id": str(referral.referrer.user_id)}
    answer = await client.get(LIST, params=params, headers=headers)
    assert answer.status_code == 200
    assert referral.friend.phone_number not in answer.text
    assert referral.friend.phone_number[-4:] in answer.text


async def test_hold_release_and_reject_need_a_reason_and_a_fresh_second_factor(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores
) -> None:
    referral = await refer(shop)
    reward = await the_reward(shop, referral.referrer.user_id)
    path = f"{LIST}/{reward.user_id}/{reward.reward_id}"
    headers, stale = await staff_headers(app, shop), await staff_headers(app, shop, second_factor_at=0)
    body = {"reason": "two accounts of one person"}
    for act, status in (("hold", "held"), ("release", "pending"), ("reject", "cancelled")):
        refused = await client.post(f"{path}/{act}", json=body, headers=stale)
        assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
        wordless = await client.post(f"{path}/{act}", json={"reason": " "}, headers=headers)
        assert wordless.json()["errors"][0]["field"] == "body.reason"
        answer = await client.post(f"{path}/{act}", json=body, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
        again = await client.post(f"{path}/{act}", json=body, headers=headers)
        assert again.status_code == 409, again.text
    unknown = await client.post(f"{LIST}/{new_id()}/{new_id()}/hold", json=body, headers=headers)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "referral_reward_not_found")
