"""A customer's code, link, figures and rewards over HTTP; no reason of a hold, no friend's whole number."""

from __future__ import annotations

import httpx

from gencharge.core.stores.stores import Stores
from gencharge.core.values.phone import masked
from tests.make.factories import headers_for, make_user
from tests.make.referrals import (
    follow,
    hold,
    key_of,
    list_rewards,
    paid_referral,
    refer,
    refund,
    with_settings,
)


async def test_the_page_shows_code_link_terms_and_figures(client: httpx.AsyncClient, shop: Stores) -> None:
    referral, _ = await paid_referral(shop)
    second, sale = await paid_referral(shop, referral.referrer)
    await refund(shop, second.friend.user_id, sale)
    await follow(shop, second.friend.user_id)
    await refer(shop, referral.referrer)
    reviewed = await refer(shop, referral.referrer)
    [reward] = [
        row
        for row in await list_rewards(shop, referral.referrer.user_id)
        if row.friend_id == reviewed.friend.user_id
    ]
    await hold(shop, key_of(reward))

    headers = headers_for(shop.settings, referral.referrer)
    answer = await client.get("/v1/referrals/me", headers=headers)
    code = referral.referrer.referral_code
    assert answer.json() == {
        "code": code,
        "link": None,
        "referrer_reward": 50.0,
        "friend_reward": 0.0,
        "minimum_recharge": 0.0,
        "figures": {
            "friends": 4,
            "pending": 1,
            "under_review": 1,
            "earned": 0,
            "paid": 1,
            "reversed": 1,
            "paid_amount": 50.0,
            "coming_amount": 100.0,
            "owed": 0.0,
        },
    }


async def test_the_code_is_eight_characters_that_look_like_no_others(
    client: httpx.AsyncClient, shop: Stores
) -> None:
    user = await shop.database.run(make_user)
    answer = (await client.get("/v1/referrals/me", headers=headers_for(shop.settings, user))).json()
    assert len(answer["code"]) == 8
    assert set(answer["code"]) <= set("23456789ABCDEFGHJKMNPQRSTUVWXYZ")
    assert answer["link"] is None


async def test_my_rewards_are_mine_newest_first_and_page_by_page(
    client: httpx.AsyncClient, shop: Stores
) -> None:
    first, _ = await paid_referral(shop)
    second = await refer(shop, first.referrer)
    await refer(shop)
    headers = headers_for(shop.settings, first.referrer)
    rows, cursor = [], ""
    while cursor is not None:
        params = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/referrals/me/rewards", params=params, headers=headers)).json()
        rows += page["items"]
        cursor = page["next_cursor"]
    assert [(row["friend"], row["status"], row["amount"]) for row in rows] == [
        (masked(second.friend.phone_number), "pending", 50.0),
        (masked(first.friend.phone_number), "paid", 50.0),
    ]


async def test_the_reason_of_a_hold_is_not_shown_to_the_customer(
    client: httpx.AsyncClient, shop: Stores
) -> None:
    referral = await refer(shop)
    await hold(shop, key_of((await list_rewards(shop, referral.referrer.user_id))[0]))
    headers = headers_for(shop.settings, referral.referrer)
    answer = await client.get("/v1/referrals/me/rewards", headers=headers)
    [row] = answer.json()["items"]
    assert row["status"] == "held"
    assert "reason" not in answer.text


async def test_who_was_referred_sees_no_number_of_the_referrer(
    client: httpx.AsyncClient, shop: Stores
) -> None:
    referral = await refer(with_settings(shop, referral_friend_reward_rupees=20))
    answer = await client.get("/v1/referrals/me/rewards", headers=headers_for(shop.settings, referral.friend))
    [row] = answer.json()["items"]
    assert (row["side"], row["friend"], row["amount"]) == ("friend", None, 20.0)
