"""Requests over HTTP: who sees them, and what a decision takes."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from tests.make.approvals import ApprovalCase
from tests.make.factories import headers_for, know_roles, make_admin

NOTE = {"note": "was checked"}


@pytest.fixture
async def case(app: FastAPI, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> ApprovalCase:
    await know_roles(app)
    case = ApprovalCase(stores)
    monkeypatch.setitem(app.state.acts, case.act.name, case.act)
    return case


async def headers_of(case: ApprovalCase, role: str, **claims: object) -> dict[str, str]:
    admin = await case.stores.database.run(lambda db: make_admin(db, role))
    return headers_for(case.stores.settings, admin, role=role, **claims)


async def test_a_request_is_seen_and_decided_by_roles_with_its_permission(
    client: httpx.AsyncClient, case: ApprovalCase
) -> None:
    asked = (await case.ask("bell:1")).answer
    path = f"/v1/approvals/{asked.approval_id}"
    viewer, manager = await headers_of(case, "Viewer"), await headers_of(case, "Manager")
    listed = await client.get(f"/v1/approvals?act={case.act.name}", headers=viewer)
    assert listed.json()["items"] == []
    assert (await client.get(path, headers=viewer)).json()["code"] == "approval_not_found"
    assert (await client.post(f"{path}/approve", headers=viewer, json=NOTE)).status_code == 404
    shown = await client.get(
        f"/v1/approvals?status=pending&act={case.act.name}&include_total=true", headers=manager
    )
    assert (shown.json()["total"], shown.json()["items"][0]["summary"]) == (1, "Ring the bell.")
    assert "payload" not in shown.json()["items"][0]
    approved = await client.post(f"{path}/approve", headers=manager, json=NOTE)
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    assert (await client.get(path, headers=manager)).json() == approved.json()
    again = await client.post(f"{path}/reject", headers=manager, json=NOTE)
    assert (again.status_code, again.json()["code"]) == (409, "approval_already_decided")
    assert again.json()["approval_status"] == "approved"
    assert len(case.done) == 1


@pytest.mark.parametrize("verb", ["approve", "reject", "cancel"])
async def test_a_decision_takes_a_fresh_second_factor_and_a_note(
    client: httpx.AsyncClient, case: ApprovalCase, verb: str
) -> None:
    path = f"/v1/approvals/{(await case.ask('bell:1')).answer.approval_id}/{verb}"
    stale = await headers_of(case, "Manager", second_factor_at=0)
    refused = await client.post(path, headers=stale, json=NOTE)
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
    wordless = await client.post(path, headers=await headers_of(case, "Manager"), json={"note": "ok"})
    assert wordless.status_code == 422
    assert wordless.json()["errors"][0]["field"] == "body.note"
    assert case.done == []


async def test_what_the_act_refuses_is_the_answer(client: httpx.AsyncClient, case: ApprovalCase) -> None:
    path = f"/v1/approvals/{(await case.ask('bell:1')).answer.approval_id}"
    manager = await headers_of(case, "Manager")
    with case.shut():
        refused = await client.post(f"{path}/approve", headers=manager, json=NOTE)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_now")
    assert (await client.get(path, headers=manager)).json()["status"] == "pending"
