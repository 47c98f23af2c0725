"""Payouts of the staff over HTTP."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from tests.make.payouts import UPI, payout_of
from tests.make.recharge import staff_headers
from tests.payouts.test_staff_service import make_stranded, utr_of


async def test_an_admin_sends_one_and_settles_another(
    api: httpx.AsyncClient, app: FastAPI, stores: Stores
) -> None:
    headers = await staff_headers(app, stores)
    (user_id, payout_id), (other, by_hand) = await make_stranded(stores), await make_stranded(stores)
    listed = await api.get("/v1/payouts/admin", headers=headers, params={"status": "needs_payee"})
    assert listed.status_code == 200, listed.text
    assert {str(payout_id), str(by_hand)} <= {item["payout_id"] for item in listed.json()["items"]}
    put = await api.put(
        f"/v1/payouts/admin/{user_id}/{payout_id}/payee", headers=headers, json={**UPI, "reason": "letter"}
    )
    assert (put.status_code, put.json()["status"]) == (200, "due")
    settled = await api.post(
        f"/v1/payouts/admin/{other}/{by_hand}/settle",
        headers=headers,
        json={"utr": utr_of(by_hand), "reason": "NEFT, ticket 4711"},
    )
    assert (settled.status_code, settled.json()["utr"]) == (200, utr_of(by_hand))


async def test_above_a_sum_it_is_settled_once_a_second_admin_has_approved_it(
    api: httpx.AsyncClient, app: FastAPI, stores: Stores
) -> None:
    headers, second = await staff_headers(app, stores), await staff_headers(app, stores)
    user_id, payout_id = await make_stranded(stores, 501)
    waits = await api.post(
        f"/v1/payouts/admin/{user_id}/{payout_id}/settle",
        headers=headers,
        json={"utr": utr_of(payout_id), "reason": "NEFT, ticket 4711"},
    )
    assert (waits.status_code, waits.json()["act"]) == (202, "settle_payout")
    assert (await payout_of(stores, user_id)).status == "needs_payee"
    decision = f"/v1/approvals/{waits.json()['approval_id']}/approve"
    own = await api.post(decision, headers=headers, json={"note": "was checked"})
    assert (own.status_code, own.json()["code"]) == (403, "approval_second_admin_required")
    agreed = await api.post(decision, headers=second, json={"note": "was checked"})
    assert agreed.status_code == 200, agreed.text
    payout = await payout_of(stores, user_id)
    assert (payout.status, payout.utr) == ("paid", utr_of(payout_id))


async def test_above_a_sum_the_payout_goes_once_a_second_admin_has_approved_it(
    api: httpx.AsyncClient, app: FastAPI, stores: Stores
) -> None:
    headers, second = await staff_headers(app, stores), await staff_headers(app, stores)
    user_id, payout_id = await make_stranded(stores, 501)
    waits = await api.put(
        f"/v1/payouts/admin/{user_id}/{payout_id}/payee", headers=headers, json={**UPI, "reason": "letter"}
    )
    assert (waits.status_code, waits.json()["act"]) == (202, "send_payout")
    decision = f"/v1/approvals/{waits.json()['approval_id']}/approve"
    own = await api.post(decision, headers=headers, json={"note": "was checked"})
    assert (own.status_code, own.json()["code"]) == (403, "approval_second_admin_required")
    assert (await payout_of(stores, user_id)).status == "needs_payee"
    agreed = await api.post(decision, headers=second, json={"note": "was checked"})
    assert agreed.status_code == 200, agreed.text
    assert (await payout_of(stores, user_id)).status == "due"


async def test_a_reference_that_no_bank_gives_is_refused(
    api: httpx.AsyncClient, app: FastAPI, stores: Stores
) -> None:
    headers = await staff_headers(app, stores)
    user_id, payout_id = await make_stranded(stores)
    refused = await api.post(
        f"/v1/payouts/admin/{user_id}/{payout_id}/settle",
        headers=headers,
        json={"utr": "paid", "reason": "really"},
    )
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body.utr")


async def test_who_is_limited_to_an_operator_sees_no_balances(
    api: httpx.AsyncClient, app: FastAPI, stores: Stores
) -> None:
    headers = await staff_headers(app, stores, operators=["JIO"], operator_scope=("JIO",))
    assert (await api.get("/v1/payouts/admin", headers=headers)).status_code == 403
