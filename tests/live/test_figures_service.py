"""Today's figures reach those who may see them, by one look for all, and nobody after the right to them has ended."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text

from gencharge.core.errors import Problem
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.live.clients import Client
from gencharge.live.figures_service import Watchers
from gencharge.sessions.guards import Gate
from gencharge.sessions.tokens import Principal
from tests.make.analytics import count
from tests.make.money import buy, find_plan, make_customer, make_number


@pytest.fixture
def watchers(shop: Stores) -> Watchers:
    """Nobody watches yet; only managers may."""
    gate = Gate(shop.settings)
    gate.grants = {"Manager": frozenset({"Analytics:read"}), "Clerk": frozenset()}
    return Watchers(shop.settings, gate)


def watch(watchers: Watchers, *scope: str, role: str = "Manager") -> tuple[Client, Principal]:
    admin = Principal(new_id(), "admin", new_id(), role, scope, 3)
    header = f"Bearer {watchers._gate.keys.sign(admin)}".encode()
    return watchers.watch(admin, header), admin


async def sell(shop: Stores, operator: str) -> None:
    customer, number = await make_customer(shop), await make_number(shop, operator)
    plan = await find_plan(shop, operator, 299)
    await buy(shop, customer, number, plan.plan_id)
    await count(shop)


async def seen(client: Client) -> list[dict[str, Any]]:
    """What waits for a client."""
    return [json.loads(message.text) for message in await client.take()] if client.waiting else []


async def test_a_sale_is_shown_once_and_silence_costs_nothing(shop: Stores, watchers: Watchers) -> None:
    client, _ = watch(watchers)
    await watchers.look(shop)
    welcome, first = await seen(client)
    assert (welcome["type"], first["type"]) == ("welcome", "figures")
    await watchers.look(shop)
    assert await seen(client) == []
    await sell(shop, "JIO")
    await watchers.look(shop)
    (after,) = await seen(client)
    assert after["total"]["delivered"] == first["total"]["delivered"] + 1
    assert round(after["total"]["paid"] - first["total"]["paid"], 2) == 299.00


async def test_one_look_serves_everybody_each_within_their_operators(
    shop: Stores, watchers: Watchers
) -> None:
    await sell(shop, "JIO")
    everything, _ = watch(watchers)
    vi, _ = watch(watchers, "VI")
    again = [watch(watchers)[0] for _ in range(20)]
    await watchers.look(shop)
    assert watchers.looks == 1
    whole, part = (await seen(everything))[-1], (await seen(vi))[-1]
    assert "JIO" in [each["operator"] for each in whole["operators"]]
    assert {each["operator"] for each in part["operators"]} <= {"VI"}
    assert part["total"]["sold"] < whole["total"]["sold"]
    assert part["others"] is None
    assert whole["others"]["sign_ups"] >= 0
    for client in again:
        assert (await seen(client))[-1] == whole


async def test_nobody_watches_and_nothing_is_read(shop: Stores, watchers: Watchers) -> None:
    await watchers.look(shop)
    client, _ = watch(watchers)
    watchers.leave(client)
    await watchers.look(shop)
    assert watchers.looks == 0


async def _end(client: Client) -> Problem | None:
    assert client.ended
    return client.problem


async def test_who_loses_the_permission_the_session_or_the_token_sees_no_more(
    shop: Stores, watchers: Watchers
) -> None:
    (demoted, _), (revoked, admin), (expired, _) = (watch(watchers, role="Manager") for _ in range(3))
    await watchers.look(shop)
    watchers._gate.end([admin.session_id])
    problem = await _end(revoked)
    assert problem is not None
    assert problem.code() == "session_ended"
    expired.expires_at = 0.0
    await watchers.look(shop)
    problem = await _end(expired)
    assert problem is not None
    assert problem.code() == "access_token_expired"
    assert not demoted.ended
    watchers._gate.grants = {"Manager": frozenset()}
    before = watchers.looks
    await watchers.look(shop)
    problem = await _end(demoted)
    assert problem is not None
    assert problem.code() == "permission_denied"
    assert watchers.looks == before, "for nobody nothing is read"


async def test_sign_ups_and_top_ups_of_today_are_counted(shop: Stores, watchers: Watchers) -> None:
    async def add(db: Any) -> None:
        await db.execute(
            text(
                "INSERT INTO users (user_id, phone_number, referral_code, created_at) VALUES"
                " (gen_random_uuid(), '+919812345670', 'TODAY001', now()),"
                " (gen_random_uuid(), '+919812345671', 'PAST0001', now() - interval '2 days')"
            )
        )
        await db.execute(
            text(
                "INSERT INTO payments (user_id, payment_id, purpose, amount, method, source, status, gateway, idempotency_key,"
                " request_hash, created_at, updated_at) SELECT gen_random_uuid(), gen_random_uuid(), purpose, 50000, 'upi', 'app',"
                " status, 'razorpay', 'k', 'h', now(), now() FROM (VALUES ('topup', 'captured'), ('topup', 'failed'),"
                " ('recharge', 'captured')) AS given (purpose, status)"
            )
        )

    client, _ = watch(watchers)
    await watchers.look(shop)
    before = (await seen(client))[-1]["others"]
    await shop.database.run(add)
    watchers._others_at = -100.0
    await watchers.look(shop)
    after = (await seen(client))[-1]["others"]
    assert after["sign_ups"] == before["sign_ups"] + 1
    assert after["topups"] == before["topups"] + 1
    assert round(after["topped_up"] - before["topped_up"], 2) == 500.00
