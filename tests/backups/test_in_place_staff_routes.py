"""A restore in place over HTTP: the id typed again, a step-up, a second admin, everything closed while it lasts, all sessions ended."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.backups import service
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.sessions.guards import Gate
from tests.make.backups import databases_of, do_waiting, make_backup, mark, marks
from tests.make.processes import another_process, seconds_until
from tests.make.recharge import staff_headers

BACKUPS = "/v1/backups"


def in_place(backup_id: str, **overrides: Any) -> dict[str, Any]:
    return {"in_place": True, "confirm": backup_id, "reason": "Books were corrupted"} | overrides


async def test_a_backup_takes_the_place_of_what_is_live_after_two_admins_said_so(live: Settings) -> None:
    async with another_process(live) as (app, client):
        stores: Stores = app.state.stores
        one, other = [await staff_headers(app, stores, "SuperAdmin") for _ in range(2)]
        backup_id = await make_backup(live)
        mark(live, "written since")
        path = f"{BACKUPS}/{backup_id}/restore"
        asked = await client.post(path, headers=one, json=in_place(backup_id))
        assert asked.status_code == 202, asked.text
        assert (asked.json()["act"], asked.json()["status"]) == ("restore_backup", "pending")
        again = await client.post(path, headers=other, json=in_place(backup_id))
        assert again.json()["code"] == "approval_already_pending"
        approve, note = f"/v1/approvals/{asked.json()['approval_id']}/approve", {"note": "Agreed by phone"}
        own = await client.post(approve, headers=one, json=note)
        assert own.json()["code"] == "approval_second_admin_required"
        assert marks(live) == ("written since", "written since")
        agreed = await client.post(approve, headers=other, json=note)
        assert agreed.status_code == 200, agreed.text
        [run] = (await client.get(f"{BACKUPS}/runs", headers=one)).json()["items"]
        assert (run["kind"], run["status"]) == ("restore_in_place", "waiting")

        closed = 0
        worker = Stores.open(live, name="restore")
        working = asyncio.create_task(do_waiting(worker))
        while not working.done():
            answer = await client.get("/v1/operators")
            assert answer.status_code in {200, 503}, answer.text
            closed += answer.status_code == 503 and answer.json()["code"] == "maintenance"
            await asyncio.sleep(0.05)
        await working
        await worker.close()
        assert closed, "it was open all the while"

        async def refused() -> bool:
            answer = await client.get(BACKUPS, headers=one)
            return answer.status_code == 401 and answer.json()["code"] == "session_ended"

        await seconds_until(refused, at_most=8.0)
        assert marks(live) == ("backed up", "backed up")
        assert app.state.stores is not stores
        await _what_the_staff_see_then(app, client, live, run["backup_run_id"])


async def _what_the_staff_see_then(
    app: FastAPI, client: httpx.AsyncClient, live: Settings, run_id: str
) -> None:
    await asyncio.sleep(1.5)  # tokens are dated in whole seconds
    headers = await staff_headers(app, app.state.stores, "SuperAdmin")
    run = (await client.get(f"{BACKUPS}/runs/{run_id}", headers=headers)).json()
    assert (run["status"], run["failure"]) == ("succeeded", None)
    [copy] = (await client.get(f"{BACKUPS}/databases", headers=headers)).json()["items"]
    assert copy["purpose"] == "before"
    assert marks(live, copy["database"], copy["mongo_database"]) == ("written since", "written since")
    newest = (await service.list_backups(live))[0]
    assert newest.verified_ok, "the safety backup"
    path = f"{BACKUPS}/databases/{copy['database']}"
    assert (await client.delete(path, headers=headers)).status_code == 204
    assert copy["database"] not in databases_of(live)
    gone = await client.delete(path, headers=headers)
    assert gone.json()["code"] == "backup_database_not_found"
    own = await client.delete(f"{BACKUPS}/databases/{live.database_name}", headers=headers)
    assert own.json()["code"] == "backup_database_not_found"


async def test_what_is_typed_must_be_the_id_of_the_backup(
    app: FastAPI, stores: Stores, client: httpx.AsyncClient
) -> None:
    headers = await staff_headers(app, stores, "SuperAdmin")
    backup_id, newer = await make_backup(stores.settings), await make_backup(stores.settings)
    path = f"{BACKUPS}/{backup_id}/restore"
    for confirm in ("", newer, backup_id.upper()):
        refused = await client.post(path, headers=headers, json=in_place(backup_id, confirm=confirm))
        assert refused.status_code == 422, refused.text
        assert refused.json()["code"] == "backup_confirmation_mismatch"
        assert refused.json()["errors"][0]["field"] == "body.confirm"
    hindi = {**headers, "Accept-Language": "hi"}
    problem = (await client.post(path, headers=hindi, json=in_place(backup_id, confirm="x"))).json()
    assert backup_id in problem["errors"][0]["message"]
    assert "बैकअप" in problem["errors"][0]["message"]
    waiting = (await client.get("/v1/approvals", headers=headers)).json()["items"]
    assert waiting == []


async def test_without_a_fresh_second_factor_nobody_asks(
    app: FastAPI, stores: Stores, client: httpx.AsyncClient
) -> None:
    headers = await staff_headers(app, stores, "SuperAdmin")
    backup_id = await make_backup(stores.settings)
    gate, seconds = Gate.of(app), Gate.of(app).step_up_seconds
    gate.step_up_seconds = -1
    try:
        refused = await client.post(
            f"{BACKUPS}/{backup_id}/restore", headers=headers, json=in_place(backup_id)
        )
    finally:
        gate.step_up_seconds = seconds
    assert refused.json()["code"] == "step_up_required"


@pytest.mark.parametrize("role", ["Manager", "Viewer"])
async def test_who_lacks_the_permission_asks_for_nothing_and_decides_on_nothing(
    app: FastAPI, stores: Stores, client: httpx.AsyncClient, role: str
) -> None:
    backup_id = await make_backup(stores.settings)
    boss, narrow = await staff_headers(app, stores, "SuperAdmin"), await staff_headers(app, stores, role)
    path = f"{BACKUPS}/{backup_id}/restore"
    assert (await client.post(path, headers=narrow, json=in_place(backup_id))).status_code == 403
    asked = await client.post(path, headers=boss, json=in_place(backup_id))
    approve = f"/v1/approvals/{asked.json()['approval_id']}/approve"
    refused = await client.post(approve, headers=narrow, json={"note": "Fine by me"})
    assert refused.status_code == 404
    for method, end in (("GET", ""), ("DELETE", "/gencharge_before_20261122t000000z")):
        answer = await client.request(method, f"{BACKUPS}/databases{end}", headers=narrow)
        assert answer.status_code == 403


async def test_with_too_many_databases_none_is_added(
    app: FastAPI, stores: Stores, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await staff_headers(app, stores, "SuperAdmin")
    backup_id = await make_backup(stores.settings)

    async def many(_settings: Settings) -> list[None]:
        return [None] * stores.settings.backup_databases_at_most

    monkeypatch.setattr("gencharge.backups.copies_service.list_copies", many)
    refused = await client.post(f"{BACKUPS}/{backup_id}/restore", headers=headers)
    assert refused.json()["code"] == "backup_database_limit_exceeded"
    runs = await stores.database.run(
        lambda db: db.execute(text("SELECT count(*) FROM backup_runs WHERE status = 'waiting'"))
    )
    assert runs.scalar_one() == 0
