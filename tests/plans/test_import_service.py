"""Plans from files: dry runs, bad rows, scope, size."""

from __future__ import annotations

from uuid import uuid4

import httpx
from sqlalchemy import select, text

from gencharge.core.events.events import EventRow
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.plans import import_service, plan_rows, spreadsheet
from gencharge.sessions.guards import Principal
from tests.make.plans import (
    IMPORT,
    body,
    csv_of,
    give,
    row,
    staff,
    state,
)


async def test_a_dry_run_says_what_would_happen_and_the_import_does_it(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_stores: Stores
) -> None:
    old = (await staff_client.post("/v1/plans", json=body(), headers=manager)).json()
    same = (await staff_client.post("/v1/plans", json=body(), headers=manager)).json()
    new = row(description="New", status="active")
    changed = row(plan_id=old["plan_id"], name=old["name"], price="205", description="", status="draft")
    unchanged = row(plan_id=same["plan_id"], name=same["name"], price="199", description="", status="")
    data = csv_of(new, changed, unchanged)
    before = await state(staff_stores)
    dry = (await give(staff_client, manager, b"\xef\xbb\xbf" + data, dry_run=True)).json()
    assert await state(staff_stores) == before
    assert (dry["rows"], dry["created"], dry["updated"], dry["unchanged"]) == (3, 1, 1, 1)
    assert [(item["line"], item["action"]) for item in dry["items"]] == [(2, "created"), (3, "updated")]
    assert dry["items"][0]["plan_id"] is None
    assert dry["items"][1]["changes"] == {"price_paise": {"old": 19900, "new": 20500}}
    done = await staff_client.post(IMPORT, files={"file": ("plans.csv", data, "text/csv")}, headers=manager)
    assert done.status_code == 200, done.text
    report = done.json()
    assert {**report, "items": 0} == {**dry, "dry_run": False, "import_id": report["import_id"], "items": 0}
    created = (
        await staff_client.get(f"/v1/plans/admin/{report['items'][0]['plan_id']}", headers=manager)
    ).json()
    assert (created["name"], created["status"], created["version"], created["price"]) == (
        new["name"],
        "active",
        1,
        199.5,
    )
    updated = (await staff_client.get(f"/v1/plans/admin/{old['plan_id']}", headers=manager)).json()
    assert (updated["price"], updated["version"]) == (205, 2)
    assert [one["price"] for one in updated["versions"]] == [205, 199]
    # The benefits had no column: they stay.
    assert updated["benefits"]["data_per_day_mb"] == 1536
    async with staff_stores.database.transaction() as db:
        rows = list(await db.scalars(select(EventRow).order_by(EventRow.id.desc()).limit(4)))
    assert [one.topic for one in rows] == [
        "PlansImported",
        "PlanUpdated",
        "PlanCreated",
        "ReferenceDataChanged",
    ]
    assert rows[0].payload["created"] == rows[0].payload["updated"] == rows[0].payload["unchanged"] == 1
    assert rows[0].payload["plan_import_id"] == report["import_id"]


async def test_one_bad_row_stops_all_and_every_bad_row_is_named(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_stores: Stores
) -> None:
    old = (await staff_client.post("/v1/plans", json=body(status="active"), headers=manager)).json()
    good = row()
    data = csv_of(
        good | {"active_from": "", "version": ""},
        row(price="1.234", operator="AIRCEL", group="None"),
        row(name=good["name"].upper()),
        row(name=old["name"]),
        row(plan_id=str(new_id())),
        row(plan_id="x"),
        row(plan_id=old["plan_id"], name=old["name"], version="7"),
        row(plan_id=old["plan_id"], name=old["name"], status="draft"),
        row(active_from="tomorrow"),
        row(plan_type="both", validity_count=""),
        row(validity_unit="base_plan", category="data_addon", circles="KA, XX"),
    )
    expected = {
        (3, "price"),
        (3, "group"),
        (4, "name"),
        (5, "name"),
        (6, "plan_id"),
        (7, "plan_id"),
        (8, "version"),
        (9, "plan_id"),
        (10, "active_from"),
        (11, "plan_type"),
        (12, "validity_count"),
        (12, "circles"),
    }
    before = await state(staff_stores)
    dry = await give(staff_client, manager, data, dry_run=True)
    assert dry.status_code == 200
    refused = await give(staff_client, manager, data)
    assert (refused.status_code, refused.json()["code"]) == (422, "plan_import_invalid")
    for answer in (dry, refused):
        bad = answer.json()["bad_rows"]
        assert {(cell["line"], cell["column"]) for cell in bad} == expected
        assert all(cell["message"] and cell["code"] for cell in bad)
    named = {(cell["line"], cell["column"]): cell for cell in dry.json()["bad_rows"]}
    assert named[3, "price"]["value"] == "1.234"
    assert "Unlimited" in named[3, "group"]["message"]
    assert "line 2" in named[4, "name"]["message"]
    assert old["plan_id"] in named[5, "name"]["message"]
    assert named[8, "version"]["message"].endswith("now at version 1")
    assert await state(staff_stores) == before


async def test_a_published_plan_does_not_become_a_draft_by_a_file(
    staff_client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    old = (await staff_client.post("/v1/plans", json=body(status="active"), headers=manager)).json()
    refused = await give(staff_client, manager, csv_of({"plan_id": old["plan_id"], "status": "draft"}))
    assert [(cell["line"], cell["column"]) for cell in refused.json()["bad_rows"]] == [(2, "status")]


async def test_a_manager_of_jio_imports_no_plan_of_airtel(
    staff_client: httpx.AsyncClient, manager: dict[str, str], jio: dict[str, str], staff_stores: Stores
) -> None:
    theirs = (await staff_client.post("/v1/plans", json=body(operator="AIRTEL"), headers=manager)).json()
    ours = (await staff_client.post("/v1/plans", json=body(), headers=manager)).json()
    before = await state(staff_stores)
    data = csv_of(
        row(operator="AIRTEL"),
        {**row(), "plan_id": theirs["plan_id"]},
        {**row(), "plan_id": ours["plan_id"], "operator": "AIRTEL"},
        row(),
    )
    refused = await give(staff_client, jio, data)
    assert {(cell["line"], cell["column"]) for cell in refused.json()["bad_rows"]} == {
        (2, "operator"),
        (3, "plan_id"),
        (4, "operator"),
    }
    assert await state(staff_stores) == before
    assert (await give(staff_client, jio, csv_of(row()))).json()["created"] == 1


async def test_ten_thousand_plans_are_imported_at_once(
    staff_client: httpx.AsyncClient, staff_stores: Stores, staff_settings: Settings
) -> None:
    mark = uuid4().hex
    data = csv_of(*(row(operator="MTNL", name=f"{mark} {number}") for number in range(10_000)))
    admin = Principal(user_id=new_id(), kind="admin", session_id=new_id(), operator_scope=("MTNL",))
    rows = spreadsheet.read(data, plan_rows.COLUMNS)
    done = await staff_stores.database.run(lambda db: import_service.run(db, admin, rows, dry_run=False))
    assert done.created == 10_000
    headers = staff(staff_settings, "Manager", "MTNL")
    listed = await staff_client.get(f"/v1/plans/admin?search={mark}&include_total=true", headers=headers)
    assert listed.json()["total"] == 10_000
    async with staff_stores.database.transaction() as db:
        await db.execute(text("DELETE FROM plans WHERE operator = 'MTNL'"))


async def test_the_answer_about_a_long_file_is_bounded(
    staff_client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    rows = [row(description=f"Plan {number}") for number in range(import_service.MAX_SHOWN + 20)]
    dry = (await give(staff_client, manager, csv_of(*rows), dry_run=True)).json()
    assert (dry["created"], len(dry["items"]), dry["items_left_out"]) == (520, 500, 20)
    assert (dry["bad_rows"], dry["bad_rows_left_out"]) == ([], 0)
    bad = [{**each, "price": "none"} for each in rows]
    dry = (await give(staff_client, manager, csv_of(*bad), dry_run=True)).json()
    assert (len(dry["bad_rows"]), dry["bad_rows_left_out"]) == (500, 20)
    refused = (await give(staff_client, manager, csv_of(*bad), dry_run=False)).json()
    assert (len(refused["bad_rows"]), refused["bad_rows_left_out"]) == (500, 20)
