"""Backups over HTTP: asked for, made by a worker, verified, taken by a link once, restored beside what is live, deleted."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.backups import links_service, restore_service
from gencharge.backups.restore_service import Target
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from tests.make.backups import contents_of, databases_of, do_waiting, make_backup
from tests.make.recharge import staff_headers

BACKUPS = "/v1/backups"


@pytest.fixture
async def headers(app: FastAPI, stores: Stores) -> dict[str, str]:
    # What another file of tests made.
    shutil.rmtree(str(stores.settings.backup_dir), ignore_errors=True)
    left = text("UPDATE backup_runs SET status = 'cancelled' WHERE status IN ('waiting', 'running')")
    await stores.database.run(lambda db: db.execute(left))
    return await staff_headers(app, stores, "SuperAdmin")


async def create(client: httpx.AsyncClient, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = await client.post(BACKUPS, headers=headers, json=body)
    assert answer.status_code == 202, answer.text
    backup: dict[str, Any] = answer.json()
    return backup


async def test_a_backup_is_asked_for_followed_verified_and_deleted(
    stores: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    asked = await create(client, headers, description="Before the upgrade")
    path = f"{BACKUPS}/{asked['backup']}"
    assert (asked["status"], asked["size_bytes"], asked["run"]["percent"]) == ("waiting", None, None)
    assert (await client.get(path, headers=headers)).json()["status"] == "waiting"
    second = await client.post(BACKUPS, headers=headers, json={})
    assert second.json()["code"] == "backup_limit_exceeded"
    await do_waiting(stores)
    ready = (await client.get(path, headers=headers)).json()
    assert (ready["status"], ready["description"], ready["tables"]) == ("ready", "Before the upgrade", [])
    assert ready["contents"]["rows"] > 0
    assert ready["run"]["status"] == "succeeded"
    assert "postgres.dump" in {part["name"] for part in ready["parts"]}
    assert ready["verification"] is None
    verifying = await client.post(f"{path}/verify", headers=headers)
    assert verifying.status_code == 202, verifying.text
    again = await client.post(f"{path}/verify", headers=headers)
    assert again.json()["code"] == "backup_run_already_open"
    assert (await client.delete(path, headers=headers)).json()["code"] == "backup_run_already_open"
    before = databases_of(stores.settings)
    await do_waiting(stores)
    assert databases_of(stores.settings) == before
    good = (await client.get(path, headers=headers)).json()
    assert good["verification"]["ok"] is True
    run = (await client.get(f"{BACKUPS}/runs/{verifying.json()['backup_run_id']}", headers=headers)).json()
    assert (run["status"], run["percent"], run["problems"]) == ("succeeded", 100.0, [])
    logs = (await client.get(f"{BACKUPS}/runs/{run['backup_run_id']}/logs", headers=headers)).json()
    assert "ok    all is well" in [line["text"] for line in logs["items"]]
    first = await client.get(
        f"{BACKUPS}/runs/{run['backup_run_id']}/logs", headers=headers, params={"limit": 1}
    )
    rest = {"cursor": first.json()["next_cursor"]}
    others = await client.get(f"{BACKUPS}/runs/{run['backup_run_id']}/logs", headers=headers, params=rest)
    assert first.json()["items"] + others.json()["items"] == logs["items"]
    # It is the only good one.
    assert (await client.delete(path, headers=headers)).json()["code"] == "backup_in_use"
    other = await make_backup(stores.settings)
    assert (await client.delete(f"{BACKUPS}/{other}", headers=headers)).status_code == 204
    assert (await client.get(f"{BACKUPS}/{other}", headers=headers)).status_code == 404


async def test_what_the_command_line_makes_is_in_the_list_and_the_pages_follow_each_other(
    stores: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    own = [await make_backup(stores.settings, description=f"Number {number}") for number in range(3)]
    waiting = (await create(client, headers))["backup"]
    listed: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await client.get(
            BACKUPS, headers=headers, params={"limit": 2} | ({"cursor": cursor} if cursor else {})
        )
        listed += page.json()["items"]
        cursor = page.json()["next_cursor"]
    names = [each["backup"] for each in listed]
    assert names == sorted(names, reverse=True)
    assert {*own, waiting} <= set(names)
    assert len(names) == len(set(names))
    by_name = {each["backup"]: each for each in listed}
    assert by_name[own[0]]["run"] is None
    assert by_name[own[0]]["description"] == "Number 0"
    only = (await client.get(BACKUPS, headers=headers, params={"status": "waiting"})).json()["items"]
    assert [each["backup"] for each in only] == [waiting]


async def test_unknown_tables_are_named(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    refused = await client.post(BACKUPS, headers=headers, json={"tables": ["plans", "planets", "x; DROP"]})
    assert refused.status_code == 422
    [problem] = refused.json()["errors"]
    assert (problem["field"], problem["code"]) == ("body.tables", "backup_tables_invalid")
    assert "planets, x; DROP" in problem["message"]


async def test_chosen_tables_bring_what_they_refer_to(
    stores: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    asked = await create(client, headers, tables=["admins"])
    await do_waiting(stores)
    ready = (await client.get(f"{BACKUPS}/{asked['backup']}", headers=headers)).json()
    assert set(ready["tables"]) >= {"admins", "roles"}
    assert "transfers" not in ready["tables"]


async def test_a_link_is_for_one_download_and_for_ten_minutes(
    stores: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    backup = await make_backup(stores.settings)
    path = f"{BACKUPS}/{backup}/link"
    link = (await client.post(path, headers=headers)).json()
    for changed in (
        link["url"].replace(backup, await make_backup(stores.settings)),
        link["url"][:-1] + ("0" if link["url"][-1] != "0" else "1"),
        link["url"].replace("until=", "until=1"),
        link["url"].replace(link["url"].partition("link_id=")[2][:36], str(new_id())),
    ):
        assert (await client.get(changed)).json()["code"] == "backup_link_not_found"
    taken = await client.get(link["url"])
    assert taken.status_code == 200, taken.text
    assert int(taken.headers["content-length"]) == len(taken.content)
    assert taken.headers["cache-control"] == "no-store"
    assert contents_of(taken.content)["postgres.dump"][:5] == b"PGDMP"
    assert (await client.get(link["url"])).json()["code"] == "backup_link_not_found"
    late = (await client.post(path, headers=headers)).json()
    with clock.at(clock.now() + links_service.LIVES + timedelta(seconds=1)):
        assert (await client.get(late["url"])).json()["code"] == "backup_link_not_found"


async def test_a_link_ends_with_the_rights_of_its_admin(
    stores: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    backup = await make_backup(stores.settings)
    link = (await client.post(f"{BACKUPS}/{backup}/link", headers=headers)).json()
    blocked = text("UPDATE admins SET status = 'blocked' WHERE status = 'active'")
    await stores.database.run(lambda db: db.execute(blocked))
    assert (await client.get(link["url"])).json()["code"] == "backup_link_not_found"
    await stores.database.run(lambda db: db.execute(text("UPDATE admins SET status = 'active'")))


async def test_a_restore_goes_beside_what_is_live(
    stores: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    backup = await make_backup(stores.settings)
    asked = await client.post(f"{BACKUPS}/{backup}/restore", headers=headers)
    assert asked.status_code == 202, asked.text
    database = asked.json()["database"]
    assert database != stores.settings.database_name
    assert database not in databases_of(stores.settings)
    await do_waiting(stores)
    done = (await client.get(f"{BACKUPS}/runs/{asked.json()['backup_run_id']}", headers=headers)).json()
    assert (done["status"], done["problems"], done["failure"]) == ("succeeded", [], None)
    assert database in databases_of(stores.settings)
    await restore_service.drop(stores.settings, Target(database, done["mongo_database"]))


async def test_names_that_lead_elsewhere_are_not_found(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    for name in ("..%2f..%2fetc%2fpasswd", "20261122t000000z-zzzzzzzz", "20261122t000000z-00000000.json"):
        for method, end in (("GET", ""), ("POST", "/verify"), ("POST", "/restore"), ("POST", "/link")):
            answer = await client.request(method, f"{BACKUPS}/{name}{end}", headers=headers)
            assert answer.status_code == 404, (name, end, answer.text)


@pytest.mark.parametrize("role", ["Manager", "Viewer"])
async def test_who_lacks_the_permission_gets_nothing(
    app: FastAPI, stores: Stores, client: httpx.AsyncClient, role: str
) -> None:
    narrow = await staff_headers(app, stores, role)
    backup = await make_backup(stores.settings)
    for method, path in (
        ("GET", ""),
        ("POST", ""),
        ("GET", f"/{backup}"),
        ("POST", f"/{backup}/link"),
        ("POST", f"/{backup}/restore"),
        ("DELETE", f"/{backup}"),
    ):
        answer = await client.request(method, BACKUPS + path, headers=narrow, json={})
        assert answer.status_code in {403, 422}, (path, answer.text)
        assert answer.json()["code"] in {"permission_denied", "validation_failed"}
    assert (await client.get(BACKUPS, headers=narrow)).json()["code"] == "permission_denied"
