"""The staff decide on requests for the full tier: with evidence, once, and the limits follow."""

from __future__ import annotations

import httpx

from gencharge.core.stores.stores import Stores
from gencharge.users.models import User
from tests.make.users import Headers, events_of

EVIDENCE = {"evidence": "passport seen in a video call, case K-1042"}


async def ask(http: httpx.AsyncClient, user_headers: Headers) -> str:
    answer = await http.post("/users/me/kyc-requests", headers=user_headers, json={"document": "passport"})
    return str(answer.json()["kyc_request_id"])


async def test_an_approval_raises_the_limits_and_keeps_the_evidence(
    http: httpx.AsyncClient, stores: Stores, user: User, user_headers: Headers, boss: Headers
) -> None:
    before = (await http.get("/wallet", headers=user_headers)).json()["limits"]["balance"]
    request_id = await ask(http, user_headers)
    listed = (await http.get("/users/kyc-requests?limit=100", headers=boss)).json()["items"]
    assert request_id in [item["kyc_request_id"] for item in listed]
    path = f"/users/{user.user_id}/kyc-requests/{request_id}"
    approved = await http.post(f"{path}/approve", headers=boss, json=EVIDENCE)
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    assert (await http.get("/users/me", headers=user_headers)).json()["kyc_tier"] == "full"
    assert (await http.get("/wallet", headers=user_headers)).json()["limits"]["balance"] > before
    [event] = await events_of(stores, user.user_id, "KycRequestDecided")
    assert event["reason"] == EVIDENCE["evidence"]
    [changed] = await events_of(stores, user.user_id, "UserKycTierChanged")
    assert changed["changes"] == {"kyc_tier": {"old": "small", "new": "full"}}
    own = (await http.get(f"/users/me/kyc-requests/{request_id}", headers=user_headers)).json()
    assert own["rejection_reason"] is None
    again = await http.post(f"{path}/reject", headers=boss, json={"reason": "too late"})
    assert (again.status_code, again.json()["code"]) == (409, "kyc_request_already_decided")
    full = await http.post("/users/me/kyc-requests", headers=user_headers, json={"document": "pan"})
    assert (full.status_code, full.json()["code"]) == (409, "kyc_tier_already_set")


async def test_a_rejection_changes_no_limit_and_tells_why(
    http: httpx.AsyncClient, user: User, user_headers: Headers, boss: Headers
) -> None:
    path = f"/users/{user.user_id}/kyc-requests/{await ask(http, user_headers)}"
    for wrong in ({}, {"reason": ""}, {"evidence": "seen"}):
        assert (await http.post(f"{path}/reject", headers=boss, json=wrong)).status_code == 422
    rejected = await http.post(f"{path}/reject", headers=boss, json={"reason": "it has expired"})
    assert rejected.json()["status"] == "rejected"
    own = (await http.get("/users/me/kyc-requests", headers=user_headers)).json()["items"][0]
    assert own["rejection_reason"] == "it has expired"
    assert (await http.get("/users/me", headers=user_headers)).json()["kyc_tier"] == "small"
