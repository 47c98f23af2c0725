"""The staff's routes of customers."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.operators import service as operators
from gencharge.sessions.gate import Gate
from gencharge.users.models import User
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.make import factories
from tests.make.users import Headers, events_of

WHY = {"reason": "Asked for by the police, FIR 12/26"}


@pytest.mark.parametrize(
    "query",
    [
        "status=archived", "status=gone", "limit=0", "limit=101", "sort=email", "phone_number=12", "email=x",
        "from=2026-02-01&to=2026-01-01", "from=0001-01-01", "to=9999-12-31", "search=%00",
        "search=", "unknown=1", "include_total=true", "cursor=zzz", "registered=perhaps",
    ],
)  # fmt: skip
async def test_a_wrong_query_is_refused(http: httpx.AsyncClient, boss: Headers, query: str) -> None:
    answer = await http.get(f"/users?{query}", headers=boss)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]


async def test_block_and_unblock_move_one_way_each(
    http: httpx.AsyncClient, stores: Stores, user: User, user_headers: Headers, boss: Headers
) -> None:
    path = f"/users/{user.user_id}"
    early = await http.post(f"{path}/unblock", headers=boss, json=WHY)
    assert (early.status_code, early.json()["code"]) == (409, "user_not_blocked")
    assert early.json()["user_status"] == "active"
    blocked = await http.post(f"{path}/block", headers=boss, json=WHY)
    assert blocked.status_code == 200, blocked.text
    assert (blocked.json()["status"], blocked.json()["status_reason"]) == ("blocked", WHY["reason"])
    assert (await http.get("/users/me", headers=user_headers)).json()["code"] == "session_ended"
    for verb, code in (
        ("block", "user_not_active"),
        ("deactivate", "user_not_active"),
        ("reactivate", "user_not_deactivated"),
    ):
        again = await http.post(f"{path}/{verb}", headers=boss, json=WHY)
        assert (again.status_code, again.json()["code"]) == (409, code)
        assert "blocked" in again.json()["detail"]
    assert (await http.post(f"{path}/unblock", headers=boss, json=WHY)).json()["status"] == "active"
    (event,) = await events_of(stores, user.user_id, "UserBlocked")
    assert (event["reason"], event["changes"]) == (
        WHY["reason"],
        {"status": {"old": "active", "new": "blocked"}},
    )
    assert len(await events_of(stores, user.user_id, "UserUnblocked")) == 1


async def test_deactivate_and_reactivate(
    http: httpx.AsyncClient, stores: Stores, user: User, boss: Headers
) -> None:
    path = f"/users/{user.user_id}"
    assert (await http.post(f"{path}/deactivate", headers=boss, json=WHY)).json()["status"] == "deactivated"
    assert (await http.post(f"{path}/block", headers=boss, json=WHY)).status_code == 409
    assert (await http.post(f"{path}/reactivate", headers=boss, json=WHY)).json()["status"] == "active"
    for wrong in ({}, {"reason": ""}, {"reason": "a\x00b"}, {"reason": "x" * 301}):
        assert (await http.post(f"{path}/deactivate", headers=boss, json=wrong)).status_code == 422
    assert (await http.post(f"/users/{new_id()}/block", headers=boss, json=WHY)).status_code == 404


@pytest.mark.parametrize("verb", ["block", "deactivate"])
async def test_of_two_admins_at_once_one_succeeds(
    http: httpx.AsyncClient, stores: Stores, user: User, boss: Headers, verb: str
) -> None:
    path = f"/users/{user.user_id}/{verb}"
    answers = await asyncio.gather(*(http.post(path, headers=boss, json=WHY) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 7}
    topic = {"block": "UserBlocked", "deactivate": "UserDeactivated"}[verb]
    assert len(await events_of(stores, user.user_id, topic)) == 1


async def test_an_archived_user_is_gone_for_good_and_seen_by_the_staff(
    http: httpx.AsyncClient, stores: Stores, user: User, user_headers: Headers, boss: Headers
) -> None:
    path = f"/users/{user.user_id}"
    assert (await http.delete(f"{path}?reason=Fraud%20desk", headers=boss)).status_code == 204
    assert (await http.get("/users/me", headers=user_headers)).status_code == 401
    again = await http.delete(path, headers=boss)
    assert (again.status_code, again.json()["code"]) == (409, "user_already_archived")
    for answer in (
        await http.patch(path, headers=boss, json={"name": "Somebody"}),
        await http.post(f"{path}/switch-type", headers=boss, json={"user_type": "postpaid"}),
        await http.put(f"{path}/kyc-tier", headers=boss, json={"tier": "full", **WHY}),
        await http.post(f"{path}/block", headers=boss, json=WHY),
    ):
        assert answer.status_code == 409, answer.text
    detail = (await http.get(path, headers=boss)).json()
    assert (detail["status"], detail["status_reason"], detail["erased_at"]) == (
        "archived",
        "Fraud desk",
        None,
    )
    archived = (await http.get(f"/users/archived?phone_number={user.phone_number[1:]}", headers=boss)).json()
    (shown,) = archived["items"]
    assert (shown["user_id"], shown["reason"], shown["name"]) == (
        str(user.user_id),
        "Fraud desk",
        "Asha Rao",
    )
    assert shown["archived_by"] != str(user.user_id)
    (event,) = await events_of(stores, user.user_id, "UserArchived")
    assert event["erase_after"] > shown["archived_at"]


async def test_the_detail_shows_connections_sessions_and_wallet_and_no_token(
    http: httpx.AsyncClient, shop: Stores, user: User, user_headers: Headers, boss: Headers
) -> None:
    async def unit(db: Any) -> None:
        await operators.remember(
            db, user.phone_number, user.user_id, operator="VI", circle="MH", service_type="prepaid"
        )
        await wallet.credit(
            db, user.user_id, Money(12_050), source_account=Account.OPENING, code=Code.OPENING, key="o"
        )

    await shop.database.run(unit)
    detail = (await http.get(f"/users/{user.user_id}", headers=boss)).json()
    rooms = detail["rooms"]
    assert (detail["email"], rooms["wallet"]) == (user.email, {"balance": 120.5, "held": 0.0})
    assert [one["operator"] for one in rooms["connections"]] == ["VI"]
    (session,) = rooms["sessions"]
    assert session["device"] == "tests"
    assert not {name for name in session if "token" in name}
    assert (await http.get(f"/users/{new_id()}", headers=boss)).json()["code"] == "user_not_found"


async def test_the_staff_changes_name_type_and_tier(
    http: httpx.AsyncClient, stores: Stores, user: User, boss: Headers
) -> None:
    path = f"/users/{user.user_id}"
    changed = await http.patch(path, headers=boss, json={"name": "Mira Das"})
    assert (changed.json()["name"], changed.json()["email"]) == ("Mira Das", user.email)
    assert "Mira" not in str(await events_of(stores, user.user_id, "UserUpdated"))
    switched = await http.post(f"{path}/switch-type", headers=boss, json={"user_type": "postpaid"})
    assert switched.json()["user_type"] == "postpaid"
    tier = await http.put(f"{path}/kyc-tier", headers=boss, json={"tier": "full", **WHY})
    assert tier.json()["kyc_tier"] == "full"
    (event,) = await events_of(stores, user.user_id, "UserKycTierChanged")
    assert event["changes"] == {"kyc_tier": {"old": "small", "new": "full"}}
    assert (await http.patch(path, headers=boss, json={})).status_code == 422


async def test_the_tier_needs_a_second_factor_given_just_now(
    http: httpx.AsyncClient, stores: Stores, user: User
) -> None:
    admin = await stores.database.run(factories.make_admin)
    headers = factories.headers_for(stores.settings, admin, second_factor_at=0)
    refused = await http.put(f"/users/{user.user_id}/kyc-tier", headers=headers, json={"tier": "full", **WHY})
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")


async def test_who_may_what(
    app: FastAPI,
    http: httpx.AsyncClient,
    stores: Stores,
    user: User,
    user_headers: Headers,
    boss: Headers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    admin = await stores.database.run(factories.make_admin)
    gate = Gate.of(app)
    monkeypatch.setattr(gate, "grants", {**gate.grants, "Reader": frozenset({"Users:read"})})
    reader = factories.headers_for(stores.settings, admin, role="Reader")
    scoped = factories.headers_for(stores.settings, admin, operator_scope=("JIO",))
    path = f"/users/{user.user_id}"
    asked = [
        ("GET", "/users", None), ("GET", "/users/archived", None), ("GET", path, None),
        ("GET", f"{path}/export", None), ("PATCH", path, {"name": "Mira"}), ("DELETE", path, None),
        ("POST", f"{path}/block", WHY), ("POST", f"{path}/unblock", WHY), ("POST", f"{path}/deactivate", WHY),
        ("POST", f"{path}/reactivate", WHY), ("POST", f"{path}/switch-type", {"user_type": "postpaid"}),
        ("PUT", f"{path}/kyc-tier", {"tier": "full", **WHY}),
    ]  # fmt: skip
    for method, where, body in asked:
        codes = [
            (await http.request(method, where, headers=headers, json=body)).json().get("code")
            for headers in ({}, user_headers, scoped)
        ]
        assert codes == ["not_signed_in", "admins_only", "operator_scope_too_narrow"], (method, where)
        answer = await http.request(method, where, headers=reader, json=body)
        if method == "GET" and not where.endswith("/export"):
            assert answer.status_code == 200, (where, answer.text)
        else:
            assert answer.json()["code"] == "permission_denied", (method, where)
    assert (await http.get(path, headers=reader)).json()["status"] == "active"
